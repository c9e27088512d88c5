-- What: takes back a run of the notices whose files never got out.
-- Grain: one row, or none if none was about to publish.
-- Takes: as_of, service.
-- Used by: dunning.gateways.store.notices.NOTICES
DELETE FROM dunning.notice_runs
WHERE as_of = :as_of AND service = :service AND state = 'intended'
