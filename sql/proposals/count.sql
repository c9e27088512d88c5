-- What: how many rows a date's lists have, and their sum, by state; of those proposed, what a person must look at before
--     it may leave has a state of its own, `person`.
-- Grain: one row per list and state.
-- Takes: as_of.
-- Used by: dunning.gateways.store.proposals.count_proposals
SELECT told.list, told.state, count(*) AS row_count, COALESCE(sum(told.total_cents), 0) AS cents
FROM (
    SELECT list, total_cents, CASE WHEN state = 'proposed' AND reason IS NOT NULL THEN 'person' ELSE state END AS state
    FROM dunning.proposals
    WHERE as_of = :as_of
) AS told
GROUP BY told.list, told.state
ORDER BY told.list, told.state
