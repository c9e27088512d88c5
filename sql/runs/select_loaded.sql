-- What: the runs that had loaded a ledger, and how each went on.
-- Grain: one row per run.
-- Takes: nothing.
-- Used by: dunning.gateways.store.runs.fetch_loaded_runs
SELECT run_id, as_of, state, is_recording, snapshot_name
FROM dunning.runs
WHERE snapshot_name IS NOT NULL
ORDER BY run_id
