-- What: gives every table its guard and every role its rights, as the tables are now.
-- Grain: one row.
-- Takes: nothing.
-- Used by: dunning.gateways.postgres.migrations
SELECT dunning.protect()
