-- What: the accounts of a list that left the house and were not recalled.
-- Grain: one row per account.
-- Takes: as_of, list_name.
-- Used by: dunning.gateways.store.recalls.fetch_out
SELECT deed.premise_no, deed.payer_code, deed.principal_cents
FROM dunning.deeds AS deed
WHERE deed.as_of = :as_of AND deed.state = 'done'
  AND CASE deed.channel WHEN 'field' THEN 'disconnections' WHEN 'court' THEN 'court' ELSE 'reminders' END = :list_name
  AND NOT EXISTS (
      SELECT FROM dunning.recalled_rows AS recalled
      WHERE (recalled.as_of, recalled.list_name, recalled.premise_no, recalled.payer_code)
          = (deed.as_of, :list_name, deed.premise_no, deed.payer_code)
  )
ORDER BY deed.premise_no COLLATE "C", deed.payer_code COLLATE "C"
