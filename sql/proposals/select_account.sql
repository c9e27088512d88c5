-- What: what a date's run wanted to do about the accounts of a premise, or withheld and why.
-- Grain: one row per proposal.
-- Takes: as_of, premise_no.
-- Used by: dunning.gateways.store.proposals.fetch_account_proposals
SELECT list, premise_no, payer_code, stage, channel, principal_cents, total_cents, state, reason, reference
FROM dunning.proposals
WHERE as_of = :as_of AND premise_no = :premise_no
ORDER BY list COLLATE "C", payer_code COLLATE "C", stage COLLATE "C"
