"""The DAG of the monthly notices through Airflow, as `make run` does it after the night: both
services at once.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dunning.gateways.postgres.server import stop_server
from tests.dags.test_nightly_run import AS_OF, REPOSITORY, environment, fetch, hashes

KEY = "0123456789abcdef" * 4
ONCE = ("due", "share_out")
EACH = ("begin", "plan", "publish", "report")
SHARED = ("gather", "render")

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("airflow")]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a folder with a small sample ledger; its homes' servers are stopped at the end."""
    folder = tmp_path_factory.mktemp("notices")
    dunning(
        folder / "home",
        "sample",
        "--accounts",
        "300",
        "--seed",
        "7",
        "--out",
        str(folder / "ledger"),
    )
    yield folder
    for home in ("home", "other"):
        stop_server(folder / home)


@pytest.fixture(scope="module")
def ran(place):
    """Return what `make run` prints for the sample's day in two shards."""
    return run_dags(place)


def dunning(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dunning.cli", *arguments]
    env = environment(home) | {"DUNNING_RECEIPT_KEY": KEY}
    return subprocess.run(
        command, env=env, cwd=REPOSITORY, check=True, capture_output=True, text=True
    )


def run_dags(place: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        str(REPOSITORY / "deploy" / "run_dags.py"),
        "monthly_notices",
        "--as-of",
        AS_OF,
        "--ledger",
        str(place / "ledger"),
        "--shards",
        "2",
        "--out",
        str(place / "out"),
    ]
    env = environment(place / "home") | {"DUNNING_RECEIPT_KEY": KEY}
    return subprocess.run(
        command, env=env, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


def test_it_ends_well_and_says_where_the_notices_lie(place, ran):
    folder = place / "out" / "notices" / AS_OF

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert [line for line in ran.stdout.splitlines() if line.startswith("The notices lie in")] == [
        f"The notices lie in {folder / service}" for service in ("heat", "electricity")
    ]


def test_every_task_ran_in_airflow(place, ran):
    found = fetch(
        place,
        "SELECT task_id, map_index, state, try_number FROM task_instance WHERE dag_id = 'monthly_notices'",
    )

    expected = [(task, -1) for task in ONCE]
    expected += [(task, place) for task in EACH for place in range(2)]
    expected += [(task, place) for task in SHARED for place in range(4)]
    assert sorted(found) == sorted((*task, "success", 1) for task in expected)


def test_receipts_name_nobody(place, ran):
    """XCom holds counts, cents, hashes and paths: no premise, payer, name, address or token."""
    told = json.dumps(
        [
            value
            for (value,) in fetch(place, "SELECT value FROM xcom WHERE dag_id = 'monthly_notices'")
        ],
        ensure_ascii=False,
    )
    lines = (place / "ledger" / "payers.csv").read_text("utf-8").splitlines()[1:]
    codes_and_names = {cell for line in lines for cell in line.split(";")[:3] if len(cell) > 7}

    assert len(codes_and_names) > 300
    assert {secret for secret in codes_and_names if secret in told} == set()
    assert "@example" not in told and "/r/" not in told


def test_the_command_gives_the_same_bytes(place, ran):
    for name in ("nightly", "notices"):
        ledger = ("--ledger", str(place / "ledger")) if name == "nightly" else ()
        dunning(place / "other", name, *ledger, "--as-of", AS_OF, "--out", str(place / "again"))

    found = hashes(place / "again" / "notices")
    assert len(found) > 20
    assert found == hashes(place / "out" / "notices")


def test_where_nobody_is_due_the_rest_is_skipped(place, ran):
    """Those of the last closed day have their notices."""
    env = environment(place / "home")
    shell = f". {place / 'home' / 'airflow' / 'env.sh'} && airflow dags test monthly_notices"
    done = subprocess.run(
        ["sh", "-c", shell], env=env, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    states = fetch(
        place,
        "SELECT task_id, state FROM task_instance WHERE run_id = "
        "(SELECT run_id FROM dag_run WHERE dag_id = 'monthly_notices' ORDER BY id DESC LIMIT 1)",
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert dict(states) == {"due": "success"} | dict.fromkeys(
        (*EACH, *SHARED, "share_out"), "skipped"
    )
