-- What: the deeds that were done on dates from one day until before another, in the order in which they were.
-- Grain: one row per deed.
-- Takes: since, before, written in by the driver.
-- Used by: dunning.gateways.store.deeds.fetch_deeds
COPY (
    SELECT premise_no, payer_code, stage, as_of, channel, reference
    FROM dunning.deeds
    WHERE as_of >= %(since)s AND as_of < %(before)s AND state = 'done'
    ORDER BY as_of, premise_no COLLATE "C", payer_code COLLATE "C", stage COLLATE "C", channel COLLATE "C"
) TO STDOUT (FORMAT csv)
