-- What: the accounts of a stage on a date, those that owe most overdue first.
-- Grain: one row per account.
-- Takes: as_of, stage, limit, offset.
-- Used by: dunning.gateways.store.decisions.fetch_stage
SELECT premise_no, payer_code, overdue_cents, open_cents, days_overdue, limitation_on, next_stage, next_on, reasons
FROM dunning.decisions
WHERE as_of = :as_of AND stage = :stage
ORDER BY overdue_cents DESC, premise_no COLLATE "C", payer_code COLLATE "C"
LIMIT :limit OFFSET :offset
