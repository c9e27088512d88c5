-- What: keeps the server from ending a transaction that waits or lasts; only of the limits that its version knows.
-- Grain: one row a limit.
-- Takes: nothing; they end with the transaction.
-- Used by: dunning.gateways.billing.copies
SELECT set_config(name, '0', true) AS value
FROM pg_settings
WHERE name IN ('idle_in_transaction_session_timeout', 'transaction_timeout')
