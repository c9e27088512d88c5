-- What: names the session, so that a second run can say who holds the lock.
-- Grain: one row.
-- Takes: name, at most 63 bytes.
-- Used by: dunning.gateways.postgres.database.run_lock
SELECT set_config('application_name', :name, false)
