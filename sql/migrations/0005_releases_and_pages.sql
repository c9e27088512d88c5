-- What people do after a night: strikes, answers, releases, recalls, looks at what is protected. And what the pages show
-- of a closed night.

-- Everything that people do and that later nights must know has a number of one sequence: a run notes the last one that
-- it saw, so that it gives the same bytes again, whatever was done since. Taken under a lock (see store.events).
CREATE SEQUENCE dunning.events;
ALTER TABLE dunning.runs ADD COLUMN events_seen bigint NOT NULL DEFAULT 0;

CREATE FUNCTION dunning.keep_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are recorded once and stay: % refused', TG_TABLE_NAME, TG_OP;
END
$$;

-- Grain: one row per strike: an account kept from every list, by a person, from a day until a day.
CREATE TABLE dunning.holds (
    hold_no bigint PRIMARY KEY,
    premise_no text NOT NULL,
    payer_code text NOT NULL,
    list_name text NOT NULL,
    struck_on date NOT NULL,
    note text NOT NULL CHECK (note <> ''),
    author text NOT NULL CHECK (author <> ''),
    valid_from date NOT NULL,
    valid_until date NOT NULL CHECK (valid_until > valid_from),
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX holds_premise ON dunning.holds (premise_no, payer_code);

-- Grain: one row per strike that was ended early. ended_on: first day on which it holds no more.
CREATE TABLE dunning.hold_ends (
    event_no bigint PRIMARY KEY,
    hold_no bigint NOT NULL UNIQUE REFERENCES dunning.holds,
    ended_by text NOT NULL CHECK (ended_by <> ''),
    ended_on date NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);

-- Grain: one row per answer to "may this list leave the house?". files: SHA-256 by name of what was looked at.
CREATE TABLE dunning.answers (
    answer_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id bigint NOT NULL REFERENCES dunning.runs,
    as_of date NOT NULL,
    list_name text NOT NULL,
    answer text NOT NULL CHECK (answer IN ('approved', 'rejected', 'expired', 'automatic')),
    by_user text NOT NULL CHECK (by_user <> ''),
    note text NOT NULL,
    row_count bigint NOT NULL,
    cents bigint NOT NULL,
    files jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX answers_as_of ON dunning.answers (as_of);

-- Grain: one row per released list of a date. event_no: null for what left with the night itself.
-- row_count, cents: what left; dropped: rows that the last look kept back. `intended` before the files, `done` after.
CREATE TABLE dunning.releases (
    as_of date NOT NULL,
    list_name text NOT NULL CHECK (list_name IN ('reminders', 'disconnections', 'court')),
    run_id bigint NOT NULL REFERENCES dunning.runs,
    event_no bigint UNIQUE,
    state text NOT NULL CHECK (state IN ('intended', 'done')),
    row_count bigint NOT NULL,
    cents bigint NOT NULL,
    dropped bigint NOT NULL,
    out text NOT NULL,
    manifest_sha256 text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (as_of, list_name)
);

CREATE FUNCTION dunning.keep_releases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'done' THEN
        RAISE EXCEPTION 'what has left the house is recorded once and stays: % refused', TG_OP;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;

-- Grain: one row per release that was taken back. recalled_on: first date whose decisions do not know it any more.
CREATE TABLE dunning.recalls (
    event_no bigint PRIMARY KEY,
    as_of date NOT NULL,
    list_name text NOT NULL,
    recalled_by text NOT NULL CHECK (recalled_by <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    row_count bigint NOT NULL,
    out text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (as_of, list_name),
    FOREIGN KEY (as_of, list_name) REFERENCES dunning.releases
);

-- Grain: one row per look at a whole identifier, and per file taken.
CREATE TABLE dunning.accesses (
    access_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_name text NOT NULL CHECK (user_name <> ''),
    action text NOT NULL CHECK (action IN ('unmask', 'download', 'story', 'notice')),
    subject text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);

CREATE TRIGGER keep_holds BEFORE UPDATE OR DELETE ON dunning.holds FOR EACH ROW EXECUTE FUNCTION dunning.keep_rows();
CREATE TRIGGER keep_ends BEFORE UPDATE OR DELETE ON dunning.hold_ends FOR EACH ROW EXECUTE FUNCTION dunning.keep_rows();
CREATE TRIGGER keep_answers BEFORE UPDATE OR DELETE ON dunning.answers FOR EACH ROW EXECUTE FUNCTION dunning.keep_rows();
CREATE TRIGGER keep_recalls BEFORE UPDATE OR DELETE ON dunning.recalls FOR EACH ROW EXECUTE FUNCTION dunning.keep_rows();
CREATE TRIGGER keep_accesses BEFORE UPDATE OR DELETE ON dunning.accesses
    FOR EACH ROW EXECUTE FUNCTION dunning.keep_rows();
CREATE TRIGGER keep_releases BEFORE UPDATE OR DELETE ON dunning.releases
    FOR EACH ROW EXECUTE FUNCTION dunning.keep_releases();

-- Deeds of the other lists: a disconnection handed to the field, a case handed to court. event_no: of the release that
-- did it; null where it left with the night itself.
ALTER TABLE dunning.deeds ADD COLUMN event_no bigint;
ALTER TABLE dunning.deeds DROP CONSTRAINT deeds_stage_check;
ALTER TABLE dunning.deeds ADD CONSTRAINT deeds_stage_check
    CHECK (stage IN ('overdue', 'final_warning', 'disconnection', 'disconnection_order', 'court_case'));
ALTER TABLE dunning.deeds DROP CONSTRAINT deeds_channel_check;
ALTER TABLE dunning.deeds ADD CONSTRAINT deeds_channel_check
    CHECK (channel IN ('sms', 'email', 'post', 'field', 'court'));

-- Grain: one row per closed date and figure. kind `stage` (accounts and what they owe) or `list` (rows and their sum).
CREATE TABLE dunning.figures (
    as_of date NOT NULL,
    kind text NOT NULL CHECK (kind IN ('stage', 'list')),
    name text NOT NULL,
    row_count bigint NOT NULL,
    cents bigint NOT NULL,
    PRIMARY KEY (as_of, kind, name)
);

-- Grain: one row per closed date, service, district, stage and age of open items (`near_limitation` besides its age).
CREATE TABLE dunning.ageing (
    as_of date NOT NULL,
    service text NOT NULL,
    district text NOT NULL,
    stage text NOT NULL,
    band text NOT NULL,
    items bigint NOT NULL,
    cents bigint NOT NULL,
    PRIMARY KEY (as_of, service, district, stage, band)
);

-- Grain: one row per closed date and pair of stages between which accounts moved since the closed date before.
-- An account that owes nothing is `current`. open_cents: what they owe now.
CREATE TABLE dunning.stage_moves (
    as_of date NOT NULL,
    from_stage text NOT NULL,
    to_stage text NOT NULL,
    accounts bigint NOT NULL,
    open_cents bigint NOT NULL,
    PRIMARY KEY (as_of, from_stage, to_stage)
);
