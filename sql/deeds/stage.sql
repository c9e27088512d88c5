-- What: makes the place where new deeds are compared with those that are there; it ends with the transaction.
-- Grain: one row per deed.
-- Takes: nothing.
-- Used by: dunning.gateways.store.actions.append_actions
CREATE TEMPORARY TABLE new_deeds (
    premise_no text NOT NULL,
    payer_code text NOT NULL,
    stage text NOT NULL,
    as_of date NOT NULL,
    channel text NOT NULL,
    reference text NOT NULL UNIQUE,
    principal_cents bigint NOT NULL,
    written_to text,
    PRIMARY KEY (premise_no, payer_code, stage, as_of, channel)
) ON COMMIT DROP
