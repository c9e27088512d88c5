-- What: records that a release was taken back.
-- Grain: one row.
-- Takes: event_no, as_of, list_name, recalled_by, reason, row_count, out.
-- Used by: dunning.gateways.store.releases.append_recall
INSERT INTO dunning.recalls (event_no, as_of, list_name, recalled_by, reason, row_count, out)
VALUES (:event_no, :as_of, :list_name, :recalled_by, :reason, :row_count, :out)
