-- What: takes new deeds in bulk, to be compared.
-- Grain: one row per deed.
-- Takes: CSV without header, columns in this order.
-- Used by: dunning.gateways.store.actions.append_actions
COPY new_deeds (
    premise_no, payer_code, stage, as_of, channel, reference, principal_cents, written_to
) FROM STDIN (FORMAT csv)
