-- What: our holds that a run knows, with their ends as far as it knows these.
-- Grain: one row per hold, by number.
-- Takes: events_seen, written in by the driver.
-- Used by: dunning.gateways.store.holds.fetch_seen_holds
COPY (
    SELECT
        hold.hold_no, hold.premise_no, hold.payer_code, hold.reason, hold.note, hold.author, hold.valid_from,
        LEAST(hold.valid_until, ended.ended_on) AS valid_until
    FROM dunning.holds AS hold
    LEFT JOIN dunning.hold_ends AS ended ON ended.hold_no = hold.hold_no AND ended.event_no <= %(events_seen)s
    WHERE hold.hold_no <= %(events_seen)s
    ORDER BY hold.hold_no
) TO STDOUT (FORMAT csv)
