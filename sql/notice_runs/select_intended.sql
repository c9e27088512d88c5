-- What: the runs of the notices under way.
-- Grain: one row per date and service.
-- Takes: nothing.
-- Used by: dunning.gateways.store.outbox.fetch_intents
SELECT as_of, service, out, manifest_sha256
FROM dunning.notice_runs
WHERE state = 'intended'
ORDER BY as_of, service COLLATE "C"
