-- What: everything that left the house about one account, the newest first.
-- Grain: one row per deed.
-- Takes: premise_no, payer_code.
-- Used by: dunning.gateways.store.actions.fetch_account_actions
SELECT
    deed.stage, deed.as_of, deed.channel, deed.reference, deed.principal_cents, deed.state, recall.recorded_at AS recalled_at,
    recall.recalled_by, recall.reason AS recall_reason
FROM dunning.deeds AS deed
LEFT JOIN dunning.recalled_rows AS recalled
    ON (recalled.as_of, recalled.premise_no, recalled.payer_code) = (deed.as_of, deed.premise_no, deed.payer_code)
    AND recalled.list_name = CASE deed.channel WHEN 'field' THEN 'disconnections' WHEN 'court' THEN 'court' ELSE 'reminders' END
LEFT JOIN dunning.recalls AS recall ON recall.event_no = recalled.event_no
WHERE deed.premise_no = :premise_no AND deed.payer_code = :payer_code AND deed.state = 'done'
ORDER BY deed.as_of DESC, deed.stage, deed.channel
