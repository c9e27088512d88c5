-- What: a recall is not under way any more.
-- Grain: one row; none if it was not.
-- Takes: event_no.
-- Used by: dunning.gateways.store.recalls.RECALL
DELETE FROM dunning.intended_recalls
WHERE event_no = :event_no
