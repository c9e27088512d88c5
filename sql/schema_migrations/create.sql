-- What: makes the record of applied migrations.
-- Grain: one row per applied file of sql/migrations.
-- Takes: nothing.
-- Used by: dunning.gateways.postgres.migrations
CREATE TABLE IF NOT EXISTS dunning.schema_migrations (
    number int PRIMARY KEY,
    name text NOT NULL UNIQUE,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
