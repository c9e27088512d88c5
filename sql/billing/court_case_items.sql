-- What: which invoices a case claims.
-- Grain: one row per case_no, invoice_no, in that order; then by all columns, so that equal data is equal bytes.
-- Takes: nothing; it may take :as_of, the day of the run.
-- Used by: dunning.gateways.billing.queries
SELECT
    case_no, invoice_no
FROM court_case_items
ORDER BY
    case_no, invoice_no
