-- What: the answers about a date's lists, in the order in which they came.
-- Grain: one row per answer.
-- Takes: as_of.
-- Used by: dunning.gateways.store.releases.fetch_answers
SELECT answer_no, run_id, as_of, list_name, answer, by_user, note, row_count, cents, files, recorded_at
FROM dunning.answers
WHERE as_of = :as_of
ORDER BY answer_no
