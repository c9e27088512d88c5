"""The units for systemd: they say what `make ui` starts, systemd takes them, and what they start
starts.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import airflow_parts
import pytest

from dunning.gateways.postgres.server import data_dir, server_status, stop_server

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "deploy" / "systemd"


def read(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", (UNITS / name).read_text("utf-8"), re.M):
        found.setdefault(key, []).append(value)
    return found


def here(command: str) -> str:
    """A command of the units, of this checkout instead of the installed one."""
    installed = f"{Path(sys.executable).parent}/"
    return command.replace("/opt/dunning/.venv/bin/", installed).replace("/opt/dunning", str(ROOT))


def test_each_part_of_airflow_has_its_unit_and_the_target_wants_all() -> None:
    for command in airflow_parts.PARTS:
        unit = read(f"dunning-{command[0]}.service")
        (start,) = unit["ExecStart"]
        assert (
            start
            == f"""/bin/sh -c '. "$DUNNING_HOME/airflow/env.sh" && exec airflow {" ".join(command)}'"""
        )
        assert (unit["Restart"], unit["User"], unit["UMask"]) == (["always"], ["dunning"], ["0077"])
    wanted = {f"dunning-{command[0]}.service" for command in airflow_parts.PARTS} | {
        "dunning-server.service"
    }
    assert set(read("dunning.target")["Wants"][0].split()) == wanted
    assert {path.name for path in UNITS.glob("*.service")} == wanted | {"dunning-prepare.service"}


def test_systemd_takes_them(tmp_path: Path) -> None:
    """Where systemd is there; what they start is put in the place of what is not installed here."""
    verify = shutil.which("systemd-analyze")
    for path in UNITS.iterdir():
        told = re.sub(
            r"^(ExecStart|ExecStop)=/opt/\S+", r"\1=/bin/true", path.read_text("utf-8"), flags=re.M
        )
        told = told.replace("User=dunning", "User=root").replace("Group=dunning", "Group=root")
        (tmp_path / path.name).write_text(told)
        assert re.match(r"# |\[Unit\]\n", told)
    if verify:
        names = sorted(str(path) for path in tmp_path.glob("*.[st]*"))
        done = subprocess.run(
            [verify, "verify", "--man=no", *names], capture_output=True, text=True, check=False
        )
        assert [line for line in done.stderr.splitlines() if "dunning" in line] == []


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder outside pytest's own, which other sessions close to the account that root's server
    runs as.
    """
    with tempfile.TemporaryDirectory(prefix="dunning-unit-") as name:
        yield Path(name)


def test_the_server_unit_starts_and_stops_the_server_whose_number_it_names(place: Path) -> None:
    unit, home = read("dunning-server.service"), place / "дом"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DUNNING")}
    how = {"env": clean | {"DUNNING_HOME": str(home)}, "umask": 0o077, "cwd": ROOT, "check": True}
    try:
        subprocess.run(here(unit["ExecStart"][0]).split(), **how)
        pid_file = data_dir(home) / "postmaster.pid"
        assert unit["PIDFile"] == [f"/var/lib/dunning/{pid_file.relative_to(home)}"]
        assert int(pid_file.read_text().splitlines()[0]) == server_status(home).pid
        subprocess.run(here(unit["ExecStop"][0]).split(), **how)
        assert server_status(home).state == "down"
    finally:
        stop_server(home)


def test_what_prepares_airflow_is_there() -> None:
    (start,) = read("dunning-prepare.service")["ExecStart"]
    program, script = here(start).split()
    assert os.access(program, os.X_OK) and (ROOT / script).is_file()
