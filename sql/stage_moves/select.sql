-- What: who moved between stages on a date.
-- Grain: one row per pair of stages.
-- Takes: as_of.
-- Used by: dunning.gateways.store.figures.fetch_stage_moves
SELECT from_stage, to_stage, accounts, open_cents
FROM dunning.stage_moves
WHERE as_of = :as_of
ORDER BY from_stage, to_stage
