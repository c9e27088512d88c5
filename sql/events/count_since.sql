-- What: how many releases and recalls were recorded after an event.
-- Grain: one row.
-- Takes: event_no.
-- Used by: dunning.gateways.store.events.count_actions_since
SELECT (SELECT count(*) FROM dunning.releases WHERE event_no > :event_no)
     + (SELECT count(*) FROM dunning.recalls WHERE event_no > :event_no)
