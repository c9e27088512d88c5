-- What: keeps one figure of a closed date.
-- Grain: one row.
-- Takes: as_of, kind, name, row_count, cents.
-- Used by: dunning.gateways.store.figures.replace_figures
INSERT INTO dunning.figures (as_of, kind, name, row_count, cents)
VALUES (:as_of, :kind, :name, :row_count, :cents)
