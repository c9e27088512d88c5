-- What: a run of the notices is about to publish its files.
-- Grain: one row per date and service.
-- Takes: as_of, service, since, notices, withheld, out, manifest_sha256, content_sha256,
--     shown_until.
-- Used by: dunning.gateways.store.notices.begin_notices
INSERT INTO dunning.notice_runs (
    as_of, service, since, state, notices, withheld, out, manifest_sha256, content_sha256,
    shown_until
)
VALUES (:as_of, :service, :since, 'intended', :notices, :withheld, :out, :manifest_sha256, :content_sha256, :shown_until)
