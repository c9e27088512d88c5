-- What: makes the place for a date's decisions, or empties it; readers see the old rows until the transaction ends.
-- Grain: none.
-- Takes: as_of.
-- Used by: dunning.gateways.store.decisions.replace_decisions
SELECT dunning.open_date('decisions', :as_of)
