-- What: which invoices an agreement covers.
-- Grain: one row per agreement_no, invoice_no, in that order; then by all columns, so that equal data is equal bytes.
-- Takes: nothing; it may take :as_of, the day of the run.
-- Used by: dunning.gateways.billing.queries
SELECT
    agreement_no, invoice_no
FROM agreement_items
ORDER BY
    agreement_no, invoice_no
