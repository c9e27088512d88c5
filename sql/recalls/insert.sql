-- What: records that rows of a release were taken back, as it was intended.
-- Grain: one row.
-- Takes: event_no.
-- Used by: dunning.gateways.store.recalls.RECALL
INSERT INTO dunning.recalls (event_no, as_of, list_name, recalled_by, reason, row_count, out, manifest_sha256)
SELECT event_no, as_of, list_name, recalled_by, reason, row_count, out, manifest_sha256
FROM dunning.intended_recalls
WHERE event_no = :event_no
