-- What: the messages that were sent on dates from one day until before another, in the order in which they were; those
--     of a release or a recall only as far as a run knows of these.
-- Grain: one row per deed.
-- Takes: since, before, events_seen, written in by the driver.
-- Used by: dunning.gateways.store.actions.fetch_actions
COPY (
    SELECT deed.premise_no, deed.payer_code, deed.stage, deed.as_of, deed.channel, deed.reference,
        deed.written_to
    FROM dunning.deeds AS deed
    WHERE deed.as_of >= %(since)s AND deed.as_of < %(before)s
      AND deed.state = 'done' AND deed.channel IN ('sms', 'email', 'post')
      AND COALESCE(deed.event_no, 0) <= %(events_seen)s
      AND NOT EXISTS (
          SELECT FROM dunning.recalled_rows AS recalled
          WHERE (recalled.as_of, recalled.list_name, recalled.premise_no, recalled.payer_code)
              = (deed.as_of, 'reminders', deed.premise_no, deed.payer_code)
            AND recalled.event_no <= %(events_seen)s
      )
    ORDER BY deed.as_of, deed.premise_no COLLATE "C", deed.payer_code COLLATE "C", deed.stage COLLATE "C",
        deed.channel COLLATE "C"
) TO STDOUT (FORMAT csv)
