-- What: records that a list is about to leave the house.
-- Grain: one row.
-- Takes: as_of, list_name, run_id, event_no (or null), row_count, cents, dropped, out, manifest_sha256.
-- Used by: dunning.gateways.store.releases
INSERT INTO dunning.releases (
    as_of, list_name, run_id, event_no, state, row_count, cents, dropped, out, manifest_sha256
)
VALUES (:as_of, :list_name, :run_id, :event_no, 'intended', :row_count, :cents, :dropped, :out, :manifest_sha256)
