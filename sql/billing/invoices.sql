-- What: every invoice and credit note, paid ones too.
-- Grain: one row per invoice_no, in that order; then by all columns, so that equal data is equal bytes.
-- Takes: nothing; it may take :as_of, the day of the run.
-- Used by: dunning.gateways.billing.queries
SELECT
    invoice_no, premise_no, payer_code, kind, period_from, period_to, issued_on, due_on, amount, currency,
    refers_to
FROM invoices
ORDER BY
    invoice_no, premise_no, payer_code, kind, period_from, period_to, issued_on, due_on, amount, currency,
    refers_to
