-- What: our holds with their early ends, the newest first.
-- Grain: one row per hold.
-- Takes: premise_no, or null for all.
-- Used by: dunning.gateways.store.holds.fetch_holds
SELECT
    hold.hold_no, hold.premise_no, hold.payer_code, hold.list_name, hold.struck_on, hold.reason, hold.note,
    hold.document, hold.author, hold.valid_from, hold.valid_until, hold.recorded_at, ended.ended_by, ended.ended_on
FROM dunning.holds AS hold
LEFT JOIN dunning.hold_ends AS ended USING (hold_no)
WHERE CAST(:premise_no AS text) IS NULL OR hold.premise_no = :premise_no
ORDER BY hold.hold_no DESC
