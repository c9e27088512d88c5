-- What: the last closed dates, the newest first.
-- Grain: one row per date.
-- Takes: limit.
-- Used by: dunning.gateways.store.runs.fetch_closed_dates
SELECT as_of
FROM dunning.runs
WHERE state = 'closed'
ORDER BY as_of DESC
LIMIT :limit
