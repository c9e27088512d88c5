-- What: takes decisions in bulk.
-- Grain: one row per account that owes on a date.
-- Takes: CSV without header, columns in this order.
-- Used by: dunning.gateways.store.decisions.replace_decisions
COPY dunning.decisions (
    as_of, premise_no, payer_code, stage, open_cents, overdue_cents, interest_cents, credit_cents, shielded_cents,
    overdue_items, oldest_due_on, days_overdue, limitation_on, reasons, why_not, rule, next_stage, next_on, policy_version
) FROM STDIN (FORMAT csv)
