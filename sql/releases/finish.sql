-- What: the released files of a date and list are out.
-- Grain: one row; none if no such release was intended.
-- Takes: as_of, list_name.
-- Used by: dunning.gateways.store.releases.RELEASE
UPDATE dunning.releases
SET state = 'done'
WHERE as_of = :as_of AND list_name = :list_name AND state = 'intended'
