-- What: the policy files that a run used, with their content.
-- Grain: one row per file name.
-- Takes: run_id.
-- Used by: dunning.gateways.store.inputs.fetch_policy_files
SELECT used.name, kept.content
FROM dunning.run_policies AS used
JOIN dunning.policy_files AS kept ON kept.sha256 = used.sha256
WHERE used.run_id = :run_id
ORDER BY used.name COLLATE "C"
