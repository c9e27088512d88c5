-- What: records that rows of a release were taken back.
-- Grain: one row.
-- Takes: event_no, as_of, list_name, recalled_by, reason, row_count, out, manifest_sha256.
-- Used by: dunning.gateways.store.recalls.append_recall
INSERT INTO dunning.recalls (event_no, as_of, list_name, recalled_by, reason, row_count, out, manifest_sha256)
VALUES (:event_no, :as_of, :list_name, :recalled_by, :reason, :row_count, :out, :manifest_sha256)
