-- What: keeps how many rows a ledger table had in a run.
-- Grain: one row per run and table.
-- Takes: run_id, table_name, row_count.
-- Used by: dunning.gateways.store.table_sizes.store_table_sizes
INSERT INTO dunning.table_sizes (run_id, table_name, row_count)
VALUES (:run_id, :table_name, :row_count)
ON CONFLICT (run_id, table_name) DO UPDATE SET row_count = EXCLUDED.row_count
