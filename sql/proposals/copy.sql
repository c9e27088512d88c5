-- What: takes proposals in bulk.
-- Grain: one row per action that a run wants or withholds.
-- Takes: CSV without header, columns in this order.
-- Used by: dunning.gateways.store.proposals.replace_proposals
COPY dunning.proposals (
    as_of, list, premise_no, payer_code, stage, channel, principal_cents, total_cents, state, reason, reference
) FROM STDIN (FORMAT csv)
