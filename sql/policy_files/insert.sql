-- What: keeps a policy file by its content; one that is there already stays.
-- Grain: one row per content.
-- Takes: sha256, content.
-- Used by: dunning.gateways.store.inputs.store_policy_files
INSERT INTO dunning.policy_files (sha256, content)
VALUES (:sha256, :content)
ON CONFLICT (sha256) DO NOTHING
