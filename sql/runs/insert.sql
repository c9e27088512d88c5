-- What: begins a run.
-- Grain: one row per run; gives its number.
-- Takes: as_of, is_recording; ledger_fingerprint, snapshot_name, policy_version, policy_sha256, out,
--     newest_invoice_on, newest_payment_on, each or null; events_seen.
-- Used by: dunning.gateways.store.runs.start_run
INSERT INTO dunning.runs (
    as_of, is_recording, ledger_fingerprint, snapshot_name, policy_version, policy_sha256, out,
    newest_invoice_on, newest_payment_on, events_seen
)
VALUES (
    :as_of, :is_recording, :ledger_fingerprint, :snapshot_name, :policy_version, :policy_sha256, :out,
    :newest_invoice_on, :newest_payment_on, :events_seen
)
RETURNING run_id
