-- What: whether the record of applied migrations is there.
-- Grain: one row.
-- Takes: nothing.
-- Used by: dunning.gateways.postgres.migrations
SELECT to_regclass('dunning.schema_migrations') IS NOT NULL AS is_there
