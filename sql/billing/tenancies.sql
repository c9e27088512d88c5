-- What: who answers for which premise, from when until when (half-open).
-- Grain: one row per premise_no, payer_code, valid_from, in that order; then by all columns, so that equal data is equal bytes.
-- Takes: nothing; it may take :as_of, the day of the run.
-- Used by: dunning.gateways.billing.queries
SELECT
    premise_no, payer_code, valid_from, valid_until, share
FROM tenancies
ORDER BY
    premise_no, payer_code, valid_from, valid_until, share
