"""`airflow` in a shell that has read env.sh: what it says while the embedded server is down."""

import subprocess
from pathlib import Path

import airflow_home
import pytest

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
