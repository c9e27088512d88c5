-- What: a close whose files never got out is taken back; its run goes on, or is replaced by the next attempt.
-- Grain: one row, the run that was closing; none if no close of that date is under way.
-- Takes: as_of.
-- Used by: dunning.gateways.store.closing.CLOSE
UPDATE dunning.runs
SET state = 'running', manifest_sha256 = NULL
WHERE as_of = :as_of AND state = 'closing'
