"""SIGKILL in the middle of each task of the DAG, in real Airflow; the same day again is as if
nobody had killed.

Each run of a day goes on from what the one before left, past the point at which that one was
killed, and is killed a task later; the last is left alone. The second day begins with a closed
date behind it.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path

import pytest

from dunning.gateways.postgres.server import stop_server
from tests.faults.children import REPOSITORY, Warm
from tests.faults.places import AS_OF, hashes, place, write_ledger
from tests.faults.points import Fault
from tests.faults.servers import Server

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("airflow"), pytest.mark.timeout(1800)]

FAULTS = {
    "load": Fault("load: _register>store_policy_files execute", 9),
    "classify": Fault("classify: write>_append arrow.write", 20),
    "propose": Fault("propose: run>write_table parquet.close", 3),
    "write": Fault("write: _write_lists>write_private open", 11),
    "close": Fault("close: publish>_place os.rename", 8),
}
DAYS = {AS_OF: ("load", "propose", "close"), AS_OF + timedelta(days=1): ("classify", "write")}


def run_dag(
    folder: Path, ledger: Path, as_of: date, task: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the DAG as `make run` does; where a task is named, it is killed in the middle."""
    others = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DUNNING_", "AIRFLOW"))
    }
    environment = others | {"DUNNING_HOME": str(folder / "home")}
    if task is not None:
        environment |= {
            "PYTHONPATH": f"{Path(__file__).parent / 'hook'}{os.pathsep}{REPOSITORY}",
            "DUNNING_FAULT": json.dumps(asdict(FAULTS[task])),
            "DUNNING_FAULT_STRUCK": str(folder / f"{task}.struck"),
        }
    command = [
        sys.executable,
        str(REPOSITORY / "deploy" / "run_dags.py"),
        "--ledger",
        str(ledger),
        "--as-of",
        as_of.isoformat(),
        "--out",
        str(folder / "out"),
        "--shards",
        "2",
    ]
    return subprocess.run(
        command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


def test_a_killed_task_and_the_same_day_again(
    tmp_path_factory, warm_process: Warm, server: Server
) -> None:
    """A kill in one task after the other; at the end files and store are those of two undisturbed
    nights.
    """
    folder = tmp_path_factory.mktemp("airflow")
    ledger = write_ledger(folder / "ledger")
    with place(folder / "undisturbed", ledger, warm_process, server) as here:
        codes = [here.run(day).code for day in DAYS]
        expected, files = here.history(), hashes(here.out)
    killed, again = [], []
    try:
        for day, tasks in DAYS.items():
            killed += [run_dag(folder, ledger, day, task) for task in tasks]
            again.append(run_dag(folder, ledger, day))
        struck = sorted(path.stem for path in folder.glob("*.struck"))
        history = Server(folder / "home").history("dunning")
    finally:
        stop_server(folder / "home")

    assert codes == [0] * len(DAYS)
    assert struck == sorted(FAULTS)
    assert [done.stderr for done in killed if "Traceback" in done.stderr] == []
    assert [(done.returncode, done.stderr) for done in again] == [(0, "")] * len(DAYS)
    assert hashes(folder / "out") == files
    assert history == expected
    assert list((folder / "home" / "work").iterdir()) == []
