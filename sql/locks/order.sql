-- What: waits for a lock of the transaction.
-- Grain: one row.
-- Takes: key, the number of the lock.
-- Used by: dunning.gateways.store.events
SELECT pg_advisory_xact_lock(:key)
