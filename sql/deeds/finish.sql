-- What: the intended deeds of a run are done, because their files are out.
-- Grain: one row per deed.
-- Takes: run_id, as_of; event_no of the release, or null.
-- Used by: dunning.gateways.store.closing.CLOSE
UPDATE dunning.deeds
SET state = 'done'
WHERE run_id = :run_id AND as_of = :as_of AND state = 'intended'
  AND event_no IS NOT DISTINCT FROM CAST(:event_no AS bigint)
