-- What: removes the tokens of a run whose files never got out.
-- Grain: one row per token.
-- Takes: as_of, service.
-- Used by: dunning.gateways.store.notices.NOTICES
DELETE FROM dunning.receipt_tokens
WHERE as_of = :as_of AND service = :service
