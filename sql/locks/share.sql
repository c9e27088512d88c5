-- What: waits for a lock of the session that others may share.
-- Grain: one row.
-- Takes: key, the number of the lock.
-- Used by: dunning.gateways.store.readers
SELECT pg_advisory_lock_shared(:key)
