-- What: how many accounts stand in a stage on a date, and what they owe.
-- Grain: one row.
-- Takes: as_of, stage.
-- Used by: dunning.gateways.store.decisions.count_stage
SELECT count(*) AS accounts, COALESCE(sum(open_cents), 0) AS open_cents
FROM dunning.decisions
WHERE as_of = :as_of AND stage = :stage
