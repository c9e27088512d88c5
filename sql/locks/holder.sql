-- What: the session that holds a lock, and since when it is connected; null where it is of a user whom we may not see.
-- Grain: one row, or none if it has just been given back.
-- Takes: key, the number of the lock.
-- Used by: dunning.gateways.postgres.database.run_lock
SELECT pid, name, since
FROM dunning.lock_holder(:key)
