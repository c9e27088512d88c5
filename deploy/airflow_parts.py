"""Airflow's four processes on this machine: started together, watched, and ended together.

Not `airflow standalone`: that opens the scheduler's and the triggerer's logs to the whole network, on fixed ports.
"""

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from dunning.core.errors import DunningError

PARTS = (("scheduler", "--skip-serve-logs"), ("dag-processor",), ("triggerer", "--skip-serve-logs"), ("api-server",))
HEALTHY = ("metadatabase", "scheduler", "dag_processor", "triggerer")
PAGES = "/dunning/lists"
START_SECONDS_MAX, END_SECONDS_MAX, LOOK_SECONDS = 300, 30, 0.5


@contextmanager
def running(environment: Mapping[str, str], address: str, log: Path) -> Iterator[Callable[[], None]]:
    """Run Airflow inside the block, entered as soon as it answers; gives a function that waits until a part ends.

    Each part has a session of its own: a Ctrl-C reaches every process of a terminal at once, and Airflow's DAG
    processor does not survive that signal together with the one that its parent sends: it waits for itself for ever.

    Raises:
        DunningError: the port is taken, a part ended by itself, or not all is there after five minutes.
    """
    require_free(address)
    parts: dict[str, subprocess.Popen[bytes]] = {}
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(log, "wb") as file:
            for name, *options in PARTS:
                parts[name] = subprocess.Popen(
                    ["airflow", name, *options], env=environment, start_new_session=True, stdin=subprocess.DEVNULL,
                    stdout=file, stderr=subprocess.STDOUT,
                )  # fmt: skip
        _wait_until_there(parts, address, log)
        yield lambda: _wait_for_end(parts, log)
    finally:
        _end(parts)


def require_free(address: str) -> None:
    """Refuse a port on which somebody listens: he would be asked in Airflow's place."""
    port = int(address.rsplit(":", 1)[1])
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError as error:
            raise DunningError(f"Port {port} is in use. Choose another one: make ui PORT={port + 1}") from error


def _wait_until_there(parts: Mapping[str, subprocess.Popen[bytes]], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        _require_all(parts, log)
        with suppress(OSError, ValueError, KeyError):
            if _is_healthy(address):
                return _require_pages(address, log)
        time.sleep(LOOK_SECONDS)
    raise DunningError(f"Airflow did not come up in {START_SECONDS_MAX} s; {log} says why.")


def _is_healthy(address: str) -> bool:
    with urllib.request.urlopen(f"{address}/api/v2/monitor/health", timeout=5) as answer:
        health = json.load(answer)
    return all(health[part]["status"] == "healthy" for part in HEALTHY)


def _require_pages(address: str, log: Path) -> None:
    """Refuse an Airflow without our pages, which shows a page of its own under every address."""
    try:
        with urllib.request.urlopen(f"{address}{PAGES}", timeout=30):
            pass
    except urllib.error.HTTPError as refused:
        if refused.code == 401:  # ours: nobody is logged in
            return
    raise DunningError(f"Airflow is there, but without the department's pages; {log} says why.")


def _require_all(parts: Mapping[str, subprocess.Popen[bytes]], log: Path) -> None:
    ended = [name for name, process in parts.items() if process.poll() is not None]
    if ended:
        raise DunningError(f"Airflow's {ended[0]} ended by itself; {log} says why.")


def _wait_for_end(parts: Mapping[str, subprocess.Popen[bytes]], log: Path) -> None:
    while True:
        _require_all(parts, log)
        time.sleep(LOOK_SECONDS)


def _end(parts: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """End every part as it wishes to be ended; after half a minute, whatever is left of it."""
    for process in parts.values():
        process.send_signal(signal.SIGTERM)
    try:
        deadline = time.monotonic() + END_SECONDS_MAX
        for process in parts.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(deadline - time.monotonic(), 0))
    finally:
        for process in parts.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
