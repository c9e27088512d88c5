-- What: the runs whose close was begun and not ended (one at most).
-- Grain: one row per run.
-- Takes: nothing.
-- Used by: dunning.gateways.store.runs.interrupted_runs
SELECT
    run_id, as_of, state, is_recording, ledger_fingerprint, snapshot_name, policy_version, policy_sha256, out,
    manifest_sha256, newest_invoice_on, newest_payment_on, receipts, started_at, finished_at,
    events_seen
FROM dunning.runs
WHERE state = 'closing'
ORDER BY run_id
