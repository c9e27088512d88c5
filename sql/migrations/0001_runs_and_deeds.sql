-- Runs, what they knew of ledger and policy, and the deeds: what has left the house, recorded once.

-- One row per run of any kind. Which day it spoke for is `as_of`; the two instants are for operators and decide nothing.
-- running -> closing -> closed (books closed, deeds done), or running -> written (files only), or -> failed.
CREATE TABLE dunning.runs (
    run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    as_of date NOT NULL,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'closing', 'closed', 'written', 'failed')),
    is_recording boolean NOT NULL,
    ledger_fingerprint text,
    snapshot_name text,
    policy_version text,
    policy_sha256 text,
    out text,
    manifest_sha256 text,
    newest_invoice_on date,
    newest_payment_on date,
    receipts jsonb NOT NULL DEFAULT '{}',
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    CHECK (is_recording OR state NOT IN ('closing', 'closed')),
    CHECK (manifest_sha256 IS NOT NULL OR state NOT IN ('closed', 'written'))
);

-- A date's books are closed once, and one close is under way at most.
CREATE UNIQUE INDEX runs_closed ON dunning.runs (as_of) WHERE state = 'closed';
CREATE UNIQUE INDEX runs_closing ON dunning.runs ((true)) WHERE state = 'closing';
CREATE INDEX runs_as_of ON dunning.runs (as_of);

-- One row per deed. `intended` before its files are published, `done` after; a deed that is done stays for ever.
CREATE TABLE dunning.deeds (
    premise_no text NOT NULL,
    payer_code text NOT NULL,
    stage text NOT NULL CHECK (stage IN ('overdue', 'final_warning', 'disconnection')),
    as_of date NOT NULL,
    channel text NOT NULL CHECK (channel IN ('sms', 'email', 'post')),
    reference text NOT NULL UNIQUE,
    overdue_cents bigint NOT NULL,
    state text NOT NULL CHECK (state IN ('intended', 'done')),
    run_id bigint NOT NULL REFERENCES dunning.runs,
    PRIMARY KEY (premise_no, payer_code, stage, as_of, channel)
);
CREATE INDEX deeds_as_of ON dunning.deeds (as_of);

CREATE FUNCTION dunning.keep_deeds() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.state = 'intended' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.state = 'intended' AND NEW.state = 'done'
        AND (NEW.premise_no, NEW.payer_code, NEW.stage, NEW.as_of, NEW.channel, NEW.reference, NEW.overdue_cents, NEW.run_id)
          = (OLD.premise_no, OLD.payer_code, OLD.stage, OLD.as_of, OLD.channel, OLD.reference, OLD.overdue_cents, OLD.run_id)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'deeds are recorded once and stay: % refused', TG_OP;
END
$$;

CREATE TRIGGER keep_deeds BEFORE UPDATE OR DELETE ON dunning.deeds
    FOR EACH ROW EXECUTE FUNCTION dunning.keep_deeds();
CREATE TRIGGER keep_all_deeds BEFORE TRUNCATE ON dunning.deeds
    FOR EACH STATEMENT EXECUTE FUNCTION dunning.keep_deeds();
