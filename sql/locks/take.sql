-- What: takes a lock of the session if it is free.
-- Grain: one row, true or false.
-- Takes: key, the number of the lock.
-- Used by: dunning.gateways.postgres.database.run_lock
SELECT pg_try_advisory_lock(:key) AS is_ours
