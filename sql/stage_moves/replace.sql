-- What: counts who moved between stages since the closed date before.
-- Grain: one row per pair of stages.
-- Takes: as_of, before.
-- Used by: dunning.gateways.store.figures.replace_stage_moves
INSERT INTO dunning.stage_moves (as_of, from_stage, to_stage, accounts, open_cents)
SELECT
    CAST(:as_of AS date),
    COALESCE(old.stage, 'current') AS from_stage,
    COALESCE(new.stage, 'current') AS to_stage,
    count(*),
    COALESCE(sum(new.open_cents), 0)
FROM (SELECT premise_no, payer_code, stage FROM dunning.decisions WHERE as_of = :before) AS old
FULL JOIN (SELECT premise_no, payer_code, stage, open_cents FROM dunning.decisions WHERE as_of = :as_of) AS new
    USING (premise_no, payer_code)
WHERE COALESCE(old.stage, 'current') <> COALESCE(new.stage, 'current')
GROUP BY 2, 3
