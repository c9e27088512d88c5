-- What: takes the ageing of a date in bulk.
-- Grain: one row per service, district, stage and band.
-- Takes: CSV without header, columns in this order.
-- Used by: dunning.gateways.store.figures.replace_ageing
COPY dunning.ageing (as_of, service, district, stage, band, items, cents) FROM STDIN (FORMAT csv)
