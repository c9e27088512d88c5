-- What: the disconnections and cases that were handed over from one day until before another, as far as a run knows of them.
-- Grain: one row per deed.
-- Takes: since, before, events_seen, written in by the driver.
-- Used by: dunning.gateways.store.actions.fetch_handed_over
COPY (
    SELECT
        CASE deed.channel WHEN 'field' THEN 'disconnections' ELSE 'court' END AS list, deed.premise_no, deed.payer_code,
        deed.as_of
    FROM dunning.deeds AS deed
    WHERE deed.as_of >= %(since)s AND deed.as_of < %(before)s
      AND deed.state = 'done' AND deed.channel IN ('field', 'court') AND deed.event_no <= %(events_seen)s
      AND NOT EXISTS (
          SELECT FROM dunning.recalled_rows AS recalled
          WHERE recalled.as_of = deed.as_of AND recalled.event_no <= %(events_seen)s
            AND recalled.list_name = CASE deed.channel WHEN 'field' THEN 'disconnections' ELSE 'court' END
            AND (recalled.premise_no, recalled.payer_code) = (deed.premise_no, deed.payer_code)
      )
    ORDER BY 1, deed.premise_no COLLATE "C", deed.payer_code COLLATE "C", deed.as_of
) TO STDOUT (FORMAT csv)
