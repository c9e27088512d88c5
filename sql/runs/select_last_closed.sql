-- What: the last date whose books are closed, or null.
-- Grain: one row.
-- Takes: nothing.
-- Used by: dunning.gateways.store.runs.last_closed_on
SELECT max(as_of) AS closed_on
FROM dunning.runs
WHERE state = 'closed'
