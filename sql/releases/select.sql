-- What: the released lists of a date, how many of their rows were recalled, and the last recall where all were.
-- Grain: one row per list.
-- Takes: as_of.
-- Used by: dunning.gateways.store.releases.fetch_released
SELECT
    release.as_of, release.list_name, release.run_id, release.event_no, release.state, release.row_count, release.cents,
    release.dropped, release.out, release.manifest_sha256, release.recorded_at,
    told.row_count AS recalled_rows, recall.recalled_by, recall.reason AS recall_reason, recall.recorded_at AS recalled_at
FROM dunning.releases AS release
CROSS JOIN LATERAL (
    SELECT count(*) AS row_count, max(recalled.event_no) AS event_no
    FROM dunning.recalled_rows AS recalled
    WHERE (recalled.as_of, recalled.list_name) = (release.as_of, release.list_name)
) AS told
LEFT JOIN dunning.recalls AS recall ON recall.event_no = told.event_no AND told.row_count >= release.row_count
WHERE release.as_of = :as_of
ORDER BY release.list_name
