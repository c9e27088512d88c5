"""`airflow` in a shell that has read env.sh: what it says while the embedded server is down; and
which pools a home gets.
"""

import json
import os
import subprocess
from pathlib import Path

import airflow_home
import pytest
from sqlalchemy import Engine

MARK = {
    airflow_home.CONNECTION: "postgresql://embedded",
    airflow_home.EMBEDDED: "postgresql://embedded",
}


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder whose `airflow` only says with what it was called; `dunning` tells what stands in
    `state`.
    """
    folder = tmp_path / "път с 'кавичка'"
    folder.mkdir()
    (folder / "dunning").write_text('#!/bin/sh\ncat "$(dirname "$0")/state"\n')
    (folder / "airflow").write_text('#!/bin/sh\necho "airflow $*"\n')
    (folder / "command").write_text(airflow_home.command(folder), "utf-8")
    for path in folder.iterdir():
        path.chmod(0o755)
    return folder


def run(programs: Path, state: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    (programs / "state").write_text(state)
    command = [str(programs / "command"), "dags", "list runs"]
    told = {"PATH": "/usr/bin:/bin"} | variables
    return subprocess.run(command, env=told, capture_output=True, text=True, check=False)


def test_with_the_server_down_it_says_how_to_start_it(programs: Path) -> None:
    done = run(programs, "down: the embedded PostgreSQL of /home", MARK)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "Airflow's tables are in the embedded PostgreSQL of this home, and it does not run "
        "(down: the embedded PostgreSQL of /home).",
        f"Start it: {programs}/dunning db start",
    ]


@pytest.mark.parametrize(
    ("state", "variables"),
    [
        ("ready: the embedded PostgreSQL", MARK),
        ("down", MARK | {airflow_home.CONNECTION: "postgresql://other"}),
    ],
)
def test_with_its_tables_in_reach_it_is_airflow(
    programs: Path, state: str, variables: dict[str, str]
) -> None:
    done = run(programs, state, variables)
    assert (done.returncode, done.stdout, done.stderr) == (0, "airflow dags list runs\n", "")


@pytest.fixture
def airflow_tables(engine: Engine, programs: Path) -> dict[str, str]:
    """An environment in which Airflow's tables are in a database of the test's own, and `airflow`
    only writes down with what it was called.
    """
    (programs / "airflow").write_text(f'#!/bin/sh\necho "$*" >> {programs.parent}/calls\n')
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, airflow_home.CONNECTION: url}


def put_pool(engine: Engine, name: str, slots: int) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS slot_pool (pool text, slots int)")
        connection.exec_driver_sql(f"INSERT INTO slot_pool VALUES ('{name}', {slots})")


def test_pools_are_made_that_are_missing_and_one_that_is_there_keeps_its_slots(
    engine: Engine, airflow_tables: dict[str, str], tmp_path: Path
) -> None:
    put_pool(engine, "dunning_shards", 7)

    airflow_home._make_pools(tmp_path, airflow_tables)

    made = json.loads((tmp_path / "pools.json").read_text("utf-8"))
    assert {name: pool["slots"] for name, pool in made.items()} == {"dunning_what_if": 1}
    calls = (tmp_path / "calls").read_text("utf-8").splitlines()
    assert calls == [f"pools import {tmp_path / 'pools.json'}"]


def test_a_home_from_before_a_pool_is_prepared_once_more(
    engine: Engine, airflow_tables: dict[str, str], tmp_path: Path
) -> None:
    put_pool(engine, "dunning_shards", 7)
    (tmp_path / "migrated").write_text(airflow_home._state(airflow_tables), "ascii")
    put_pool(engine, "dunning_what_if", 1)

    for _ in range(2):
        airflow_home._migrate(tmp_path, airflow_tables)

    assert (tmp_path / "calls").read_text("utf-8").splitlines() == ["db migrate"]
