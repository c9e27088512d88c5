-- What: the recalls of a date's lists, in the order in which they came.
-- Grain: one row per recall.
-- Takes: as_of.
-- Used by: dunning.gateways.store.recalls.fetch_recalls
SELECT event_no, as_of, list_name, recalled_by, reason, row_count, out, manifest_sha256, recorded_at
FROM dunning.recalls
WHERE as_of = :as_of
ORDER BY event_no
