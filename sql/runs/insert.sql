-- What: begins a run.
-- Grain: one row per run; gives its number.
-- Takes: as_of, is_recording; ledger_fingerprint, snapshot_name, policy_version, policy_sha256, out,
--     newest_invoice_on, newest_payment_on, each or null; events_seen, is_trial.
-- Used by: dunning.gateways.store.runs.start_run
INSERT INTO dunning.runs (
    as_of, is_recording, ledger_fingerprint, snapshot_name, policy_version, policy_sha256, out,
    newest_invoice_on, newest_payment_on, events_seen, is_trial
)
VALUES (
    :as_of, :is_recording, :ledger_fingerprint, :snapshot_name, :policy_version, :policy_sha256, :out,
    :newest_invoice_on, :newest_payment_on, :events_seen, :is_trial
)
RETURNING run_id
