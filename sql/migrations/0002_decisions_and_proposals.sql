-- What the books of a date say, one partition a date.
--
-- A partition is made beside the table and attached, which locks no reader out; a date that is there already is emptied
-- and filled again in one transaction, during which readers go on seeing its old rows; an old date is dropped with its
-- partition, at no cost in rows.

-- Grain: one row per account that owes on `as_of`. Sums in euro cents.
CREATE TABLE dunning.decisions (
    as_of date NOT NULL,
    premise_no text NOT NULL,
    payer_code text NOT NULL,
    stage text NOT NULL,
    open_cents bigint NOT NULL CHECK (open_cents > 0),
    overdue_cents bigint NOT NULL,
    interest_cents bigint NOT NULL,
    credit_cents bigint NOT NULL,
    shielded_cents bigint NOT NULL,
    overdue_items int NOT NULL,
    oldest_due_on date,
    days_overdue int NOT NULL,
    limitation_on date,
    reasons text NOT NULL,
    why_not text NOT NULL,
    rule text NOT NULL,
    next_stage text,
    next_on date,
    policy_version text NOT NULL,
    PRIMARY KEY (as_of, premise_no, payer_code)
) PARTITION BY LIST (as_of);

-- Grain: one row per action that a run wants, or withholds with a reason. `list`: where it would stand.
CREATE TABLE dunning.proposals (
    as_of date NOT NULL,
    list text NOT NULL CHECK (list IN ('reminders', 'disconnections', 'court')),
    premise_no text NOT NULL,
    payer_code text NOT NULL,
    stage text NOT NULL,
    channel text,
    overdue_cents bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('proposed', 'released', 'withheld')),
    reason text,
    reference text,
    CHECK (state <> 'withheld' OR COALESCE(reason, '') <> ''),
    PRIMARY KEY (as_of, list, premise_no, payer_code, stage)
) PARTITION BY LIST (as_of);

-- Makes an empty partition of a date, or empties the one that is there.
CREATE FUNCTION dunning.open_date(parent text, day date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    part text := parent || '_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF to_regclass(format('dunning.%I', part)) IS NULL THEN
        EXECUTE format('CREATE TABLE dunning.%I (LIKE dunning.%I INCLUDING CONSTRAINTS)', part, parent);
        EXECUTE format('ALTER TABLE dunning.%I ATTACH PARTITION dunning.%I FOR VALUES IN (%L)', parent, part, day);
    ELSE
        EXECUTE format('DELETE FROM dunning.%I', part);
    END IF;
END
$$;
