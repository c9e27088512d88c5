-- What: gives a lock of the session back.
-- Grain: one row, true if it was held.
-- Takes: key, the number of the lock.
-- Used by: dunning.gateways.postgres.database.run_lock
SELECT pg_advisory_unlock(:key)
