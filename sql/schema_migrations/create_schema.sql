-- What: makes the schema that all our tables stand in.
-- Grain: none.
-- Takes: nothing.
-- Used by: dunning.gateways.postgres.migrations
CREATE SCHEMA IF NOT EXISTS dunning
