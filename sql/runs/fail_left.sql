-- What: marks every run that was left running as failed.
-- Grain: one row per run.
-- Takes: nothing.
-- Used by: dunning.gateways.store.runs.fail_left_runs
UPDATE dunning.runs
SET state = 'failed', finished_at = now()
WHERE state = 'running'
