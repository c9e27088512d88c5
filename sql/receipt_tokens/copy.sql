-- What: takes new tokens in bulk.
-- Grain: one row per token.
-- Takes: CSV without header, columns in this order.
-- Used by: dunning.gateways.store.notices.begin_notices
COPY new_receipt_tokens (token_sha256, reference, as_of, service, document_sha256, expires_on) FROM STDIN (FORMAT csv)
