-- What: the books of a date are closed.
-- Grain: one row, the run that was closing; none if no close of that date is under way.
-- Takes: as_of.
-- Used by: dunning.gateways.store.closing.CLOSE
UPDATE dunning.runs
SET state = 'closed', finished_at = now()
WHERE as_of = :as_of AND state = 'closing'
