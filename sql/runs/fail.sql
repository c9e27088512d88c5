-- What: ends a run that failed before it began to close the books.
-- Grain: one row, the run; none if it has ended or is closing.
-- Takes: run_id.
-- Used by: dunning.gateways.store.runs.fail_run
UPDATE dunning.runs
SET state = 'failed', finished_at = now()
WHERE run_id = :run_id AND state = 'running'
