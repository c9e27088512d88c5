-- What: adds to a run what it has learned of ledger and policy; a null leaves what is there.
-- Grain: one row, the run.
-- Takes: run_id; ledger_fingerprint, snapshot_name, policy_version, policy_sha256, out, newest_invoice_on,
--     newest_payment_on, each or null.
-- Used by: dunning.gateways.store.runs.describe_run
UPDATE dunning.runs
SET ledger_fingerprint = COALESCE(:ledger_fingerprint, ledger_fingerprint),
    snapshot_name = COALESCE(:snapshot_name, snapshot_name),
    policy_version = COALESCE(:policy_version, policy_version),
    policy_sha256 = COALESCE(:policy_sha256, policy_sha256),
    out = COALESCE(:out, out),
    newest_invoice_on = COALESCE(:newest_invoice_on, newest_invoice_on),
    newest_payment_on = COALESCE(:newest_payment_on, newest_payment_on)
WHERE run_id = :run_id AND state = 'running'
RETURNING run_id
