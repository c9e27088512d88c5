"""The embedded server: one starts it, all use it, nothing but its owner stops it, and being killed
costs nothing.
"""

import asyncio
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import asyncpg
import psutil
import psycopg
import psycopg2
import pytest

from dunning.cli.database import describe_servers
from dunning.core.errors import DunningError
from dunning.gateways.files.home import close_home
from dunning.gateways.postgres.database import connect
from dunning.gateways.postgres.server import (
    ServerStatus,
    airflow_urls,
    data_dir,
    server_status,
    start_server,
    stop_server,
)
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import open_store
from dunning.gateways.store.runs import last_closed_on

START = (
    "import sys, pathlib; from dunning.gateways.postgres.server import *; "
    "print(start_server(pathlib.Path(sys.argv[1])))"
)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder():
    """A short folder outside pytest's own, which other sessions close to the account that root's
    server runs as.
    """
    with tempfile.TemporaryDirectory(prefix="dunning-server-") as name:
        yield Path(name)


@pytest.fixture
def new_home(folder):
    """A home that is not there yet."""
    yield folder / "home"
    stop_server(folder / "home")


@pytest.fixture(scope="module")
def made_home():
    """A home that was made and stopped once; told not to wait for the disk."""
    with tempfile.TemporaryDirectory(prefix="dunning-made-") as name:
        home = Path(name) / "home"
        start_server(home)
        stop_server(home)
        with (data_dir(home) / "postgresql.conf").open("a") as file:
            file.write("fsync = off\n")
        yield home


@pytest.fixture
def home(made_home, new_home):
    """A copy of the home that was made once, as an operator restores one."""
    return copy_home(made_home, new_home)


def copy_home(made_home, home):
    return Path(shutil.copytree(made_home, home, ignore=shutil.ignore_patterns("run")))


def ask(socket_dir, question, database="dunning"):
    with psycopg.connect(
        host=str(socket_dir), user="postgres", dbname=database, autocommit=True
    ) as connection:
        return connection.execute(question).fetchone()[0]


def tell(socket_dir, statement):
    with psycopg.connect(
        host=str(socket_dir), user="postgres", dbname="dunning", autocommit=True
    ) as connection:
        connection.execute(statement)


