"""Airflow with its pages on this machine: scheduler, executor, DAG processor, triggerer and API server, until Ctrl-C.

    .venv/bin/python deploy/airflow_ui.py [--port 8080] [--out DIR] [--ledger DIR]

On the sample ledger it first runs a year of month ends and the last nights, so that there is something to compare with.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import NoReturn

from airflow_home import prepare
from local_people import prepare_people

from dunning.core.errors import DunningError
from dunning.gateways.settings import Settings
from dunning.gateways.store import open_store, runs

END_SECONDS_MAX = 30
START_SECONDS_MAX = 300
MONTHS, NIGHTS = 12, 7


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--out", default="out", help="where the sample's lists come")
    parser.add_argument("--ledger", help="the scheduled nights' ledger; without it, the sample is run first")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    settings = Settings.from_environment()
    try:
        environment = prepare(settings)
        passwords = prepare_people(settings)
        is_new = not options.ledger and run_history(settings, Path(options.out).absolute())
        address = f"http://localhost:{options.port}"
        named = {"AIRFLOW__API__PORT": str(options.port), "AIRFLOW__API__BASE_URL": address}
        serve(environment | named, address, passwords, is_new)
    except DunningError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print("\nStopped.", flush=True)


def run_history(settings: Settings, out: Path) -> bool:
    """Run the sample's nights in a home where no night is closed yet; return whether it did."""
    sample = settings.home / "sample"
    if runs.last_closed_on(open_store(settings, "ui")) is not None or not (sample / "manifest.json").is_file():
        return False
    last = date.fromisoformat(json.loads((sample / "manifest.json").read_text("utf-8"))["as_of"])
    nights = history_of(last, MONTHS, NIGHTS)
    print(f"The sample's history: {len(nights)} nights, some seconds each", flush=True)
    for night in nights:
        command = ["nightly", "--ledger", str(sample), "--as-of", night.isoformat(), "--out", str(out)]
        done = subprocess.run(
            [str(Path(sys.executable).with_name("dunning")), *command], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise DunningError(done.stderr.strip())
        print(f"  {night}", flush=True)
    return True


def history_of(last: date, months: int, nights: int) -> list[date]:
    """Return the last days of the months before a day, and the nights up to it, ascending."""
    ends, day = [], last
    for _ in range(months):
        day = day.replace(day=1) - timedelta(days=1)
        ends.append(day)
    return sorted({*ends, *(last - timedelta(days=n) for n in range(nights + 1))})


def serve(environment: dict[str, str], address: str, passwords: dict[str, str], is_new: bool) -> None:
    """Run `airflow standalone`; at the end of this process end it, and whatever it started, too.

    It gets a session of its own: a Ctrl-C reaches every process of a terminal at once, and Airflow's DAG processor does
    not survive that signal together with the one that its parent sends: it waits for itself for ever.
    """
    log = Path(environment["AIRFLOW_HOME"]) / "logs" / "ui.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    print(f"Airflow starts on {address} (half a minute or a whole one); its log: {log}", flush=True)
    with open(log, "w", encoding="utf-8") as file:
        process = subprocess.Popen(
            ["airflow", "standalone"], env=environment, start_new_session=True, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        wait_until_there(process, address)
        if is_new:
            ask(environment)
        print(f"\nReady: {address}\nUser and password:", flush=True)
        for name, password in passwords.items():
            print(f"  {name:<12} {password}", flush=True)
        print("The department's pages are „Събиране“ in the navigation. Ctrl-C ends everything.", flush=True)
        process.wait()
        raise DunningError(f"Airflow ended by itself; {log} says why.")
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS_MAX)
        raise
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def wait_until_there(process: subprocess.Popen[bytes], address: str) -> None:
    """Wait until the API server answers and the scheduler and DAG processor are alive.

    Raises:
        DunningError: Airflow ended, or is not there after five minutes.
    """
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError, ValueError):
            with urllib.request.urlopen(f"{address}/api/v2/monitor/health", timeout=5) as answer:
                health = json.load(answer)
            if all(health[part]["status"] == "healthy" for part in ("scheduler", "dag_processor", "triggerer")):
                return
        time.sleep(0.5)
    raise DunningError("Airflow did not come up; its log says why.")


def ask(environment: dict[str, str]) -> None:
    """Start the release of the sample's last night, so that its questions wait in Required Actions."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        command = ["airflow", "dags", "trigger", "release"]
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        if done.returncode == 0:
            return
        time.sleep(2)
    raise DunningError("The DAG release could not be started; its log says why.")


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
