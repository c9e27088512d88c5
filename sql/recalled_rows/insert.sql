-- What: records which accounts of a list a recall takes back, as they were recorded when they left.
-- Grain: one row per account that is out still.
-- Takes: event_no, as_of, list_name, premises and payers (arrays, place by place), or null for all.
-- Used by: dunning.gateways.store.recalls.append_recall
INSERT INTO dunning.recalled_rows (as_of, list_name, premise_no, payer_code, event_no)
SELECT deed.as_of, :list_name, deed.premise_no, deed.payer_code, :event_no
FROM dunning.deeds AS deed
WHERE deed.as_of = :as_of AND deed.state = 'done'
  AND CASE deed.channel WHEN 'field' THEN 'disconnections' WHEN 'court' THEN 'court' ELSE 'reminders' END = :list_name
  AND (
      CAST(:premises AS text[]) IS NULL
      OR (deed.premise_no, deed.payer_code) IN (
          SELECT wanted.premise_no, wanted.payer_code
          FROM unnest(CAST(:premises AS text[]), CAST(:payers AS text[])) AS wanted (premise_no, payer_code)
      )
  )
  AND NOT EXISTS (
      SELECT FROM dunning.recalled_rows AS recalled
      WHERE (recalled.as_of, recalled.list_name, recalled.premise_no, recalled.payer_code)
          = (deed.as_of, :list_name, deed.premise_no, deed.payer_code)
  )
