-- What: keeps which documents a run shows as new.
-- Grain: one row per run and bucket.
-- Takes: as_of, service, of the run; bucket; numbers (Parquet).
-- Used by: dunning.gateways.store.shown.keep_shown
INSERT INTO dunning.notice_numbers (run_no, bucket, numbers)
SELECT run_no, :bucket, :numbers
FROM dunning.notice_runs
WHERE as_of = :as_of AND service = :service AND state = 'intended'
