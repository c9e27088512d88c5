-- What: makes the place for a date's proposals, or empties it; readers see the old rows until the transaction ends.
-- Grain: none.
-- Takes: as_of.
-- Used by: dunning.gateways.store.proposals.replace_proposals
SELECT dunning.open_date('proposals', :as_of)
