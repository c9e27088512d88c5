-- What: says which policy file a run used under which name.
-- Grain: one row per run and file name.
-- Takes: run_id, name, sha256.
-- Used by: dunning.gateways.store.inputs.store_policy_files
INSERT INTO dunning.run_policies (run_id, name, sha256)
VALUES (:run_id, :name, :sha256)
ON CONFLICT (run_id, name) DO UPDATE SET sha256 = EXCLUDED.sha256
