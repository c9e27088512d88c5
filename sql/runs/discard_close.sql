-- What: a close whose files never got out is given up.
-- Grain: one row, the run that was closing; none if no close of that date is under way.
-- Takes: as_of.
-- Used by: dunning.gateways.store.closing.discard_close
UPDATE dunning.runs
SET state = 'failed', finished_at = now()
WHERE as_of = :as_of AND state = 'closing'
RETURNING run_id
