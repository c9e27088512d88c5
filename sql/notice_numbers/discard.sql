-- What: removes the numbers of a run whose files never got out.
-- Grain: one row per run and bucket.
-- Takes: as_of, service.
-- Used by: dunning.gateways.store.notices.NOTICES
DELETE FROM dunning.notice_numbers
WHERE run_no = (SELECT run_no FROM dunning.notice_runs WHERE as_of = :as_of AND service = :service AND state = 'intended')
