-- What: agreements on instalments.
-- Grain: one row per agreement_no, in that order; then by all columns, so that equal data is equal bytes.
-- Takes: nothing; it may take :as_of, the day of the run.
-- Used by: dunning.gateways.billing.queries
SELECT
    agreement_no, premise_no, payer_code, applied_on, contacted_on, signed_on, cancelled_on
FROM agreements
ORDER BY
    agreement_no, premise_no, payer_code, applied_on, contacted_on, signed_on, cancelled_on
