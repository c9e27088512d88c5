-- What: records that rows of a release are about to be taken back.
-- Grain: one row.
-- Takes: event_no, as_of, list_name, recalled_by, reason, row_count, out, manifest_sha256;
--     premises and payers (arrays, place by place), or null for all that are out.
-- Used by: dunning.gateways.store.recalls.begin_recall
INSERT INTO dunning.intended_recalls (
    event_no, as_of, list_name, recalled_by, reason, row_count, out, manifest_sha256, premises, payers
)
VALUES (
    :event_no, :as_of, :list_name, :recalled_by, :reason, :row_count, :out, :manifest_sha256, :premises, :payers
)
