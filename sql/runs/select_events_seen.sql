-- What: the last event that the newest books closed for a day, or for one before it, knew of.
-- Grain: one row, or none.
-- Takes: as_of.
-- Used by: dunning.gateways.store.runs.fetch_events_seen
SELECT events_seen
FROM dunning.runs
WHERE state = 'closed' AND as_of <= :as_of
ORDER BY as_of DESC
LIMIT 1
