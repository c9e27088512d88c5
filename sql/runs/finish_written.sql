-- What: ends a run that wrote its files and records nothing.
-- Grain: one row, the run.
-- Takes: run_id, manifest_sha256.
-- Used by: dunning.gateways.store.runs.finish_run
UPDATE dunning.runs
SET state = 'written', manifest_sha256 = :manifest_sha256, finished_at = now()
WHERE run_id = :run_id AND state = 'running'
RETURNING run_id
