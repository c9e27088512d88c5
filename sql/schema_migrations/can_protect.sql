-- What: whether the schema has got as far as to know of roles.
-- Grain: one row.
-- Takes: nothing.
-- Used by: dunning.gateways.postgres.migrations
SELECT to_regproc('dunning.protect') IS NOT NULL AS is_there
