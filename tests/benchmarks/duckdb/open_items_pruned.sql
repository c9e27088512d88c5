-- What: open_items as open_items_plain.sql makes it, the trick told: only accounts that owe go through the windows.
-- Grain: one row per open item.
-- Takes: {flat}, the folder of the flat tables; {as_of}.
CREATE TEMP TABLE open_items AS
WITH invoices AS (
    SELECT
        account_id, item_id, invoice_no, kind, season, period_from, period_to, issued_on, due_on, amount_minor, is_bgn,
        CASE WHEN is_bgn THEN (amount_minor * 200000 + 195583) // 391166 ELSE amount_minor END AS amount_cents
    FROM read_parquet('{flat}/items.parquet')
    WHERE issued_on <= DATE '{as_of}'
),
money AS (
    SELECT
        account_id, item_id,
        CASE WHEN is_bgn THEN (amount_minor * 200000 + 195583) // 391166 ELSE amount_minor END AS cents
    FROM read_parquet('{flat}/payments.parquet')
    WHERE paid_on <= DATE '{as_of}' AND (reversed_on IS NULL OR reversed_on > DATE '{as_of}')
),
paid AS (
    SELECT account_id, sum(cents)::BIGINT AS cents FROM money GROUP BY account_id
),
owed AS (
    SELECT account_id, sum(amount_cents)::BIGINT AS cents FROM invoices GROUP BY account_id
),
owing AS MATERIALIZED (
    SELECT account_id, coalesce(paid.cents, 0) AS paid_cents
    FROM owed LEFT JOIN paid USING (account_id)
    WHERE owed.cents > coalesce(paid.cents, 0)
),
named AS (
    SELECT item_id, sum(cents)::BIGINT AS cents
    FROM money SEMI JOIN owing USING (account_id)
    WHERE item_id IS NOT NULL
    GROUP BY item_id
),
lines AS (
    SELECT invoices.*, paid_cents, least(amount_cents, coalesce(named.cents, 0)) AS named_cents
    FROM invoices JOIN owing USING (account_id) LEFT JOIN named USING (item_id)
),
running AS (
    SELECT
        *,
        amount_cents - named_cents AS rest_cents,
        sum(amount_cents - named_cents) OVER (
            PARTITION BY account_id ORDER BY due_on, issued_on, invoice_no ROWS UNBOUNDED PRECEDING
        )::BIGINT AS reached,
        sum(named_cents) OVER (PARTITION BY account_id)::BIGINT AS named_total
    FROM lines
),
allocated AS (
    SELECT *, greatest(0, least(rest_cents, reached - (paid_cents - named_total))) AS open_cents FROM running
)
SELECT * EXCLUDE (paid_cents) FROM allocated WHERE open_cents > 0;
