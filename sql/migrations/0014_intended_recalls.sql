-- A recall is intended before its kill list is published, and recorded after, as everything else that leaves.

-- Grain: one row per recall under way; none once it is recorded or taken back. premises, payers: the accounts that it takes
-- back, place by place; null for all that are out.
CREATE TABLE dunning.intended_recalls (
    event_no bigint PRIMARY KEY,
    as_of date NOT NULL,
    list_name text NOT NULL,
    recalled_by text NOT NULL,
    reason text NOT NULL,
    row_count bigint NOT NULL,
    out text NOT NULL,
    manifest_sha256 text NOT NULL,
    premises text[],
    payers text[],
    FOREIGN KEY (as_of, list_name) REFERENCES dunning.releases
);
