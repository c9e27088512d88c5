-- What: empties a date's figures.
-- Grain: one row per figure.
-- Takes: as_of.
-- Used by: dunning.gateways.store.figures.replace_figures
DELETE FROM dunning.figures WHERE as_of = :as_of
