-- What: a run begins to close its date's books.
-- Grain: one row, the run; none if it is not running or records nothing.
-- Takes: run_id, manifest_sha256 of the manifest that it will publish.
-- Used by: dunning.gateways.store.closing.begin_close
UPDATE dunning.runs
SET state = 'closing', manifest_sha256 = :manifest_sha256
WHERE run_id = :run_id AND state = 'running' AND is_recording
RETURNING as_of
