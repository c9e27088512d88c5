-- What: the figures of closed dates.
-- Grain: one row per date, kind and name.
-- Takes: since (counts), before (does not).
-- Used by: dunning.gateways.store.figures.fetch_figures
SELECT figure.as_of, figure.kind, figure.name, figure.row_count, figure.cents
FROM dunning.figures AS figure
JOIN dunning.runs AS run ON run.as_of = figure.as_of AND run.state = 'closed'
WHERE figure.as_of >= :since AND figure.as_of < :before
ORDER BY figure.as_of, figure.kind, figure.name
