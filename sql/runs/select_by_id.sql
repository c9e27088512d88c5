-- What: one run by its number.
-- Grain: one row, or none.
-- Takes: run_id.
-- Used by: dunning.gateways.store.runs.fetch_run_by_id
SELECT
    run_id, as_of, state, is_recording, ledger_fingerprint, snapshot_name, policy_version, policy_sha256, out,
    manifest_sha256, newest_invoice_on, newest_payment_on, receipts, started_at, finished_at,
    events_seen
FROM dunning.runs
WHERE run_id = :run_id
