-- What: the run that loaded a ledger last, for a date or a later one.
-- Grain: one row, or none.
-- Takes: as_of; with_trials: whether dry runs are among them.
-- Used by: dunning.gateways.store.runs.fetch_newest_loaded
SELECT
    run_id, as_of, state, is_recording, ledger_fingerprint, snapshot_name, policy_version, policy_sha256, out,
    manifest_sha256, newest_invoice_on, newest_payment_on, receipts, started_at, finished_at, events_seen
FROM dunning.runs
WHERE snapshot_name IS NOT NULL AND as_of >= :as_of AND (:with_trials OR NOT is_trial)
ORDER BY as_of DESC, run_id DESC
LIMIT 1
