-- What: the session that holds a lock, and since when it is connected.
-- Grain: one row, or none if it has just been given back.
-- Takes: key, the number of the lock.
-- Used by: dunning.gateways.database.run_lock
SELECT activity.pid, activity.application_name AS name, activity.backend_start AS since
FROM pg_locks AS locks
JOIN pg_stat_activity AS activity ON activity.pid = locks.pid
WHERE locks.locktype = 'advisory'
  AND locks.granted
  AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (CAST(locks.classid AS bigint) << 32) + CAST(locks.objid AS bigint) = :key
