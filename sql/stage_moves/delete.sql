-- What: empties a date's moves.
-- Grain: one row per pair of stages.
-- Takes: as_of.
-- Used by: dunning.gateways.store.figures.replace_stage_moves
DELETE FROM dunning.stage_moves WHERE as_of = :as_of
