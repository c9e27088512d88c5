-- What: keeps the receipt of one step of a run, in place of an earlier one of that step.
-- Grain: one row, the run.
-- Takes: run_id, step, receipt (JSON text: counts, cents, hashes).
-- Used by: dunning.gateways.store.runs.store_receipt
UPDATE dunning.runs
SET receipts = receipts || jsonb_build_object(CAST(:step AS text), CAST(:receipt AS jsonb))
WHERE run_id = :run_id
RETURNING run_id
