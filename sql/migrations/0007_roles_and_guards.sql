-- Who may do what: the application works as roles that own nothing (sql/roles/make.sql made them), and a table whose rows
-- stay is not emptied either.

CREATE FUNCTION dunning.keep_table() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are recorded once and stay: % refused', TG_TABLE_NAME, TG_OP;
END
$$;

-- Gives every table its guard and every role its rights, as the tables are now; asked for after each migration and each
-- restore. Which tables keep their rows for ever is told by their own triggers: `keep_...`, and `keep_rows` where a row
-- never changes at all.
CREATE FUNCTION dunning.protect() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found record;
BEGIN
    GRANT USAGE ON SCHEMA dunning TO dunning_runner, dunning_web, dunning_reader;
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA dunning FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION dunning.open_date(text, date) TO dunning_runner;
    GRANT EXECUTE ON FUNCTION dunning.lock_holder(bigint) TO dunning_runner, dunning_web, dunning_reader;
    GRANT SELECT ON SEQUENCE dunning.events TO dunning_runner, dunning_web, dunning_reader;
    GRANT USAGE ON SEQUENCE dunning.events TO dunning_runner, dunning_web;
    FOR found IN
        SELECT c.relname AS name,
            bool_or(p.proname LIKE 'keep\_%') IS TRUE AS stays,
            bool_or(p.proname = 'keep_rows') IS TRUE AS is_fixed,
            bool_or(t.tgtype & 32 <> 0) IS TRUE AS is_guarded
        FROM pg_class AS c
        LEFT JOIN pg_trigger AS t ON t.tgrelid = c.oid AND NOT t.tgisinternal
        LEFT JOIN pg_proc AS p ON p.oid = t.tgfoid AND p.pronamespace = c.relnamespace
        WHERE c.relnamespace = 'dunning'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        GROUP BY c.relname
    LOOP
        IF found.stays AND NOT found.is_guarded THEN
            EXECUTE format('CREATE TRIGGER keep_table BEFORE TRUNCATE ON dunning.%I
                FOR EACH STATEMENT EXECUTE FUNCTION dunning.keep_table()', found.name);
        END IF;
        EXECUTE format('REVOKE ALL ON dunning.%I FROM PUBLIC, dunning_runner, dunning_web, dunning_reader', found.name);
        EXECUTE format('GRANT SELECT ON dunning.%I TO dunning_runner, dunning_web, dunning_reader', found.name);
        IF found.is_fixed THEN
            EXECUTE format('GRANT INSERT ON dunning.%I TO dunning_runner', found.name);
        ELSIF found.name <> 'schema_migrations' THEN
            EXECUTE format('GRANT INSERT, UPDATE, DELETE ON dunning.%I TO dunning_runner', found.name);
        END IF;
        IF found.is_fixed AND found.name NOT IN ('answers', 'recalls') THEN  -- what a page records itself
            EXECUTE format('GRANT INSERT ON dunning.%I TO dunning_web', found.name);
        END IF;
    END LOOP;
END
$$;

-- The books' tables are their owner's: a run asks for the place of a date, and makes no tables itself.
CREATE OR REPLACE FUNCTION dunning.open_date(parent text, day date) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part text := parent || '_' || to_char(day, 'YYYYMMDD');
BEGIN
    IF parent NOT IN ('decisions', 'proposals') THEN
        RAISE EXCEPTION 'only decisions and proposals have a place for each date, not %', parent;
    END IF;
    IF to_regclass(format('dunning.%I', part)) IS NULL THEN
        EXECUTE format('CREATE TABLE dunning.%I (LIKE dunning.%I INCLUDING CONSTRAINTS)', part, parent);
        EXECUTE format('ALTER TABLE dunning.%I ATTACH PARTITION dunning.%I FOR VALUES IN (%L)', parent, part, day);
    ELSE
        EXECUTE format('DELETE FROM dunning.%I', part);
    END IF;
END
$$;

-- Who holds a lock of ours: a role sees only its own sessions, and a second run must be able to say which is the first.
CREATE FUNCTION dunning.lock_holder(key bigint, OUT pid int, OUT name text, OUT since timestamptz) RETURNS SETOF record
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT activity.pid, activity.application_name, activity.backend_start
    FROM pg_locks AS locks
    JOIN pg_stat_activity AS activity ON activity.pid = locks.pid
    WHERE locks.locktype = 'advisory' AND locks.granted
      AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (CAST(locks.classid AS bigint) << 32) + CAST(locks.objid AS bigint) = key
$$;
