-- What: classification and open items as Parquet, and the lists as CSV, from `open_items`: what a good SQL developer
--       would write for the contract's sections 3 to 5 in an afternoon.
-- Does less than `dunning classify`, `propose` and `write`: no changeover (each BGN amount is converted by itself), one
--       pair of interest rates on what is open today, no settlement pieces, no agreements (which need the pieces), no
--       ten years and no restarts of limitation, no `limitation_near`, no reason codes but one, no why_not, no
--       next_stage, no policy versions, no books; phone numbers and e-mail addresses are taken as they stand, nothing is
--       neutralised for spreadsheets, the court list is not parted and knows no interest segments, no withheld rows, no
--       messages, no workbooks.
-- Grain: of each file, as its contract says.
-- Takes: {flat}, {out} (folders), {as_of}.
CREATE TEMP TABLE facts AS
WITH counting AS (
    SELECT
        account_id,
        max(sent_on) FILTER (WHERE stage = 0 AND served_on <= DATE '{as_of}' - 15) AS reminded_on,
        max(sent_on) FILTER (WHERE stage = 1 AND served_on <= DATE '{as_of}' - 30) AS last_warned_on,
        max(sent_on) FILTER (WHERE stage = 2 AND served_on <= DATE '{as_of}' - 15) AS cut_warned_on
    FROM read_parquet('{flat}/notices.parquet')
    WHERE sent_on <= DATE '{as_of}' AND served_on >= DATE '{as_of}' - 180
    GROUP BY account_id
),
held AS (
    SELECT DISTINCT account_id, item_id
    FROM read_parquet('{flat}/holds.parquet')
    WHERE valid_from <= DATE '{as_of}' AND (valid_until IS NULL OR valid_until > DATE '{as_of}')
),
in_court AS (
    SELECT DISTINCT item_id
    FROM read_parquet('{flat}/case_items.parquet') JOIN read_parquet('{flat}/cases.parquet') USING (case_id)
    WHERE filed_on <= DATE '{as_of}' AND NOT (stage = 3 AND stage_on <= DATE '{as_of}')
),
equalised AS (
    SELECT account_id, season, min(due_on) AS equalised_on
    FROM read_parquet('{flat}/equalisations.parquet')
    WHERE issued_on <= DATE '{as_of}'
    GROUP BY account_id, season
),
shielded AS (
    SELECT
        open_items.*,
        equalised_on,
        CASE
            WHEN in_court.item_id IS NOT NULL THEN 'court'
            WHEN by_item.item_id IS NOT NULL OR by_account.account_id IS NOT NULL THEN 'hold'
        END AS shield,
        due_on + 1 + CASE WHEN kind IN (4, 6, 7, 8) THEN INTERVAL 5 YEAR ELSE INTERVAL 3 YEAR END AS limitation_on,
        CASE
            WHEN kind IN (0, 2, 3, 6) THEN due_on + 1
            WHEN kind = 1 THEN greatest(due_on, equalised_on) + 1
        END AS bears_from
    FROM open_items
    LEFT JOIN in_court USING (item_id)
    LEFT JOIN held AS by_item ON by_item.item_id = open_items.item_id
    LEFT JOIN (SELECT DISTINCT account_id FROM held WHERE item_id IS NULL) AS by_account
        ON by_account.account_id = open_items.account_id
    LEFT JOIN equalised ON equalised.account_id = open_items.account_id AND equalised.season = open_items.season
),
aged AS (
    SELECT
        shielded.*,
        shield IS NULL AND due_on < DATE '{as_of}' AS is_overdue,
        kind NOT IN (6, 7, 8) AND (kind <> 1 OR equalised_on IS NOT NULL) AND limitation_on > DATE '{as_of}' AS may_claim,
        due_on < reminded_on AS is_warned,
        due_on < last_warned_on AS is_last_warned,
        due_on < cut_warned_on AS is_cut_warned,
        round(
            open_cents * (
                1315 * greatest(0, DATE '2026-01-01' - bears_from)
                + 1191 * (DATE '{as_of}' - greatest(bears_from, DATE '2026-01-01') + 1)
            ) / 3600000.0
        )::BIGINT AS interest_cents
    FROM shielded LEFT JOIN counting USING (account_id)
)
SELECT *, greatest(0, DATE '{as_of}' - due_on) AS days_overdue FROM aged;

