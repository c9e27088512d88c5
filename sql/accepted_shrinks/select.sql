-- What: the protecting tables of a run that a person accepts as they are, and why.
-- Grain: one row per table.
-- Takes: run_id.
-- Used by: dunning.gateways.store.inputs.fetch_accepted
SELECT table_name, reason
FROM dunning.accepted_shrinks
WHERE run_id = :run_id
ORDER BY table_name COLLATE "C"
