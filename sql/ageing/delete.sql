-- What: empties a date's ageing.
-- Grain: one row per service, district, stage and band.
-- Takes: as_of.
-- Used by: dunning.gateways.store.figures.replace_ageing
DELETE FROM dunning.ageing WHERE as_of = :as_of
