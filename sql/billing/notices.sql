-- What: messages that billing itself sent.
-- Grain: one row per notice_no, in that order; then by all columns, so that equal data is equal bytes.
-- Takes: nothing; it may take :as_of, the day of the run.
-- Used by: dunning.gateways.billing.queries
SELECT
    notice_no, premise_no, payer_code, stage, channel, sent_on, served_on, failed_on
FROM notices
ORDER BY
    notice_no, premise_no, payer_code, stage, channel, sent_on, served_on, failed_on
