-- What: how many rows of a list left the house from one date until another, recalled ones left out.
-- Grain: one row.
-- Takes: list_name, since, until (both dates count).
-- Used by: dunning.gateways.store.releases.count_released
SELECT COALESCE(sum(release.row_count - told.row_count), 0) AS row_count
FROM dunning.releases AS release
CROSS JOIN LATERAL (
    SELECT count(*) AS row_count
    FROM dunning.recalled_rows AS recalled
    WHERE (recalled.as_of, recalled.list_name) = (release.as_of, release.list_name)
) AS told
WHERE release.list_name = :list_name
  AND release.state = 'done'
  AND release.as_of BETWEEN :since AND :until
