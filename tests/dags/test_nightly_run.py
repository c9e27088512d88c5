"""The nightly DAG end to end through Airflow, as `make run` does it: a real PostgreSQL, mapped
tasks, a refusal.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from dunning.gateways.postgres.server import start_server, stop_server

REPOSITORY = Path(__file__).resolve().parents[2]
AS_OF = "2026-11-22"
STEPS = ("load", "share_out", "propose", "write", "close", "report")
NO_FAILURE = ("note_failure", -1, "skipped", 0)

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("airflow")]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a folder with a small sample ledger; its homes' servers are stopped at the end."""
    folder = tmp_path_factory.mktemp("night")
    dunning(
        folder / "home",
        "sample",
        "--accounts",
        "500",
        "--seed",
        "7",
        "--out",
        str(folder / "ledger"),
    )
    yield folder
    for home in ("home", "other", "new"):
        stop_server(folder / home)


@pytest.fixture(scope="module")
def night(place):
    """Return what `make run` prints for the sample's day in three shards."""
    return run_dag(place, "release", "--as-of", AS_OF, "--shards", "3", "--out", str(place / "out"))


def environment(home: Path) -> dict[str, str]:
    others = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DUNNING_", "AIRFLOW"))
    }
    return others | {"DUNNING_HOME": str(home)}


def dunning(home: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "dunning.cli", *arguments]
    subprocess.run(command, env=environment(home), cwd=REPOSITORY, check=True)


def run_dag(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        str(REPOSITORY / "deploy" / "run_dags.py"),
        "--ledger",
        str(place / "ledger"),
    ]
    options = {
        "env": environment(place / "home"),
        "cwd": REPOSITORY,
        "capture_output": True,
        "text": True,
    }
    return subprocess.run([*command, *arguments], **options, check=False)


def fetch(place: Path, query: str) -> list[tuple]:
    """Return rows of Airflow's own tables."""
    return fetch_from(place / "home", "airflow", query)


def fetch_from(home: Path, database: str, query: str) -> list[tuple]:
    with psycopg.connect(
        f"postgresql://postgres@/{database}?host={start_server(home)}"
    ) as connection:
        return connection.execute(query).fetchall()


def backup(home: Path, verb: str, file: Path) -> None:
    command = [sys.executable, str(REPOSITORY / "deploy" / "backup.py"), verb, str(file)]
    subprocess.run(command, env=environment(home), check=True)


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_it_ends_well_and_says_where_the_lists_lie(place, night):
    assert night.returncode == 0, night.stdout + night.stderr
    assert f"The lists lie in {place / 'out' / AS_OF}" in night.stdout.splitlines()


def test_a_real_ledger_waits_and_one_line_says_for_whom(place, night):
    line = night.stdout.splitlines()[-1]
    assert line.startswith(
        "Nothing of these leaves before somebody approves it in the pages (make ui): "
    )
    assert "disconnections for nobody yet" in line and "court for nobody yet" in line
    assert line.endswith(
        f'Name somebody in {place / "home" / "people.toml"}: approves = ["disconnections"].'
    )
    assert fetch_from(place / "home", "dunning", "SELECT list_name FROM dunning.releases") == [
        ("reminders",)
    ]
    assert fetch(place, "SELECT DISTINCT dag_id FROM dag_run") == [("nightly",)]


def test_every_task_ran_in_airflow_the_shards_mapped(place, night):
    query = "SELECT task_id, map_index, t.state, try_number FROM task_instance t JOIN dag_run r USING (dag_id, run_id)"
    found = fetch(place, f"{query} WHERE r.conf ->> 'as_of' = '{AS_OF}'")

    mapped = [("classify", shard, "success", 1) for shard in range(3)]
    assert sorted(found) == sorted(
        [*mapped, *((step, -1, "success", 1) for step in STEPS), NO_FAILURE]
    )


def test_airflow_keeps_nothing_of_where_things_lie(place, night):
    """Of the settings: receipts do say in which folder the files are."""
    assert fetch(place, "SELECT conf FROM dag_run") == [({"as_of": AS_OF},)]


def test_receipts_name_nobody(place, night):
    """XCom holds counts, cents, hashes and paths: no premise, payer or name of the ledger."""
    told = json.dumps(
        [value for (value,) in fetch(place, "SELECT value FROM xcom")], ensure_ascii=False
    )
    lines = (place / "ledger" / "payers.csv").read_text("utf-8").splitlines()[1:]
    codes_and_names = {cell for line in lines for cell in line.split(";")[:3] if len(cell) > 7}

    assert len(codes_and_names) > 500
    assert {secret for secret in codes_and_names if secret in told} == set()


def test_the_manifest_names_what_lies_there(place, night):
    found = hashes(place / "out" / AS_OF)
    named = json.loads((place / "out" / AS_OF / "manifest.json").read_text("utf-8"))["files"]

    found.pop("manifest.json")
    assert found == {
        name: entry if isinstance(entry, str) else entry["sha256"] for name, entry in named.items()
    }


def test_the_command_gives_the_same_bytes_in_one_shard(place, night):
    out = place / "again"
    dunning(
        place / "other",
        "nightly",
        "--ledger",
        str(place / "ledger"),
        "--as-of",
        AS_OF,
        "--out",
        str(out),
    )

    assert hashes(out / AS_OF) == hashes(place / "out" / AS_OF)


def test_a_backup_brings_every_deed_to_a_new_home(place, night):
    backup(place / "home", "save", place / "night.dump")
    backup(place / "new", "restore", place / "night.dump")
    backup(place / "new", "restore", place / "night.dump")

    query = "SELECT reference, as_of, premise_no, payer_code, stage, channel, state FROM dunning.deeds ORDER BY 1"
    deeds = fetch_from(place / "home", "dunning", query)
    assert len(deeds) > 20
    assert fetch_from(place / "new", "dunning", query) == deeds


def test_an_old_ledger_is_refused_at_once_and_nothing_is_written(place, night):
    done = run_dag(place, "--as-of", "2026-11-23", "--out", str(place / "late"))
    tries = fetch(
        place, "SELECT DISTINCT try_number, state FROM task_instance WHERE state = 'failed'"
    )

    assert (done.returncode, tries) == (1, [(1, "failed")])
    assert AS_OF in done.stderr and "Traceback" not in done.stderr
    assert not (place / "late").exists()
