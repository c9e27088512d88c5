-- What: marks what an earlier attempt of the same kind left running for a date as failed.
-- Grain: one row per run.
-- Takes: as_of, is_recording.
-- Used by: dunning.gateways.store.runs.start_run
UPDATE dunning.runs
SET state = 'failed', finished_at = now()
WHERE as_of = :as_of AND is_recording = :is_recording AND state = 'running'
