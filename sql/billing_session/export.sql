-- What: exports the moment that this transaction sees, for another connection to see it too.
-- Grain: one row.
-- Takes: nothing.
-- Used by: dunning.gateways.billing.copies
SELECT pg_export_snapshot() AS snapshot
