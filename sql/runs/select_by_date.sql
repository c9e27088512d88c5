-- What: the run that speaks for a date, its closed one or else the latest that wrote its files.
-- Grain: one row, or none.
-- Takes: as_of.
-- Used by: dunning.gateways.store.runs.fetch_run
SELECT
    run_id, as_of, state, is_recording, ledger_fingerprint, snapshot_name, policy_version, policy_sha256, out,
    manifest_sha256, newest_invoice_on, newest_payment_on, receipts, started_at, finished_at,
    events_seen
FROM dunning.runs
WHERE as_of = :as_of AND state IN ('closed', 'written')
ORDER BY state = 'closed' DESC, run_id DESC
LIMIT 1
