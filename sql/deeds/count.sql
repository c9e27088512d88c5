-- What: how many deeds a date has, by state.
-- Grain: one row per state.
-- Takes: as_of.
-- Used by: dunning.gateways.store.actions.count_actions
SELECT state, count(*) AS row_count
FROM dunning.deeds
WHERE as_of = :as_of
GROUP BY state
ORDER BY state
