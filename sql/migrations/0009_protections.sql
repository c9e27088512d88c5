-- What of a ledger protects people: of each run how many rows carried it, and where a person said that less of it is right.

-- column_name: empty for the table's rows; else row_count is how many of them carry that protecting column.
-- Grain: one row per run and ledger table, and per protecting column of it; no row where it was not there.
ALTER TABLE dunning.table_sizes ADD COLUMN column_name text NOT NULL DEFAULT '';
ALTER TABLE dunning.table_sizes DROP CONSTRAINT table_sizes_pkey;
ALTER TABLE dunning.table_sizes ADD PRIMARY KEY (run_id, table_name, column_name);

-- Grain: one row per run and table that a person accepts as it is, missing or shrunk. table_name: as `payers`, or one
-- column of it, as `payers.vulnerable`.
CREATE TABLE dunning.accepted_shrinks (
    run_id bigint NOT NULL REFERENCES dunning.runs,
    table_name text NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, table_name)
);

CREATE FUNCTION dunning.keep_accepted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was accepted of a date is recorded once and stays: % refused', TG_OP;
END
$$;
CREATE TRIGGER keep_accepted BEFORE UPDATE OR DELETE ON dunning.accepted_shrinks
    FOR EACH ROW EXECUTE FUNCTION dunning.keep_accepted();
