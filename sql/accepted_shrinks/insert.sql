-- What: keeps that a person accepts a protecting table of a run as it is, and why.
-- Grain: one row per run and table.
-- Takes: run_id, table_name, reason.
-- Used by: dunning.gateways.store.inputs.store_accepted
INSERT INTO dunning.accepted_shrinks (run_id, table_name, reason)
VALUES (:run_id, :table_name, :reason)
