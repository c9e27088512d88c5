-- What: the wording that was sent, by name and content.
-- Grain: one row per file of wording.
-- Takes: nothing.
-- Used by: dunning.gateways.store.notices.refuse_changed_wording
SELECT name, sha256, first_as_of
FROM dunning.sent_templates
ORDER BY name COLLATE "C"
