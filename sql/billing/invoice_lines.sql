-- What: the lines of the bills, for the notices.
-- Grain: one row per invoice_no, seq, in that order; then by all columns, so that equal data is equal bytes.
-- Takes: nothing; it may take :as_of, the day of the run.
-- Used by: dunning.gateways.billing.queries
SELECT
    invoice_no, seq, label, unit, quantity, unit_price, amount
FROM invoice_lines
ORDER BY
    invoice_no, seq, label, unit, quantity, unit_price, amount
