-- What: what an agreement promises, and when.
-- Grain: one row per agreement_no, seq, in that order; then by all columns, so that equal data is equal bytes.
-- Takes: nothing; it may take :as_of, the day of the run.
-- Used by: dunning.gateways.billing.queries
SELECT
    agreement_no, seq, due_on, amount, currency
FROM instalments
ORDER BY
    agreement_no, seq, due_on, amount, currency
