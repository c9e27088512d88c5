-- What: the decisions on one account, the newest date first.
-- Grain: one row per date on which it owed.
-- Takes: premise_no, payer_code, limit.
-- Used by: dunning.gateways.store.decisions.fetch_account_decisions
SELECT as_of, stage, open_cents, overdue_cents, interest_cents, shielded_cents, days_overdue, reasons, why_not, next_stage,
    next_on
FROM dunning.decisions
WHERE premise_no = :premise_no AND payer_code = :payer_code
ORDER BY as_of DESC
LIMIT :limit
