-- In Airflow's database on the embedded server: Airflow works as a role of its own, which owns what is there and may not
-- enter ours; dunning_runner may read what was asked and answered, and of a task only which one it is.
DO $$
DECLARE
    found record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'airflow') THEN
        CREATE ROLE airflow LOGIN;
    END IF;
    ALTER DATABASE airflow OWNER TO airflow;
    REVOKE ALL ON DATABASE airflow FROM PUBLIC;
    REVOKE CONNECT ON DATABASE dunning FROM PUBLIC;
    GRANT CONNECT ON DATABASE dunning TO dunning_runner, dunning_web, dunning_reader;
    GRANT CONNECT ON DATABASE airflow TO dunning_runner;
    GRANT USAGE ON SCHEMA public TO dunning_runner;
    FOR found IN  -- of a home that is older than the role
        SELECT c.relname FROM pg_class AS c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
          AND c.relowner <> 'airflow'::regrole
    LOOP
        EXECUTE format('ALTER TABLE public.%I OWNER TO airflow', found.relname);
    END LOOP;
    FOR found IN  -- a column's own sequence went with its table
        SELECT c.relname FROM pg_class AS c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'S' AND c.relowner <> 'airflow'::regrole
    LOOP
        EXECUTE format('ALTER SEQUENCE public.%I OWNER TO airflow', found.relname);
    END LOOP;
    FOR found IN
        SELECT t.typname FROM pg_type AS t
        WHERE t.typnamespace = 'public'::regnamespace AND t.typtype = 'e' AND t.typowner <> 'airflow'::regrole
    LOOP
        EXECUTE format('ALTER TYPE public.%I OWNER TO airflow', found.typname);
    END LOOP;
    IF to_regclass('public.hitl_detail') IS NOT NULL THEN
        GRANT SELECT ON public.hitl_detail TO dunning_runner;
        GRANT SELECT (id, dag_id, run_id, task_id, map_index) ON public.task_instance TO dunning_runner;
    END IF;
END
$$
