-- What: the proposals of a date, by list and account.
-- Grain: one row per action that the run wanted or withheld.
-- Takes: as_of, written in by the driver.
-- Used by: dunning.gateways.store.proposals.fetch_proposals
COPY (
    SELECT as_of, list, premise_no, payer_code, stage, channel, principal_cents, total_cents, state, reason, reference
    FROM dunning.proposals
    WHERE as_of = %(as_of)s
    ORDER BY list COLLATE "C", premise_no COLLATE "C", payer_code COLLATE "C", stage COLLATE "C"
) TO STDOUT (FORMAT csv)
