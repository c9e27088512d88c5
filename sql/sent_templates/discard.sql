-- What: forgets the wording that only a run used whose files never got out.
-- Grain: one row per file of wording.
-- Takes: as_of, service.
-- Used by: dunning.gateways.store.notices.NOTICES
DELETE FROM dunning.sent_templates
WHERE first_as_of = :as_of AND first_service = :service
