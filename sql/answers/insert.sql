-- What: records an answer to whether a list may leave the house.
-- Grain: one row; gives its number.
-- Takes: run_id, as_of, list_name, answer, by_user, note, row_count, cents, files (JSON).
-- Used by: dunning.gateways.store.releases.append_answer
INSERT INTO dunning.answers (run_id, as_of, list_name, answer, by_user, note, row_count, cents, files)
VALUES (:run_id, :as_of, :list_name, :answer, :by_user, :note, :row_count, :cents, CAST(:files AS jsonb))
RETURNING answer_no
