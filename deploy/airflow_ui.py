"""Airflow with its pages on this machine: scheduler, executor, DAG processor, triggerer and API server, until Ctrl-C.

    .venv/bin/python deploy/airflow_ui.py [--port 8080] [--out DIR] [--ledger DIR]

On the sample ledger it first runs a year of month ends and the last nights, so that there is something to compare with.
"""

import argparse
import json
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import NoReturn

from airflow_home import prepare
from airflow_parts import running
from local_people import prepare_people

from dunning.core.errors import DunningError
from dunning.core.loopback import is_loopback
from dunning.gateways.house_settings import read_house_settings
from dunning.gateways.settings import Settings
from dunning.gateways.store import open_store, runs

ASK_SECONDS_MAX = 120
MONTHS, NIGHTS = 12, 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--out", help="where the sample's lists come; default: as the operator settled, else `out`")
    parser.add_argument("--ledger", help="the scheduled nights' ledger; without it, the sample is run first")
    parser.add_argument("--months", type=int, default=MONTHS, help="month ends in the sample's history")
    parser.add_argument("--nights", type=int, default=NIGHTS, help="last nights in the sample's history")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    settings = Settings.from_environment()
    try:
        environment = prepare(settings)
        if is_simple(environment):
            require_loopback(environment)
        passwords = prepare_people(settings) if is_simple(environment) else {}
        if not options.ledger:
            out = Path(options.out or read_house_settings(settings).out).absolute()
            run_history(settings, out, options.months, options.nights)
        address = f"http://localhost:{options.port}"
        named = {"AIRFLOW__API__PORT": str(options.port), "AIRFLOW__API__BASE_URL": address}
        asked_on = None if options.ledger else runs.last_closed_on(open_store(settings, "ui"))
        serve(environment | named, address, passwords, asked_on)
    except DunningError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)


def run_history(settings: Settings, out: Path, months: int, nights_before: int) -> None:
    """Run the sample's nights in a home where no night is closed yet."""
    sample = settings.home / "sample"
    if runs.last_closed_on(open_store(settings, "ui")) is not None or not (sample / "manifest.json").is_file():
        return
    last = date.fromisoformat(json.loads((sample / "manifest.json").read_text("utf-8"))["as_of"])
    nights = history_of(last, months, nights_before)
    print(f"The sample's history: {len(nights)} nights, some seconds each", flush=True)
    for night in nights:
        command = ["nightly", "--ledger", str(sample), "--as-of", night.isoformat(), "--out", str(out)]
        done = subprocess.run(
            [str(Path(sys.executable).with_name("dunning")), *command], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise DunningError(done.stderr.strip())
        print(f"  {night}", flush=True)


def history_of(last: date, months: int, nights: int) -> list[date]:
    """Return the last days of the months before a day, and the nights up to it, ascending."""
    ends, day = [], last
    for _ in range(months):
        day = day.replace(day=1) - timedelta(days=1)
        ends.append(day)
    return sorted({*ends, *(last - timedelta(days=n) for n in range(nights + 1))})


def serve(environment: dict[str, str], address: str, passwords: dict[str, str], asked_on: date | None) -> None:
    """Run Airflow and say how to get in, until somebody ends this process."""
    log = Path(environment["AIRFLOW_HOME"]) / "logs" / "ui.log"
    print(f"Airflow starts on {address} (half a minute or a whole one); its log: {log}", flush=True)
    with running(environment, address, log) as wait:
        if asked_on:
            ask(environment, asked_on)
        print(f"\nReady: {address}", flush=True)
        print("User and password:" if passwords else "Users: Airflow's own, made as docs/access.md says.", flush=True)
        for name, password in passwords.items():
            print(f"  {name:<12} {password}", flush=True)
        print("The department's pages are „Събиране“ in the navigation. Ctrl-C ends everything.", flush=True)
        wait()


def ask(environment: dict[str, str], night: date) -> None:
    """Start the release of the sample's last night, once, so that its questions wait in Required Actions."""
    command = ["airflow", "dags", "trigger", "release", "--run-id", f"sample-{night}"]
    deadline = time.monotonic() + ASK_SECONDS_MAX
    while time.monotonic() < deadline:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0 or "already exists" in done.stdout + done.stderr:
            return
        time.sleep(2)
    raise DunningError(f"The DAG release could not be started:\n{done.stderr[-2000:]}")


def is_simple(environment: dict[str, str]) -> bool:
    """Return whether people log in with the passwords of this machine; another auth manager has its own."""
    return "SimpleAuthManager" in environment.get("AIRFLOW__CORE__AUTH_MANAGER", "SimpleAuthManager")


def require_loopback(environment: dict[str, str]) -> None:
    """Refuse to show the invented users to others: their passwords lie in a file, and everybody may read it aloud."""
    host = environment.get("AIRFLOW__API__HOST", "127.0.0.1")
    if not is_loopback(host):
        raise DunningError(
            f"The pages would listen on {host} with the invented users of this machine, who are for trying out only. "
            "Unset AIRFLOW__API__HOST, or choose real users first: make fab (docs/access.md)."
        )


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