def start_elsewhere(home):
    return subprocess.Popen(
        [sys.executable, "-c", START, str(home)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def kill(pid):
    """Kill a server that a test started."""
    process = psutil.Process(pid)
    process.kill()
    while is_alive(process):
        os.sched_yield()


def is_alive(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def mode_of(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_it_starts_stops_and_keeps_its_data(home):
    assert ServerStatus("down", None, None) == server_status(home)
    socket_dir = start_server(home)
    tell(socket_dir, "CREATE TABLE kept AS SELECT 7 AS x")
    assert socket_dir == start_server(home)
    assert ("ready", socket_dir) == (server_status(home).state, server_status(home).socket_dir)
    assert stop_server(home)
    assert not stop_server(home)
    assert 7 == ask(start_server(home), "SELECT x FROM kept")


def test_it_listens_on_no_port_loses_nothing_and_sorts_the_same_everywhere(new_home):
    socket_dir = start_server(new_home)
    names = ("listen_addresses", "fsync", "timezone", "server_encoding")
    assert ["", "on", "UTC", "UTF8"] == [ask(socket_dir, f"SHOW {name}") for name in names]
    assert "C.UTF-8" == ask(
        socket_dir, "SELECT datlocale FROM pg_database WHERE datname = 'dunning'"
    )


def test_only_its_owner_gets_at_it(home):
    socket_dir = start_server(home)
    assert (0o700, 0o700) == (mode_of(data_dir(home)), mode_of(socket_dir))
    assert 0 == mode_of(home) & (stat.S_IRGRP | stat.S_IWGRP | stat.S_IRWXO)
    assert 0 == mode_of(home / "server.lock") & 0o077


def test_it_outlives_the_process_that_started_it(home):
    process = start_elsewhere(home)
    output, _ = process.communicate()
    assert (0, "ready") == (process.returncode, server_status(home).state)
    assert 1 == ask(output.strip(), "SELECT 1")


def test_of_several_processes_at_once_one_makes_it_and_all_get_it(new_home):
    processes = [start_elsewhere(new_home) for _ in range(3)]
    outputs = {process.communicate()[0] for process in processes}
    assert ([0] * 3, {f"{server_status(new_home).socket_dir}\n"}) == (
        [p.returncode for p in processes],
        outputs,
    )


def test_it_starts_again_after_being_killed(home):
    socket_dir = start_server(home)
    tell(socket_dir, "CREATE TABLE kept AS SELECT 7 AS x")
    pid = server_status(home).pid
    kill(pid)
    assert (data_dir(home) / "postmaster.pid").exists()
    assert "down" == server_status(home).state
    assert 7 == ask(start_server(home), "SELECT x FROM kept")
    assert pid != server_status(home).pid


def test_a_backend_that_works_on_after_a_kill_does_not_keep_it_down(home):
    socket_dir = start_server(home)
    with closing(
        psycopg.connect(host=str(socket_dir), user="postgres", dbname="dunning")
    ) as connection:
        backend = psutil.Process(connection.info.backend_pid)
        connection.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1000000000000)")
        while backend.status() != psutil.STATUS_RUNNING:
            os.sched_yield()
        kill(server_status(home).pid)
        assert is_alive(backend)
        assert 1 == ask(start_server(home), "SELECT 1")
    assert not is_alive(backend)


def test_a_number_that_another_program_has_got_does_not_keep_it_down(home):
    start_server(home)
    kill(server_status(home).pid)
    pid_file = data_dir(home) / "postmaster.pid"
    pid_file.write_text(
        "\n".join([str(os.getpid()), *pid_file.read_text().splitlines()[1:]]) + "\n"
    )
    assert "down" == server_status(home).state
    assert 1 == ask(start_server(home), "SELECT 1")


def test_data_that_was_half_made_is_made_anew(new_home):
    (new_home / "pg.new" / "base").mkdir(parents=True)
    (new_home / "pg.new" / "PG_VERSION").write_text("18\n")
    assert 1 == ask(start_server(new_home), "SELECT 1")
    assert not (new_home / "pg.new").exists()


@pytest.mark.parametrize("name", ["дом на Иван", "a, 'b' & (c)", "x" * 120, "%41 ;#"])
def test_any_folder_may_be_a_home(made_home, folder, name):
    home = copy_home(made_home, folder / name)
    try:
        socket_dir = start_server(home)
        assert len(str(socket_dir)) < 90
        assert 1 == ask(socket_dir, "SELECT 1")
    finally:
        stop_server(home)
    assert not socket_dir.exists()


@pytest.mark.parametrize("name", ["$HOME", 'say "hi"', "`id`", "back\\slash"])
def test_what_a_shell_would_read_is_refused(folder, name):
    with pytest.raises(DunningError, match="Choose another folder"):
        start_server(folder / name)


def test_a_home_that_is_a_file_is_refused(folder):
    (folder / "home").write_text("")
    with pytest.raises(DunningError, match="cannot be used: File exists"):
        start_server(folder / "home")


def test_a_server_that_cannot_start_shows_its_log(home):
    start_server(home)
    stop_server(home)
    with (data_dir(home) / "postgresql.conf").open("a") as file:
        file.write("no_such_knob = 1\n")
    with pytest.raises(DunningError, match=r"(?s)does not start:.*no_such_knob"):
        start_server(home)


def test_the_socket_folder_of_somebody_else_is_refused(folder, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    home = folder / "дом"
    socket_dir = start_server(home)
    stop_server(home)
    socket_dir.symlink_to("/")
    with pytest.raises(DunningError, match="belongs to another user"):
        start_server(home)


def test_a_server_whose_socket_was_removed_says_so_and_can_be_restarted(home):
    (start_server(home) / ".s.PGSQL.5432").unlink()
    with pytest.raises(DunningError, match=r"its socket in .* was removed"):
        start_server(home)
    assert stop_server(home)
    assert 1 == ask(start_server(home), "SELECT 1")


def test_airflow_has_a_database_of_its_own_for_both_its_drivers(home):
    plain, asynchronous = airflow_urls(home)
    socket_dir = server_status(home).socket_dir
    assert f"postgresql+psycopg2://airflow:@/airflow?host={socket_dir}&port=5432" == plain
    connection = psycopg2.connect(plain.replace("+psycopg2", ""))
    assert "airflow" == connection.info.dbname
    connection.close()

    async def ask_asynchronously():
        connection = await asyncpg.connect(asynchronous.replace("+asyncpg", ""))
        try:
            return await connection.fetchval("SELECT current_database()")
        finally:
            await connection.close()

    assert "airflow" == asyncio.run(ask_asynchronously())


def test_a_users_own_postgresql_variables_do_not_matter(home, monkeypatch):
    monkeypatch.setenv("PGPORT", "5999")
    monkeypatch.setenv("PGDATA", "/nowhere")
    engine = connect(Settings.from_environment({"DUNNING_HOME": str(home)}))
    engine.dispose()


def test_connecting_starts_it(home):
    engine = connect(Settings.from_environment({"DUNNING_HOME": str(home)}))
    assert "ready" == server_status(home).state
    engine.dispose()


def test_an_engine_survives_a_restart(home):
    engine = open_store(Settings.from_environment({"DUNNING_HOME": str(home)}))
    assert last_closed_on(engine) is None
    stop_server(home)
    start_server(home)
    assert last_closed_on(engine) is None
    engine.dispose()


def test_a_home_that_lost_its_way_through_gets_it_back_before_the_server_needs_it(home):
    start_server(home)
    before = mode_of(home)
    home.chmod(0o700)
    ask(start_server(home), "SELECT 1")
    assert before == mode_of(home)


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_a_home_is_closed_whatever_the_umask(folder, umask):
    before = os.umask(umask)
    try:
        close_home(folder / "above" / "home")
    finally:
        os.umask(before)
    assert 0 == mode_of(folder / "above") & 0o022
    assert 0o700 == mode_of(folder / "above" / "home")


def test_status_tells_of_the_server_in_use(settings, tmp_path):
    own = Settings.from_environment({"DUNNING_HOME": str(tmp_path / "own")})
    assert [f"down: the embedded PostgreSQL of {own.home}"] == list(describe_servers(own))
    in_use, not_in_use = describe_servers(settings)
    assert in_use.startswith("ready: the server of postgresql://postgres@/test_")
    assert (
        f"Not in use for our tables: down: the embedded PostgreSQL of {settings.home}" == not_in_use
    )
    (away, _) = describe_servers(
        replace(settings, database_url=f"postgresql://clerk:secret@/dunning?host={tmp_path}")
    )
    assert (
        away.startswith("down: the server of postgresql://clerk:***@/dunning")
        and "secret" not in away
    )
