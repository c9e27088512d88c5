-- What: the files of a run of the notices are out.
-- Grain: one row, or none if none was about to publish.
-- Takes: as_of, service.
-- Used by: dunning.gateways.store.notices.NOTICES
UPDATE dunning.notice_runs
SET state = 'done'
WHERE as_of = :as_of AND service = :service AND state = 'intended'
