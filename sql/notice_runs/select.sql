-- What: what was sent, or is about to be, to a group on a date.
-- Grain: one row, or none.
-- Takes: as_of, service.
-- Used by: dunning.gateways.store.notices.fetch_notice_run
SELECT as_of, service, since, state, notices, withheld, out, manifest_sha256, content_sha256, shown_until, run_no
FROM dunning.notice_runs
WHERE as_of = :as_of AND service = :service
