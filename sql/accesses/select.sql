-- What: the last looks and files taken, the newest first.
-- Grain: one row per access.
-- Takes: limit.
-- Used by: dunning.gateways.store.access.fetch_access
SELECT access_no, user_name, action, subject, recorded_at
FROM dunning.accesses
ORDER BY access_no DESC
LIMIT :limit
