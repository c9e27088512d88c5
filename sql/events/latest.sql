-- What: the number of the last event; 0 before the first.
-- Grain: one row.
-- Takes: nothing.
-- Used by: dunning.gateways.store.events.latest_event
SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM dunning.events
