-- What: records one migration as applied.
-- Grain: one row per applied file of sql/migrations.
-- Takes: number, name, sha256 of the file.
-- Used by: dunning.gateways.postgres.migrations
INSERT INTO dunning.schema_migrations (number, name, sha256)
VALUES (:number, :name, :sha256)
