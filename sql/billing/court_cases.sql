-- What: cases filed in court.
-- Grain: one row per case_no, in that order; then by all columns, so that equal data is equal bytes.
-- Takes: nothing; it may take :as_of, the day of the run.
-- Used by: dunning.gateways.billing.queries
SELECT
    case_no, premise_no, payer_code, filed_on, stage, stage_on, outcome
FROM court_cases
ORDER BY
    case_no, premise_no, payer_code, filed_on, stage, stage_on, outcome
