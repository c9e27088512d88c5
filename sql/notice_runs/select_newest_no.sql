-- What: the number of the last run of a service that is done.
-- Grain: one row; null if there is none.
-- Takes: service.
-- Used by: dunning.gateways.store.shown.newest_run_no
SELECT max(run_no) AS run_no
FROM dunning.notice_runs
WHERE service = :service AND state = 'done'
