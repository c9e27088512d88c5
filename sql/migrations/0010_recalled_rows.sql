-- A recall takes back some rows of a list that left, or all of them; several may follow each other until none is out.

-- manifest_sha256: of the kill list's manifest; null where an older version recorded the recall.
ALTER TABLE dunning.recalls DROP CONSTRAINT recalls_as_of_list_name_key;
ALTER TABLE dunning.recalls ADD COLUMN manifest_sha256 text;
CREATE INDEX recalls_list ON dunning.recalls (as_of, list_name);

-- Grain: one row per account of a list that was recalled; its deed counts no more for runs that know of event_no.
CREATE TABLE dunning.recalled_rows (
    as_of date NOT NULL,
    list_name text NOT NULL,
    premise_no text NOT NULL,
    payer_code text NOT NULL,
    event_no bigint NOT NULL REFERENCES dunning.recalls,
    PRIMARY KEY (as_of, list_name, premise_no, payer_code)
);

INSERT INTO dunning.recalled_rows (as_of, list_name, premise_no, payer_code, event_no)
SELECT deed.as_of, recall.list_name, deed.premise_no, deed.payer_code, recall.event_no
FROM dunning.deeds AS deed
JOIN dunning.recalls AS recall
    ON recall.as_of = deed.as_of
    AND recall.list_name = CASE deed.channel WHEN 'field' THEN 'disconnections' WHEN 'court' THEN 'court' ELSE 'reminders' END;

-- Only what takes something back records here, so it is no table of rows that a page may add.
CREATE FUNCTION dunning.keep_recalled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are recorded once and stay: % refused', TG_TABLE_NAME, TG_OP;
END
$$;
CREATE TRIGGER keep_recalled_rows BEFORE UPDATE OR DELETE ON dunning.recalled_rows
    FOR EACH ROW EXECUTE FUNCTION dunning.keep_recalled();
