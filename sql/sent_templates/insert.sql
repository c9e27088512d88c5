-- What: keeps which wording is sent; one that was sent before stays.
-- Grain: one row per file of wording.
-- Takes: name, sha256, as_of, service.
-- Used by: dunning.gateways.store.notices.begin_notices
INSERT INTO dunning.sent_templates (name, sha256, first_as_of, first_service)
VALUES (:name, :sha256, :as_of, :service)
ON CONFLICT (name) DO NOTHING
