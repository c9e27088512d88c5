-- What: how many rows of a list left the house from one date until another, recalled ones left out.
-- Grain: one row.
-- Takes: list_name, since, until (both dates count).
-- Used by: dunning.gateways.store.releases.count_released
SELECT COALESCE(sum(release.row_count), 0) AS row_count
FROM dunning.releases AS release
WHERE release.list_name = :list_name
  AND release.state = 'done'
  AND release.as_of BETWEEN :since AND :until
  AND NOT EXISTS (
      SELECT FROM dunning.recalls AS recall
      WHERE (recall.as_of, recall.list_name) = (release.as_of, release.list_name)
  )
