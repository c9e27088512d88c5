-- What: takes back a release whose files never got out.
-- Grain: one row; none if no such release was intended.
-- Takes: as_of, list_name.
-- Used by: dunning.gateways.store.releases.RELEASE
DELETE FROM dunning.releases
WHERE as_of = :as_of AND list_name = :list_name AND state = 'intended'
