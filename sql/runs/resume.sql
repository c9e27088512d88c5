-- What: a run that failed goes on where no later attempt for its date has begun.
-- Grain: one row, the run, or none.
-- Takes: run_id.
-- Used by: dunning.gateways.store.runs.resume_run
UPDATE dunning.runs AS this
SET state = 'running', finished_at = NULL
WHERE this.run_id = :run_id AND this.state = 'failed' AND NOT EXISTS (
    SELECT FROM dunning.runs AS later
    WHERE later.as_of = this.as_of AND later.is_recording = this.is_recording AND later.run_id > this.run_id
)
