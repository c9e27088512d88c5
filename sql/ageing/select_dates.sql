-- What: the dates that have an ageing, ascending.
-- Grain: one row per date.
-- Takes: nothing.
-- Used by: dunning.gateways.store.figures.fetch_ageing_dates
SELECT run.as_of
FROM dunning.runs AS run
WHERE run.state = 'closed' AND EXISTS (SELECT FROM dunning.ageing WHERE ageing.as_of = run.as_of)
ORDER BY run.as_of
