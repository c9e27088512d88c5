-- What: the closes under way (one at most), each with the reminders that leave with it.
-- Grain: one row per run.
-- Takes: nothing.
-- Used by: dunning.gateways.store.outbox.fetch_intents
SELECT
    run_id, as_of, 'reminders' AS list_name, CAST(NULL AS bigint) AS event_no, COALESCE(out, '') AS out,
    COALESCE(manifest_sha256, '') AS manifest_sha256
FROM dunning.runs
WHERE state = 'closing'
ORDER BY run_id
