-- What: who can owe: persons and companies.
-- Grain: one row per payer_code, in that order; then by all columns, so that equal data is equal bytes.
-- Takes: nothing; it may take :as_of, the day of the run.
-- Used by: dunning.gateways.billing.queries
SELECT
    payer_code, kind, name, national_id, postal_address, postal_settlement, postal_postcode, language, vulnerable,
    life_support
FROM payers
ORDER BY
    payer_code, kind, name, national_id, postal_address, postal_settlement, postal_postcode, language, vulnerable,
    life_support
