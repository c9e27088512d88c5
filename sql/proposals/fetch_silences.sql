-- What: whose message was withheld because of another list, night after night up to the last one, and since when.
-- Grain: one row per account.
-- Takes: since, before, written in by the driver.
-- Used by: dunning.gateways.store.proposals.fetch_silences
COPY (
    WITH nights AS (
        SELECT as_of, row_number() OVER (ORDER BY as_of DESC) AS nights_ago
        FROM dunning.runs
        WHERE state = 'closed' AND as_of >= %(since)s AND as_of < %(before)s
    ),
    held AS (
        SELECT
            row.premise_no, row.payer_code, row.as_of, row.reason, nights.nights_ago,
            row_number() OVER (PARTITION BY row.premise_no, row.payer_code ORDER BY row.as_of DESC) AS place
        FROM dunning.proposals AS row
        JOIN nights USING (as_of)
        WHERE row.list = 'reminders' AND row.state = 'withheld'
          AND (row.premise_no, row.payer_code) IN (
              SELECT silent.premise_no, silent.payer_code
              FROM dunning.proposals AS silent
              WHERE silent.as_of >= %(since)s AND silent.as_of < %(before)s
                AND silent.list = 'reminders' AND silent.state = 'withheld' AND silent.reason = 'on_list'
          )
    )
    SELECT premise_no, payer_code, min(as_of) AS since
    FROM held
    WHERE nights_ago = place AND reason = 'on_list'
    GROUP BY premise_no, payer_code
    ORDER BY premise_no COLLATE "C", payer_code COLLATE "C"
) TO STDOUT (FORMAT csv)
