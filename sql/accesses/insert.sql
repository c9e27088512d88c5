-- What: records a look at a whole identifier, or a file taken.
-- Grain: one row.
-- Takes: user_name, action, subject.
-- Used by: dunning.gateways.store.access.append_access
INSERT INTO dunning.accesses (user_name, action, subject)
VALUES (:user_name, :action, :subject)
