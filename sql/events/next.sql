-- What: the number of a new event.
-- Grain: one row.
-- Takes: nothing.
-- Used by: dunning.gateways.store.events.next_event
SELECT nextval('dunning.events')
