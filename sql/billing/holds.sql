-- What: recorded reasons not to act, with author and end.
-- Grain: one row per hold_no, in that order; then by all columns, so that equal data is equal bytes.
-- Takes: nothing; it may take :as_of, the day of the run.
-- Used by: dunning.gateways.billing.queries
SELECT
    hold_no, premise_no, payer_code, invoice_no, reason, valid_from, valid_until, author, note
FROM holds
ORDER BY
    hold_no, premise_no, payer_code, invoice_no, reason, valid_from, valid_until, author, note
