-- What: every payment and its reversal.
-- Grain: one row per payment_no, in that order; then by all columns, so that equal data is equal bytes.
-- Takes: nothing; it may take :as_of, the day of the run.
-- Used by: dunning.gateways.billing.queries
SELECT
    payment_no, premise_no, payer_code, invoice_no, paid_on, amount, currency, channel, reverses
FROM payments
ORDER BY
    payment_no, premise_no, payer_code, invoice_no, paid_on, amount, currency, channel, reverses
