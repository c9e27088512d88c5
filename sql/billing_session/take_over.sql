-- What: lets this transaction see the moment that another connection exported.
-- Grain: none.
-- Takes: snapshot, written in by the driver.
-- Used by: dunning.gateways.billing.copies
SET TRANSACTION SNAPSHOT %(snapshot)s
