-- What: keeps what a run told of itself.
-- Grain: one row, the run.
-- Takes: run_id, receipts (JSON).
-- Used by: dunning.gateways.store.runs.keep_receipt
UPDATE dunning.runs
SET receipts = CAST(:receipts AS jsonb)
WHERE run_id = :run_id
