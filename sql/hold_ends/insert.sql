-- What: ends a strike early.
-- Grain: one row.
-- Takes: event_no, hold_no, ended_by, ended_on.
-- Used by: dunning.gateways.store.holds.end_hold
INSERT INTO dunning.hold_ends (event_no, hold_no, ended_by, ended_on)
VALUES (:event_no, :hold_no, :ended_by, :ended_on)
