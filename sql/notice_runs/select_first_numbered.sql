-- What: up to which day documents counted as shown when a service's notices were first recorded with numbers.
-- Grain: one row, or none.
-- Takes: service.
-- Used by: dunning.gateways.store.shown.first_shown_until
SELECT shown_until
FROM dunning.notice_runs
WHERE service = :service AND state = 'done' AND shown_until IS NOT NULL
ORDER BY run_no
LIMIT 1
