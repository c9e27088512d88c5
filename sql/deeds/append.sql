-- What: records new deeds as intended; one that is there already stays as it is.
-- Grain: one row per deed.
-- Takes: run_id; event_no of the release, or null.
-- Used by: dunning.gateways.store.actions.append_actions
INSERT INTO dunning.deeds (
    premise_no, payer_code, stage, as_of, channel, reference, principal_cents, written_to, state, run_id, event_no
)
SELECT
    premise_no, payer_code, stage, as_of, channel, reference, principal_cents, written_to, 'intended', :run_id,
    CAST(:event_no AS bigint)
FROM new_deeds
ON CONFLICT (premise_no, payer_code, stage, as_of, channel) DO NOTHING
