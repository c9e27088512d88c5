-- What: where payers want to be written to.
-- Grain: one row per payer_code, channel, address, registered_at, in that order; then by all columns, so that equal data is equal bytes.
-- Takes: nothing; it may take :as_of, the day of the run.
-- Used by: dunning.gateways.billing.queries
SELECT
    payer_code, channel, address, registered_at, revoked_at, source
FROM contacts
ORDER BY
    payer_code, channel, address, registered_at, revoked_at, source
