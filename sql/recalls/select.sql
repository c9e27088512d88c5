-- What: the recalls of a date's lists, in the order in which they came. number: which of its list's it is, from 1.
-- Grain: one row per recall.
-- Takes: as_of.
-- Used by: dunning.gateways.store.recalls.fetch_recalls
SELECT
    event_no, as_of, list_name, recalled_by, reason, row_count, out, manifest_sha256, recorded_at,
    row_number() OVER (PARTITION BY list_name ORDER BY event_no) AS number
FROM dunning.recalls
WHERE as_of = :as_of
ORDER BY event_no
