-- Which documents stood on the notices of a run, so that each is shown as new once.

-- run_no: in the order in which runs were recorded, whatever day they speak for. shown_until: what was issued up to that
-- day counted as shown; null for a run of before there were numbers, which then knew of its `since` only.
ALTER TABLE dunning.notice_runs ADD COLUMN run_no bigint GENERATED ALWAYS AS IDENTITY UNIQUE;
ALTER TABLE dunning.notice_runs ADD COLUMN shown_until date;

-- Grain: one row per run and bucket of accounts. numbers: the documents shown as new, sorted, as Parquet: two million of
-- them take some megabytes, and a month is read back bucket by bucket.
CREATE TABLE dunning.notice_numbers (
    run_no bigint NOT NULL REFERENCES dunning.notice_runs (run_no),
    bucket smallint NOT NULL,
    numbers bytea NOT NULL,
    PRIMARY KEY (run_no, bucket)
);
ALTER TABLE dunning.notice_numbers ALTER COLUMN numbers SET STORAGE EXTERNAL;

CREATE FUNCTION dunning.keep_notice_numbers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT FROM dunning.notice_runs AS run WHERE run.run_no = OLD.run_no AND run.state = 'intended'
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'what was sent is recorded once and stays: % refused', TG_OP;
END
$$;

CREATE TRIGGER keep_notice_numbers BEFORE UPDATE OR DELETE ON dunning.notice_numbers
    FOR EACH ROW EXECUTE FUNCTION dunning.keep_notice_numbers();
CREATE TRIGGER keep_all_notice_numbers BEFORE TRUNCATE ON dunning.notice_numbers
    FOR EACH STATEMENT EXECUTE FUNCTION dunning.keep_notice_numbers();
