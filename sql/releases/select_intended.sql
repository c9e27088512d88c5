-- What: the releases under way, other than those of a night's own close.
-- Grain: one row per list.
-- Takes: nothing.
-- Used by: dunning.gateways.store.outbox.fetch_intents
SELECT as_of, list_name, run_id, event_no, out, manifest_sha256
FROM dunning.releases
WHERE state = 'intended' AND event_no IS NOT NULL
ORDER BY event_no
