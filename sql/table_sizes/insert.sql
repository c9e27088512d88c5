-- What: keeps how many rows a ledger table had in a run, or carried one of its protecting columns.
-- Grain: one row per run, table and column (empty: the table itself).
-- Takes: run_id, table_name, column_name, row_count.
-- Used by: dunning.gateways.store.inputs.store_table_sizes
INSERT INTO dunning.table_sizes (run_id, table_name, column_name, row_count)
VALUES (:run_id, :table_name, :column_name, :row_count)
ON CONFLICT (run_id, table_name, column_name) DO UPDATE SET row_count = EXCLUDED.row_count
