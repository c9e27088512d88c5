-- What: waits for a lock of the session.
-- Grain: one row.
-- Takes: key, the number of the lock.
-- Used by: dunning.gateways.postgres.migrations
SELECT pg_advisory_lock(:key)
