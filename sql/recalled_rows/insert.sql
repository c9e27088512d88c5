-- What: records which accounts of a list a recall took back, as they were recorded when they left.
-- Grain: one row per account that was out.
-- Takes: event_no of the recall.
-- Used by: dunning.gateways.store.recalls.RECALL
INSERT INTO dunning.recalled_rows (as_of, list_name, premise_no, payer_code, event_no)
SELECT deed.as_of, recall.list_name, deed.premise_no, deed.payer_code, recall.event_no
FROM dunning.intended_recalls AS recall
JOIN dunning.deeds AS deed ON deed.as_of = recall.as_of
WHERE recall.event_no = :event_no AND deed.state = 'done'
  AND CASE deed.channel WHEN 'field' THEN 'disconnections' WHEN 'court' THEN 'court' ELSE 'reminders' END
      = recall.list_name
  AND (
      recall.premises IS NULL
      OR (deed.premise_no, deed.payer_code) IN (
          SELECT wanted.premise_no, wanted.payer_code
          FROM unnest(recall.premises, recall.payers) AS wanted (premise_no, payer_code)
      )
  )
  AND NOT EXISTS (
      SELECT FROM dunning.recalled_rows AS recalled
      WHERE (recalled.as_of, recalled.list_name, recalled.premise_no, recalled.payer_code)
          = (deed.as_of, recall.list_name, deed.premise_no, deed.payer_code)
  )
