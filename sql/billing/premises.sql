-- What: the premises that are supplied.
-- Grain: one row per premise_no, in that order; then by all columns, so that equal data is equal bytes.
-- Takes: nothing; it may take :as_of, the day of the run.
-- Used by: dunning.gateways.billing.queries
SELECT
    premise_no, service, district, route, address, settlement, postcode, meter_no, disconnectable, vulnerable,
    life_support
FROM premises
ORDER BY
    premise_no, service, district, route, address, settlement, postcode, meter_no, disconnectable, vulnerable,
    life_support
