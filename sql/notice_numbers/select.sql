-- What: which documents the finished runs of a service have shown to the accounts of a bucket.
-- Grain: one row per run.
-- Takes: service, bucket, run_no of the last run that counts.
-- Used by: dunning.gateways.store.shown.fetch_shown
SELECT shown.numbers
FROM dunning.notice_numbers AS shown
JOIN dunning.notice_runs AS run ON run.run_no = shown.run_no
WHERE run.service = :service AND run.state = 'done' AND shown.bucket = :bucket AND shown.run_no <= :run_no
ORDER BY shown.run_no
