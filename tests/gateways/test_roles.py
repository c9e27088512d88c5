"""The roles that the application works as: each does its work, and what must stay is refused to all
of them.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from dunning.core.errors import DunningError
from dunning.gateways.postgres.database import READER, RUNNER, WEB, connect_as, run_lock
from dunning.gateways.postgres.migrations import migrate, protect
from dunning.gateways.postgres.server import airflow_urls, start_server, stop_server
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import access, decisions, open_store, runs
from tests.gateways.store_rows import decisions_of

ROLES = (RUNNER, WEB, READER)
DAY = date(2026, 11, 22)
TASK = "id serial, dag_id text, run_id text, task_id text, map_index int, hostname text"
GUARDED = (
    "SELECT DISTINCT c.relname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid "
    "JOIN pg_proc AS p ON p.oid = t.tgfoid WHERE p.proname LIKE 'keep%' ORDER BY 1"
)


@pytest.fixture(params=ROLES)
def role(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def worker(role: str, engine: Engine, settings: Settings) -> Iterator[Engine]:
    """An engine of the application, as one of its roles."""
    made = connect_as(role, settings, "test")
    yield made
    made.dispose()


def tables(engine: Engine, query: str = GUARDED) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text(query)).scalars())


def refused(engine: Engine, sql: str, match: str) -> None:
    with pytest.raises(DBAPIError, match=match), engine.begin() as connection:
        connection.execute(text(sql))


def test_tables_whose_rows_stay_are_known(engine: Engine) -> None:
    known = {
        "accesses",
        "answers",
        "deeds",
        "hold_ends",
        "holds",
        "notice_runs",
        "recalls",
        "releases",
    }
    assert known <= set(tables(engine))


def test_a_table_whose_rows_stay_is_not_emptied_by_its_owner_either(engine: Engine) -> None:
    for name in tables(engine):
        refused(
            engine,
            f"TRUNCATE dunning.{name}",
            "recorded once and stay|cannot truncate a table referenced",
        )
        refused(engine, f"TRUNCATE dunning.{name} CASCADE", "recorded once and stay")


def test_nobody_who_works_may_empty_change_or_unguard_a_table(worker: Engine) -> None:
    for name in tables(
        worker, "SELECT tablename FROM pg_tables WHERE schemaname = 'dunning' ORDER BY 1"
    ):
        refused(worker, f"TRUNCATE dunning.{name}", "permission denied")
        refused(worker, f"DROP TABLE dunning.{name}", "must be owner")
        refused(worker, f"ALTER TABLE dunning.{name} DISABLE TRIGGER ALL", "must be owner")
        refused(worker, f"ALTER TABLE dunning.{name} ADD COLUMN more int", "must be owner")
        refused(
            worker,
            f"CREATE TRIGGER own AFTER INSERT ON dunning.{name} EXECUTE FUNCTION now()",
            "denied",
        )
    refused(worker, "DROP TRIGGER keep_answers ON dunning.answers", "must be owner")
    refused(worker, "DROP SCHEMA dunning CASCADE", "must be owner")
    refused(worker, "CREATE TABLE dunning.own (x int)", "permission denied for schema")
    refused(
        worker,
        "CREATE FUNCTION dunning.own() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "permission denied",
    )
    refused(worker, "SELECT dunning.protect()", "permission denied for function")


def test_what_people_did_is_not_rewritten_by_anybody_who_works(worker: Engine) -> None:
    for name in ("accesses", "answers", "recalls", "holds", "hold_ends"):
        refused(worker, f"UPDATE dunning.{name} SET recorded_at = now()", "permission denied")
        refused(worker, f"DELETE FROM dunning.{name}", "permission denied")


def test_resetting_the_role_leads_nowhere(worker: Engine, role: str) -> None:
    with worker.begin() as connection:
        connection.execute(text("RESET ROLE"))
        assert connection.execute(text("SELECT current_user")).scalar_one() == role


@pytest.mark.parametrize("only_looks", [WEB, READER])
def test_pages_and_readers_do_no_runs_and_answer_nothing(
    engine: Engine, settings: Settings, only_looks: str
) -> None:
    worker = connect_as(only_looks, settings, "test")
    refused(
        worker,
        "INSERT INTO dunning.runs (as_of, is_recording) VALUES ('2026-11-22', true)",
        "permission denied",
    )
    refused(worker, "UPDATE dunning.runs SET state = 'failed'", "permission denied")
    refused(worker, "DELETE FROM dunning.deeds", "permission denied")
    refused(worker, "SELECT dunning.open_date('decisions', '2026-11-22')", "permission denied")
    refused(
        worker,
        "INSERT INTO dunning.answers (run_id, as_of, list_name, answer, by_user, note, row_count, cents, "
        "files) VALUES (1, '2026-11-22', 'court', 'approved', 'head', '', 1, 1, '{}')",
        "permission denied",
    )
    worker.dispose()


def test_a_page_records_who_looked_and_a_reader_does_not(
    engine: Engine, settings: Settings
) -> None:
    pages, reader = (connect_as(name, settings, "test") for name in (WEB, READER))
    access.append_access(pages, "ivanova", "unmask", "premise 1 payer 2")
    with pytest.raises(DBAPIError, match="permission denied"):
        access.append_access(reader, "ivanova", "unmask", "premise 1 payer 2")
    pages.dispose()
    reader.dispose()


def test_a_run_fills_the_place_of_a_date_as_often_as_it_wants(
    engine: Engine, settings: Settings
) -> None:
    runner = open_store(settings, "test")
    for accounts in (("1", "2"), ("3",)):
        with runner.begin() as connection:
            decisions.replace_decisions(connection, DAY, decisions_of(*accounts))
    assert decisions.fetch_decisions(runner, DAY)["premise_no"].to_pylist() == ["3"]
    refused(
        runner, "SELECT dunning.open_date('answers', '2026-11-22')", "only decisions and proposals"
    )
    refused(runner, "DROP TABLE dunning.decisions_20261122", "must be owner")
    runner.dispose()


def test_a_second_run_is_told_of_the_first_whatever_its_role_may_see(settings: Settings) -> None:
    first, second = (open_store(settings, "test") for _ in range(2))
    with (
        run_lock(first, "nightly 2026-11-22"),
        pytest.raises(DunningError, match=r"since .* nightly 2026-11-22"),
    ):
        with run_lock(second, "nightly 2026-11-23"):
            raise AssertionError("two runs at once")
    first.dispose()
    second.dispose()


def test_a_login_of_its_own_needs_no_more_than_the_roles(
    engine: Engine, settings: Settings, postgres
) -> None:
    """A given server, as docs/access.md tells: its owner migrates, the service's user has the
    roles, owns nothing.
    """
    service = f"service_{make_url(settings.database_url).database}"
    mine = replace(
        settings, database_url=str(make_url(settings.database_url).set(username=service))
    )
    with psycopg.connect(
        host=str(postgres), user="postgres", dbname="postgres", autocommit=True
    ) as server:
        server.execute(f"CREATE ROLE {service} LOGIN")
        with pytest.raises(DunningError, match=f"GRANT {RUNNER}, {WEB}, {READER} TO {service}"):
            connect_as(RUNNER, mine, "test")
        server.execute(f"GRANT {RUNNER}, {WEB}, {READER} TO {service}")
        store = open_store(mine, "test")
        assert runs.last_closed_on(store) is None
        refused(store, "TRUNCATE dunning.answers", "permission denied")
        store.dispose()
        server.execute(f"DROP ROLE {service}")


def test_who_migrates_without_the_right_to_make_roles_is_told_what_to_ask_for(
    empty_settings, postgres
) -> None:
    url = make_url(empty_settings.database_url)
    owner = f"owner_{url.database}"
    with psycopg.connect(
        host=str(postgres), user="postgres", dbname="postgres", autocommit=True
    ) as server:
        server.execute(f"CREATE ROLE {owner} LOGIN")
        server.execute(f"ALTER DATABASE {url.database} OWNER TO {owner}")
        mine = replace(empty_settings, database_url=str(url.set(username=owner)))
        with pytest.raises(DunningError, match="CREATE ROLE dunning_runner LOGIN"):
            open_store(mine, "test")
        server.execute(f"GRANT {RUNNER}, {WEB}, {READER} TO {owner}")
        store = open_store(mine, "test")
        refused(store, "TRUNCATE dunning.deeds", "permission denied")
        store.dispose()
        server.execute(f"ALTER DATABASE {url.database} OWNER TO postgres")


def test_a_database_that_was_put_back_has_its_rights_again(
    engine: Engine, settings: Settings
) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"REVOKE ALL ON ALL TABLES IN SCHEMA dunning FROM {RUNNER}"))
    protect(engine)
    runner = connect_as(RUNNER, settings, "test")
    assert runs.last_closed_on(runner) is None
    runner.dispose()
    assert migrate(engine) == []


@pytest.fixture(scope="module")
def airflow() -> Iterator[Path]:
    """The socket of an embedded server whose database of Airflow has, of an older home, what
    matters of its tables.
    """
    with tempfile.TemporaryDirectory(prefix="dunning-roles-") as name:
        home = Path(name) / "home"
        socket_dir = start_server(home)
        with enter(socket_dir, "postgres") as owner:
            owner.execute("CREATE TYPE state AS ENUM ('up')")
            owner.execute(
                "CREATE TABLE hitl_detail (ti_id int, subject text, responded_by json, is_up state)"
            )
            owner.execute(f"CREATE TABLE task_instance ({TASK})")
            owner.execute("CREATE TABLE connection (id serial, password text)")
        assert airflow_urls(home) == airflow_urls(home)
        yield socket_dir
        stop_server(home)


def enter(socket_dir: Path, user: str, database: str = "airflow") -> psycopg.Connection:
    return psycopg.connect(host=str(socket_dir), user=user, dbname=database, autocommit=True)


def test_airflow_owns_its_database_and_has_no_way_into_ours(airflow: Path) -> None:
    with enter(airflow, "airflow") as connection:
        for table in ("hitl_detail", "task_instance", "connection"):
            connection.execute(f"ALTER TABLE {table} ADD COLUMN more state")
        connection.execute("ALTER TYPE state ADD VALUE 'down'")
        connection.execute("INSERT INTO task_instance (dag_id) VALUES ('release')")
        connection.execute("CREATE TABLE newer (x int)")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        enter(airflow, "airflow", "dunning")


def test_the_runner_reads_airflows_answers_and_nothing_else_of_it(airflow: Path) -> None:
    with enter(airflow, RUNNER) as runner:
        runner.execute(
            "SELECT q.subject, q.responded_by FROM hitl_detail AS q JOIN task_instance AS t ON t.id = q.ti_id "
            "WHERE t.dag_id = '' AND t.run_id = '' AND t.task_id = '' AND t.map_index = -1"
        )
        for statement in (
            "SELECT password FROM connection",
            "SELECT hostname FROM task_instance",
            "DELETE FROM hitl_detail",
            "UPDATE hitl_detail SET responded_by = '{}'",
            "INSERT INTO hitl_detail (subject) VALUES ('')",
            "UPDATE task_instance SET task_id = ''",
            "CREATE TABLE own (x int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                runner.execute(statement)
    for role in (WEB, READER):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            enter(airflow, role)


def test_on_the_embedded_server_the_roles_themselves_log_in(airflow: Path) -> None:
    mine = Settings.from_environment({"DUNNING_HOME": str(airflow.parent)})
    for role in ROLES:
        store = open_store(mine, "test", role)
        with store.connect() as connection:
            assert connection.execute(text("SELECT session_user")).scalar_one() == role
        refused(store, "SET ROLE postgres", "permission denied to set role")
        store.dispose()
