-- What: keeps new tokens; one that is there already, perhaps confirmed, stays as it is.
-- Grain: one row per token.
-- Takes: nothing.
-- Used by: dunning.gateways.store.notices.begin_notices
INSERT INTO dunning.receipt_tokens (token_sha256, reference, as_of, service, document_sha256, expires_on)
SELECT token_sha256, reference, as_of, service, document_sha256, expires_on
FROM new_receipt_tokens
ON CONFLICT (token_sha256) DO NOTHING
