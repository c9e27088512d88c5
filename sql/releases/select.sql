-- What: the released lists of a date, and whether they were recalled.
-- Grain: one row per list.
-- Takes: as_of.
-- Used by: dunning.gateways.store.releases.fetch_released
SELECT
    release.as_of, release.list_name, release.run_id, release.event_no, release.state, release.row_count, release.cents,
    release.dropped, release.out, release.manifest_sha256, release.recorded_at,
    recall.recalled_by, recall.reason AS recall_reason, recall.recorded_at AS recalled_at
FROM dunning.releases AS release
LEFT JOIN dunning.recalls AS recall USING (as_of, list_name)
WHERE release.as_of = :as_of
ORDER BY release.list_name
