-- What: the decisions of a date, by account.
-- Grain: one row per account that owed.
-- Takes: as_of, written in by the driver.
-- Used by: dunning.gateways.store.decisions.fetch_decisions
COPY (
    SELECT
        as_of, premise_no, payer_code, stage, open_cents, overdue_cents, interest_cents, credit_cents, shielded_cents,
        overdue_items, oldest_due_on, days_overdue, limitation_on, reasons, why_not, rule, next_stage, next_on,
        policy_version
    FROM dunning.decisions
    WHERE as_of = %(as_of)s
    ORDER BY premise_no COLLATE "C", payer_code COLLATE "C"
) TO STDOUT (FORMAT csv)
