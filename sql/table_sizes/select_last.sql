-- What: how large the ledger's tables and protecting columns were when books were last closed before a day.
-- Grain: one row per table, and per protecting column of it.
-- Takes: before.
-- Used by: dunning.gateways.store.inputs.fetch_table_sizes
SELECT sizes.table_name, sizes.column_name, sizes.row_count
FROM dunning.table_sizes AS sizes
JOIN dunning.runs AS runs ON runs.run_id = sizes.run_id
WHERE runs.state = 'closed'
  AND runs.as_of = (SELECT max(as_of) FROM dunning.runs WHERE state = 'closed' AND as_of < :before)
ORDER BY sizes.table_name COLLATE "C", sizes.column_name COLLATE "C"
