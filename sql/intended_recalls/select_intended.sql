-- What: the recalls under way. number: which of its list's recalls it will be, from 1.
-- Grain: one row per recall.
-- Takes: nothing.
-- Used by: dunning.gateways.store.outbox.fetch_intents
SELECT
    this.event_no, this.as_of, this.list_name, this.out, this.manifest_sha256,
    (
        SELECT count(*) + 1
        FROM dunning.recalls AS earlier
        WHERE (earlier.as_of, earlier.list_name) = (this.as_of, this.list_name)
    ) AS number
FROM dunning.intended_recalls AS this
ORDER BY this.event_no
