-- What: removes the intended deeds of a run whose files never got out.
-- Grain: one row per deed.
-- Takes: run_id, as_of.
-- Used by: dunning.gateways.store.closing.discard_close
DELETE FROM dunning.deeds
WHERE run_id = :run_id AND as_of = :as_of AND state = 'intended'
