-- What: the applied migrations, in order.
-- Grain: one row per applied file of sql/migrations.
-- Takes: nothing.
-- Used by: dunning.gateways.postgres.migrations
SELECT number, name, sha256
FROM dunning.schema_migrations
ORDER BY number
