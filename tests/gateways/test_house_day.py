"""Every job on the embedded server, with a checkpoint after each, as root and as an ordinary
user.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dunning.policy.policies import BUILT_IN
from dunning.sample import write_sample
from tests.jobs.nights import AS_OF

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534
USERS = [0, NOBODY] if os.geteuid() == 0 else [os.geteuid()]
# An ordinary user who may read Python and the repository wherever root keeps them.
AS_NOBODY = [
    "setpriv",
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
]


@pytest.mark.parametrize("user", USERS)
def test_the_server_bears_every_job(user: int) -> None:
    with tempfile.TemporaryDirectory(prefix="dunning-day-") as name:
        folder = Path(name)
        ledger = write_sample(folder / "ledger", 100, 7, AS_OF).folder
        (ledger / "policy").mkdir()
        stages = (BUILT_IN / "stages.toml").read_text("utf-8").replace("= 5000", "= 6000")
        (ledger / "policy" / "stages.toml").write_text(stages, "utf-8")
        if user != os.geteuid():
            os.chown(folder, user, user)
        day = run_day(folder, ledger, user)
    assert day.returncode == 0, f"{day.stdout[-2000:]}\n{day.stderr[-4000:]}"
    modes = [
        line.rsplit(": ", 1)[1]
        for line in day.stdout.splitlines()
        if line.endswith((": 710", ": 700"))
    ]
    assert modes == ["710" if user == 0 else "700"] * (9 if user == os.geteuid() else 3)


def run_day(folder: Path, ledger: Path, user: int) -> subprocess.CompletedProcess[str]:
    """Run all jobs as ourselves, or the first three as another user, in a process of its own."""
    day = [sys.executable, "-m", "tests.gateways.house_day", str(folder / "home"), str(ledger)]
    command = day if user == os.geteuid() else [*AS_NOBODY, *day, "3"]
    environment = os.environ | {"DUNNING_HOME": str(folder / "home"), "HOME": str(folder)}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
