-- The policy files that a run used, by content, and how large the ledger's tables were.

CREATE TABLE dunning.policy_files (
    sha256 text PRIMARY KEY CHECK (sha256 = encode(sha256(content), 'hex')),
    content bytea NOT NULL
);

-- Grain: one row per run and policy file.
CREATE TABLE dunning.run_policies (
    run_id bigint NOT NULL REFERENCES dunning.runs,
    name text NOT NULL,
    sha256 text NOT NULL REFERENCES dunning.policy_files,
    PRIMARY KEY (run_id, name)
);

-- Grain: one row per run and ledger table; no row where the table was not there.
CREATE TABLE dunning.table_sizes (
    run_id bigint NOT NULL REFERENCES dunning.runs,
    table_name text NOT NULL,
    row_count bigint NOT NULL,
    PRIMARY KEY (run_id, table_name)
);
