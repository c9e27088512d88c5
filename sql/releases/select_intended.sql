-- What: the releases that were begun and not ended, other than those of a night's own close.
-- Grain: one row per list.
-- Takes: nothing.
-- Used by: dunning.gateways.store.releases.fetch_intended
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
WHERE release.state = 'intended' AND release.event_no IS NOT NULL
ORDER BY release.event_no
