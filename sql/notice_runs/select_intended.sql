-- What: the runs of the notices that were about to publish and did not tell how that ended.
-- Grain: one row per date and service.
-- Takes: nothing.
-- Used by: dunning.gateways.store.notices.interrupted_notices
SELECT as_of, service, since, state, notices, withheld, out, manifest_sha256, content_sha256, shown_until, run_no
FROM dunning.notice_runs
WHERE state = 'intended'
ORDER BY as_of, service COLLATE "C"
