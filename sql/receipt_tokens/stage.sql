-- What: makes the place where new tokens are compared with those that are there; it ends with the transaction.
-- Grain: one row per token.
-- Takes: nothing.
-- Used by: dunning.gateways.store.notices.begin_notices
CREATE TEMPORARY TABLE new_receipt_tokens (
    token_sha256 text NOT NULL,
    reference text NOT NULL,
    as_of date NOT NULL,
    service text NOT NULL,
    document_sha256 text NOT NULL,
    expires_on date NOT NULL
) ON COMMIT DROP
