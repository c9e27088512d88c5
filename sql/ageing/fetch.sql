-- What: the ageing of a date.
-- Grain: one row per service, district, stage and band, in this order.
-- Takes: as_of, written in by the driver.
-- Used by: dunning.gateways.store.figures.fetch_ageing
COPY (
    SELECT service, district, stage, band, items, cents
    FROM dunning.ageing
    WHERE as_of = %(as_of)s
    ORDER BY service COLLATE "C", district COLLATE "C", stage COLLATE "C", band COLLATE "C"
) TO STDOUT (FORMAT csv)
