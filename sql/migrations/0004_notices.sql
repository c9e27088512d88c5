-- The monthly notices: which groups were written to on which day, how their receipt is confirmed, which wording was sent.

-- Grain: one row per date and service. `intended` before the files are published, `done` after; what is done stays.
-- manifest_sha256: by which an interrupted publishing is recognised as done. content_sha256: the same without
-- signatures, whose bytes may differ each time.
CREATE TABLE dunning.notice_runs (
    as_of date NOT NULL,
    service text NOT NULL,
    since date NOT NULL,
    state text NOT NULL CHECK (state IN ('intended', 'done')),
    notices bigint NOT NULL,
    withheld bigint NOT NULL,
    out text NOT NULL,
    manifest_sha256 text NOT NULL,
    content_sha256 text NOT NULL,
    PRIMARY KEY (as_of, service),
    CHECK (since < as_of)
);

CREATE FUNCTION dunning.keep_notice_runs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'done' THEN
        RAISE EXCEPTION 'what was sent is recorded once and stays: % refused', TG_OP;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;

CREATE TRIGGER keep_notice_runs BEFORE UPDATE OR DELETE ON dunning.notice_runs
    FOR EACH ROW EXECUTE FUNCTION dunning.keep_notice_runs();

-- Grain: one row per notice that went out as a file. Of the token itself only its SHA-256 is here.
CREATE TABLE dunning.receipt_tokens (
    token_sha256 text PRIMARY KEY,
    reference text NOT NULL,
    as_of date NOT NULL,
    service text NOT NULL,
    document_sha256 text NOT NULL,
    expires_on date NOT NULL,
    confirmed_at timestamptz,
    FOREIGN KEY (as_of, service) REFERENCES dunning.notice_runs
);
CREATE INDEX receipt_tokens_run ON dunning.receipt_tokens (as_of, service);

-- Grain: one row per file of wording that was sent. first_as_of, first_service: of the run that sent it first.
CREATE TABLE dunning.sent_templates (
    name text PRIMARY KEY,
    sha256 text NOT NULL,
    first_as_of date NOT NULL,
    first_service text NOT NULL
);
