-- What: gives a long reading its own limits, whatever the role's are, and one way of writing days and instants.
-- Grain: one row.
-- Takes: statement_timeout, lock_timeout, written in by the driver; they end with the transaction.
-- Used by: dunning.gateways.billing.copies
SELECT
    set_config('statement_timeout', %(statement_timeout)s, true) AS statement_timeout,
    set_config('lock_timeout', %(lock_timeout)s, true) AS lock_timeout,
    set_config('timezone', 'Europe/Sofia', true) AS timezone,
    set_config('datestyle', 'ISO, YMD', true) AS datestyle
