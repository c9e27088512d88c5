"""Run Airflow and its pages on this machine until Ctrl-C.

    .venv/bin/python deploy/airflow_ui.py [--port 8080] [--out DIR] [--ledger DIR]

On the sample it first runs the missing nights: a year of month ends, the last nights, the sample's
own, and the one after it, whose questions stay open.
"""

import argparse
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import NoReturn

from airflow_home import EMBEDDED, prepare
from airflow_parts import require_free, running
from local_people import prepare_people
from sample_nights import MONTHS, NIGHTS, run_night_after, run_nights_before, run_own_night

from dunning.core.errors import DunningError
from dunning.core.loopback import is_loopback
from dunning.gateways.files.home import close_home
from dunning.gateways.postgres.server import data_dir, server_status, start_server
from dunning.gateways.settings.environment import Settings
from dunning.gateways.settings.operator_settings import read_house_settings
from dunning.gateways.store import open_store, runs

ASK_SECONDS_MAX = 120


def main() -> None:
    """Run Airflow as the command line asks until it is interrupted; exit with an error's reason."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=_read_port, default=8080)
    parser.add_argument(
        "--out", help="where the sample's lists come; default: as the operator settled, else `out`"
    )
    parser.add_argument(
        "--ledger", help="the scheduled nights' ledger; without it, the sample is run first"
    )
    parser.add_argument(
        "--months", type=int, default=MONTHS, help="month ends in the sample's history"
    )
    parser.add_argument(
        "--nights", type=int, default=NIGHTS, help="last nights in the sample's history"
    )
    parser.add_argument(
        "--no-next", action="store_true", help="not the night after the sample's own"
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    settings = Settings.from_environment()
    address = f"http://localhost:{options.port}"
    try:
        with alone(settings):
            require_free(address)
            _open(settings, options, address)
    except DunningError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)


def _open(settings: Settings, options: argparse.Namespace, address: str) -> None:
    environment = prepare(settings)
    if is_simple(environment):
        require_loopback(environment)
    passwords = prepare_people(settings) if is_simple(environment) else {}
    house = read_house_settings(settings)
    is_sample = not options.ledger and house.ledger == str(settings.home / "sample")
    if is_sample:
        out = Path(options.out or house.out).absolute()
        run_sample(settings, out, options.months, options.nights, is_next=not options.no_next)
    named = {"AIRFLOW__API__PORT": str(options.port), "AIRFLOW__API__BASE_URL": address}
    asked_on = runs.last_closed_on(open_store(settings, "ui")) if is_sample else None
    keep = partial(keep_server, settings) if EMBEDDED in environment else str
    serve(environment | named, address, passwords, asked_on, keep)


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Hold the home's lock inside the block: two schedulers would end each other's processes.

    Raises:
        DunningError: another process holds it; the message names it.
    """
    close_home(settings.home)
    path = settings.airflow_home / "ui.lock"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DunningError(
                f"`make ui` runs in the home {settings.home} already (process {file.read().strip() or 'unknown'}). "
                "Use its pages, end it with Ctrl-C there, or give this one another DUNNING_HOME."
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def run_sample(
    settings: Settings, out: Path, months: int, nights_before: int, *, is_next: bool
) -> None:
    """Run the sample's missing nights: those before its own, its own and, if wanted, the next."""
    if not (settings.home / "sample" / "manifest.json").is_file():
        return
    run_nights_before(settings, out, months, nights_before)
    run_own_night(settings, out)
    if is_next:
        run_night_after(settings, out)


def keep_server(settings: Settings) -> str:
    """Start the embedded server if it has ended; return what was done, or nothing."""
    if server_status(settings.home).state in ("ready", "starting"):
        return ""
    start_server(settings.home)
    return f"The embedded PostgreSQL had ended and is started again; its logs are in {data_dir(settings.home) / 'log'}."


def serve(
    environment: dict[str, str],
    address: str,
    passwords: dict[str, str],
    asked_on: date | None,
    keep: Callable[[], str],
) -> None:
    """Run Airflow and print how to log in, until this process is ended."""
    log = Path(environment["AIRFLOW_HOME"]) / "logs" / "ui.log"
    print(
        f"Airflow starts on {address} (half a minute or a whole one); its logs: {log.parent}/ui-*.log",
        flush=True,
    )
    with running(environment, address, log, keep) as wait:
        if asked_on:
            ask(environment, asked_on)
        print(f"\nReady: {address}", flush=True)
        print(
            "User and password:"
            if passwords
            else "Users: Airflow's own, made as docs/access.md says.",
            flush=True,
        )
        for name, password in passwords.items():
            print(f"  {name:<12} {password}", flush=True)
        print(
            "The department's pages are „Събиране“ in the navigation. Ctrl-C ends everything.",
            flush=True,
        )
        wait()


def ask(environment: dict[str, str], night: date) -> None:
    """Start the release of the sample's last night once, so that its questions wait in Airflow."""
    command = ["airflow", "dags", "trigger", "release", "--run-id", f"sample-{night}"]
    deadline = time.monotonic() + ASK_SECONDS_MAX
    while time.monotonic() < deadline:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0 or "already exists" in done.stdout + done.stderr:
            return
        time.sleep(2)
    raise DunningError(f"The DAG release could not be started:\n{done.stderr[-2000:]}")


def is_simple(environment: dict[str, str]) -> bool:
    """Return whether logins use this machine's passwords, not those of another auth manager."""
    return "SimpleAuthManager" in environment.get(
        "AIRFLOW__CORE__AUTH_MANAGER", "SimpleAuthManager"
    )


def require_loopback(environment: dict[str, str]) -> None:
    """Refuse to show the invented users to other machines: their passwords are in a file."""
    host = environment.get("AIRFLOW__API__HOST", "127.0.0.1")
    if not is_loopback(host):
        raise DunningError(
            f"The pages would listen on {host} with the invented users of this machine, who are for trying out only. "
            "Unset AIRFLOW__API__HOST, or choose real users first: make fab (docs/access.md)."
        )


def _read_port(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"PORT is {text}, and should be a number from 1 to 65535"
        ) from error


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
