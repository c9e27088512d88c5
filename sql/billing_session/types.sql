-- What: the names and categories of types.
-- Grain: one row a type.
-- Takes: oids, the numbers of the types, written in by the driver.
-- Used by: dunning.gateways.billing.copies
SELECT oid, typname, typcategory
FROM pg_type
WHERE oid = ANY(%(oids)s)
