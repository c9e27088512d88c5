-- What: how many rows of a date's lists were withheld, by reason.
-- Grain: one row per list and reason.
-- Takes: as_of.
-- Used by: dunning.gateways.store.proposals.count_withheld
SELECT list, reason, count(*) AS row_count
FROM dunning.proposals
WHERE as_of = :as_of AND state = 'withheld'
GROUP BY list, reason
ORDER BY list, reason
