-- What: the day of the last notices of each service before a day.
-- Grain: one row per service that had any.
-- Takes: before.
-- Used by: dunning.gateways.store.notices.last_notices
SELECT service, max(as_of) AS as_of
FROM dunning.notice_runs
WHERE state = 'done' AND as_of < :before
GROUP BY service
ORDER BY service COLLATE "C"