CREATE TEMP TABLE accounts AS
WITH paid AS (
    SELECT account_id, sum(CASE WHEN is_bgn THEN (amount_minor * 200000 + 195583) // 391166 ELSE amount_minor END) AS cents
    FROM read_parquet('{flat}/payments.parquet')
    WHERE paid_on <= DATE '{as_of}' AND (reversed_on IS NULL OR reversed_on > DATE '{as_of}')
    GROUP BY account_id
),
invoiced AS (
    SELECT account_id, sum(CASE WHEN is_bgn THEN (amount_minor * 200000 + 195583) // 391166 ELSE amount_minor END) AS cents
    FROM read_parquet('{flat}/items.parquet')
    WHERE issued_on <= DATE '{as_of}'
    GROUP BY account_id
),
sums AS (
    SELECT
        account_id,
        sum(open_cents)::BIGINT AS open_cents,
        sum(open_cents) FILTER (WHERE is_overdue)::BIGINT AS overdue_cents,
        sum(interest_cents)::BIGINT AS interest_cents,
        sum(open_cents) FILTER (WHERE shield IS NOT NULL)::BIGINT AS shielded_cents,
        count(*) FILTER (WHERE is_overdue)::INTEGER AS overdue_items,
        min(due_on) FILTER (WHERE is_overdue) AS oldest_due_on,
        min(limitation_on) FILTER (WHERE is_overdue) AS limitation_on,
        sum(open_cents) FILTER (WHERE is_overdue AND may_claim AND is_warned)::BIGINT AS warned_cents,
        min(due_on) FILTER (WHERE is_overdue AND may_claim AND is_warned) AS warned_due_on,
        sum(open_cents) FILTER (WHERE is_overdue AND may_claim AND is_last_warned)::BIGINT AS last_warned_cents,
        min(due_on) FILTER (WHERE is_overdue AND may_claim AND is_last_warned) AS last_warned_due_on,
        sum(open_cents) FILTER (WHERE is_overdue AND is_cut_warned AND limitation_on > DATE '{as_of}')::BIGINT AS cut_cents,
        min(due_on) FILTER (WHERE is_overdue AND is_cut_warned AND limitation_on > DATE '{as_of}') AS cut_due_on
    FROM facts
    GROUP BY account_id
)
SELECT
    parties.*,
    CASE
        WHEN last_warned_cents >= 10000 AND DATE '{as_of}' - last_warned_due_on >= 180 THEN 'court_bound'
        WHEN warned_cents >= 5000 AND DATE '{as_of}' - warned_due_on >= 60 THEN 'final_warning'
        WHEN overdue_cents >= 100 THEN 'overdue'
        ELSE 'current'
    END AS stage,
    coalesce(open_cents, 0) AS open_cents,
    coalesce(overdue_cents, 0) AS overdue_cents,
    coalesce(interest_cents, 0) AS interest_cents,
    greatest(0, coalesce(paid.cents, 0) - coalesce(invoiced.cents, 0))::BIGINT AS credit_cents,
    coalesce(shielded_cents, 0) AS shielded_cents,
    coalesce(overdue_items, 0) AS overdue_items,
    oldest_due_on,
    coalesce(DATE '{as_of}' - oldest_due_on, 0) AS days_overdue,
    limitation_on,
    CASE WHEN overdue_cents > 0 THEN 'overdue' WHEN open_cents > 0 THEN 'not_due' ELSE 'nothing_open' END AS reasons,
    cut_cents,
    cut_due_on
FROM read_parquet('{flat}/accounts.parquet') AS parties
LEFT JOIN sums USING (account_id)
LEFT JOIN paid USING (account_id)
LEFT JOIN invoiced USING (account_id)
WHERE began_on <= DATE '{as_of}';

COPY (
    SELECT
        premise_no, payer_code, stage, open_cents, overdue_cents, interest_cents, credit_cents, shielded_cents,
        overdue_items, oldest_due_on, days_overdue, limitation_on, reasons
    FROM accounts
) TO '{out}/classification.parquet' (FORMAT parquet, COMPRESSION lz4);

COPY (
    SELECT
        invoice_no, premise_no, payer_code, kind, due_on, amount_cents, facts.open_cents, facts.interest_cents,
        facts.days_overdue, shield, facts.limitation_on, amount_minor AS original_amount, is_bgn
    FROM facts JOIN accounts USING (account_id)
) TO '{out}/open_items.parquet' (FORMAT parquet, COMPRESSION lz4);

CREATE TEMP TABLE reached AS
WITH newest AS (
    SELECT payer_id, channel, arg_max(address, registered_at) AS address
    FROM read_parquet('{flat}/contacts.parquet')
    WHERE registered_at < DATE '{as_of}' + 1 AND (revoked_at IS NULL OR revoked_at >= DATE '{as_of}' + 1)
    GROUP BY payer_id, channel
)
SELECT
    accounts.*,
    CASE WHEN sms.address IS NOT NULL THEN 'sms' WHEN email.address IS NOT NULL THEN 'email' ELSE 'post' END AS channel,
    coalesce(
        sms.address, email.address, post.address,
        postal_address || ', ' || postal_postcode || ' ' || postal_settlement
    ) AS address,
    name, national_id, is_person
FROM accounts
JOIN read_parquet('{flat}/payers.parquet') USING (payer_id)
LEFT JOIN newest AS sms ON sms.payer_id = accounts.payer_id AND sms.channel = 0
LEFT JOIN newest AS email ON email.payer_id = accounts.payer_id AND email.channel = 1
LEFT JOIN newest AS post ON post.payer_id = accounts.payer_id AND post.channel = 2
WHERE stage <> 'current' OR cut_cents >= 2000;

CREATE TEMP TABLE reminded AS
SELECT
    strftime(DATE '{as_of}', '%Y%m%d') || '-' || premise_no || '-' || payer_code AS reference, premise_no, payer_code,
    stage, channel, address, replace((overdue_cents / 100.0)::DECIMAL(18, 2)::VARCHAR, '.', ',') AS overdue
FROM reached
ANTI JOIN (
    SELECT account_id FROM read_parquet('{flat}/notices.parquet')
    WHERE stage IN (0, 1) AND sent_on > DATE '{as_of}' - 30 AND sent_on <= DATE '{as_of}'
) USING (account_id)
WHERE stage <> 'current' AND address IS NOT NULL AND overdue_cents >= CASE WHEN channel = 'post' THEN 500 ELSE 100 END;

COPY (SELECT * FROM reminded WHERE channel = 'sms' ORDER BY premise_no, payer_code)
TO '{out}/sms.csv' (FORMAT csv, DELIMITER ';', HEADER);

COPY (SELECT * FROM reminded WHERE channel = 'email' ORDER BY premise_no, payer_code)
TO '{out}/email.csv' (FORMAT csv, DELIMITER ';', HEADER);

COPY (SELECT * FROM reminded WHERE channel = 'post' ORDER BY premise_no, payer_code)
TO '{out}/post.csv' (FORMAT csv, DELIMITER ';', HEADER);

COPY (
    SELECT
        district, route, reached.premise_no, payer_code, meter_no,
        premises.address || ', ' || postcode || ' ' || settlement AS address,
        replace((cut_cents / 100.0)::DECIMAL(18, 2)::VARCHAR, '.', ',') AS overdue, cut_due_on AS oldest_due_on
    FROM reached JOIN read_parquet('{flat}/premises.parquet') AS premises USING (premise_id)
    WHERE cut_cents >= 2000 AND DATE '{as_of}' - cut_due_on >= 20 AND is_disconnectable
        AND NOT is_vulnerable AND NOT is_life_support
    ORDER BY district, route, reached.premise_no
) TO '{out}/disconnections.csv' (FORMAT csv, DELIMITER ';', HEADER);

COPY (
    SELECT
        'C-' || reached.premise_no || '-' || payer_code AS case_ref, reached.premise_no, payer_code, name, national_id, is_person,
        reached.address AS postal_address, premises.address AS premise_address, service,
        replace((open_cents / 100.0)::DECIMAL(18, 2)::VARCHAR, '.', ',') AS principal,
        replace((interest_cents / 100.0)::DECIMAL(18, 2)::VARCHAR, '.', ',') AS interest,
        replace((greatest(1278, (open_cents + interest_cents) * 2 // 100) / 100.0)::DECIMAL(18, 2)::VARCHAR, '.', ',')
            AS state_fee,
        overdue_items AS items, oldest_due_on, limitation_on
    FROM reached JOIN read_parquet('{flat}/premises.parquet') AS premises USING (premise_id)
    WHERE stage = 'court_bound'
    ORDER BY reached.premise_no, payer_code
) TO '{out}/court.csv' (FORMAT csv, DELIMITER ';', HEADER);

COPY (
    SELECT
        'C-' || premise_no || '-' || payer_code AS case_ref, invoice_no, kind, period_from, period_to, issued_on, due_on,
        replace((facts.open_cents / 100.0)::DECIMAL(18, 2)::VARCHAR, '.', ',') AS open,
        replace((amount_minor / 100.0)::DECIMAL(18, 2)::VARCHAR, '.', ',') AS original_amount, is_bgn,
        replace((facts.interest_cents / 100.0)::DECIMAL(18, 2)::VARCHAR, '.', ',') AS interest, facts.limitation_on
    FROM facts JOIN reached USING (account_id)
    WHERE stage = 'court_bound' AND is_overdue AND may_claim AND is_last_warned
    ORDER BY premise_no, payer_code, due_on, issued_on, invoice_no
) TO '{out}/court_items.csv' (FORMAT csv, DELIMITER ';', HEADER);
