-- What: how many rows a date's lists have, and their sum, by state.
-- Grain: one row per list and state.
-- Takes: as_of.
-- Used by: dunning.gateways.store.proposals.count_proposals
SELECT list, state, count(*) AS row_count, COALESCE(sum(overdue_cents), 0) AS cents
FROM dunning.proposals
WHERE as_of = :as_of
GROUP BY list, state
ORDER BY list, state
