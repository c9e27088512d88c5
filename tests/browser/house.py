"""A house at work: a sample ledger, some closed nights, and Airflow with the pages, as `make ui`
starts it.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pytest

from dunning.gateways.postgres.server import start_server, stop_server

REPOSITORY = Path(__file__).resolve().parents[2]
ACCOUNTS = 3000
# What the pages speak of at first, and the night after it, which some test closes.
NIGHT, NEXT_NIGHT = "2026-11-21", "2026-11-22"
START_SECONDS_MAX, END_SECONDS_MAX = 300, 60
LAST_LINE = "Ctrl-C ends everything."


@dataclass(frozen=True)
class House:
    """Where it is, and who lives there: password by user name.

    login: where pages lead whoever is not logged in. sessions: what a browser keeps of each one's
    login, made once.
    """

    address: str
    home: Path
    out: Path
    ledger: Path
    passwords: dict[str, str]
    process: subprocess.Popen[str]
    told: str
    login: str
    sessions: dict[str, Any] = field(default_factory=dict)

    def dunning(self, *arguments: str) -> str:
        """Return what a command prints in this house."""
        command = [sys.executable, "-m", "dunning.cli", *arguments]
        done = subprocess.run(
            command,
            env=environment(self.home),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def fetch(self, query: str) -> list[tuple]:
        """Return rows of the store."""
        address = f"postgresql://postgres@/dunning?host={start_server(self.home)}"
        with psycopg.connect(address, options="-c search_path=dunning") as connection:
            return connection.execute(query).fetchall()


def environment(home: Path) -> dict[str, str]:
    """Return an environment that knows of this home only."""
    others = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DUNNING_", "AIRFLOW"))
    }
    return others | {"DUNNING_HOME": str(home), "PYTHONPATH": str(REPOSITORY)}


def open_house(
    folder: Path,
    accounts: int = ACCOUNTS,
    older: int = 1,
    people: Callable[[dict[str, str]], dict[str, str]] | None = None,
) -> House:
    """Make the sample and start everything; returns when Airflow answers and the questions are
    about to be asked.

    older: month ends, and nights, in the history before the night.
    people: makes whoever lives there, in an environment that knows of the home, and returns the
    passwords; without it, they are those that `make ui` invents.
    """
    home, out, ledger = folder / "home", folder / "out", folder / "ledger"
    told = environment(home)
    sample = [
        "sample",
        "--accounts",
        str(accounts),
        "--seed",
        "1",
        "--out",
        str(ledger),
        "--as-of",
        NEXT_NIGHT,
    ]
    subprocess.run(
        [sys.executable, "-m", "dunning.cli", *sample], env=told, cwd=REPOSITORY, check=True
    )
    _copy_older(ledger, home / "sample")
    passwords = people(told) if people else {}
    port = _free_port()
    history = ["--months", str(older), "--nights", str(older), "--no-next"]
    ui = ["--port", str(port), "--out", str(out), *history]
    process = subprocess.Popen(
        [sys.executable, str(REPOSITORY / "deploy" / "airflow_ui.py"), *ui],
        env=told,
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    lines = _read_until_ready(process, START_SECONDS_MAX + accounts / 500)
    address = f"http://localhost:{port}"
    passwords, login = (
        (passwords, f"{address}/auth/login/") if people else (_passwords(lines), "/auth/login")
    )
    return House(address, home, out, ledger, passwords, process, "".join(lines), login)


def close_house(house: House) -> tuple[int, list[str], str]:
    """End everything as a person does; return the exit code, what is left of it, and the last line
    that it told.
    """
    house.process.send_signal(signal.SIGTERM)
    rest, _ = house.process.communicate(timeout=END_SECONDS_MAX)
    left = find_processes(house.home)
    stop_server(house.home)
    return house.process.returncode, left, rest.strip()


def miss(what: str) -> NoReturn:
    """End a test for want of something that set-up installs: a failure where everything is set up,
    else a skip.
    """
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


@contextmanager
def opened_house(**options: Any) -> Iterator[House]:
    """A house (options: open_house's) inside the block; at its end it must stop cleanly.

    It has a folder of its own because pytest closes its temporary one to others, and root's server
    is another user's.
    """
    with tempfile.TemporaryDirectory(prefix="dunning-browser-") as folder:
        os.chmod(folder, 0o711)
        house = open_house(Path(folder), **options)
        try:
            yield house
        finally:
            ended = close_house(house)
        assert ended == (0, [], "Stopped.")


def find_processes(home: Path) -> list[str]:
    """Return the commands of processes that work in this home, except for its database server."""
    mark, found = f"AIRFLOW_HOME={home / 'airflow'}".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes().split(b"\0")
            command = (
                (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            )
        except OSError:  # it ended, or belongs to somebody else
            continue
        if mark in variables and "postgres" not in command:
            found.append(command)
    return found


def _copy_older(ledger: Path, sample: Path) -> None:
    """Copy a ledger, which then says that it speaks for the night before."""
    shutil.copytree(ledger, sample)
    path = sample / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "as_of": NIGHT}), "utf-8")


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return tried.getsockname()[1]


def _read_until_ready(process: subprocess.Popen[str], seconds_max: float) -> list[str]:
    """Return what it prints until it is ready; whoever says nothing for too long is ended."""
    lines: list[str] = []
    watch = threading.Timer(seconds_max, process.kill)
    watch.start()
    try:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            if LAST_LINE in line:
                return lines
    finally:
        watch.cancel()
    raise AssertionError(f"Airflow did not start:\n{''.join(lines)}")


def _passwords(lines: list[str]) -> dict[str, str]:
    first = next(
        number for number, line in enumerate(lines) if line.startswith("User and password")
    )
    return dict(line.split() for line in lines[first + 1 :] if line.startswith("  "))
