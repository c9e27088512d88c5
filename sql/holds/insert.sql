-- What: records a hold from the day after the last closed date on.
-- Grain: one row; gives the number.
-- Takes: hold_no, premise_no, payer_code, list_name, struck_on, reason, note, document, author, valid_from, valid_until.
-- Used by: dunning.gateways.store.holds.append_hold
INSERT INTO dunning.holds (
    hold_no, premise_no, payer_code, list_name, struck_on, reason, note, document, author, valid_from, valid_until
)
VALUES (
    :hold_no, :premise_no, :payer_code, :list_name, :struck_on, :reason, :note, :document, :author, :valid_from,
    :valid_until
)
RETURNING hold_no
