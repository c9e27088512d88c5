"""Airflow's four processes on this machine: started, watched, restarted and ended together.

Not `airflow standalone`: that opens the scheduler's and the triggerer's logs to the whole network,
on fixed ports.
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

PARTS = (
    ("scheduler", "--skip-serve-logs"),
    ("dag-processor",),
    ("triggerer", "--skip-serve-logs"),
    ("api-server",),
)
HEALTHY = ("metadatabase", "scheduler", "dag_processor", "triggerer")
PAGES = "/dunning/lists"
START_SECONDS_MAX, END_SECONDS_MAX, LOOK_SECONDS = 300, 30, 0.5
# A part that dies more often than this is not cured by being started again.
DEATHS_MAX, DEATHS_SECONDS = 5, 600
LAST_LINES = 5


class Part:
    """One of Airflow's processes, with its log and the times of its last deaths.

    It has a session of its own: a Ctrl-C reaches every process of a terminal at once, and Airflow's
    DAG processor hangs if it gets that signal and its parent's, too.
    """

    def __init__(self, command: tuple[str, ...], environment: Mapping[str, str], log: Path) -> None:
        self.name, self.log = command[0], log.with_name(f"{log.stem}-{command[0]}.log")
        self._command, self._environment = ["airflow", *command], environment
        self._deaths: list[float] = []
        self.log.unlink(missing_ok=True)
        self.start()

    def start(self) -> None:
        """Start the process; its log is continued."""
        with open(self.log, "ab") as file:
            self.process = subprocess.Popen(
                self._command,
                env=self._environment,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def tell_death(self) -> str:
        """Return a text about its death, with the log's last lines; empty while it is alive."""
        code = self.process.poll()
        if code is None:
            return ""
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        said = "".join(f"\n    {line}" for line in _last_lines(self.log))
        return f"Airflow's {self.name} ended by itself ({how}). The end of its log, {self.log}:{said or ' it is empty'}"

    def may_start_again(self) -> bool:
        """Note a death; return whether there were not too many lately."""
        now = time.monotonic()
        self._deaths = [*(when for when in self._deaths if now - when < DEATHS_SECONDS), now]
        return len(self._deaths) < DEATHS_MAX

    def kill_rest(self) -> None:
        """Kill the process and all processes that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def running(
    environment: Mapping[str, str], address: str, log: Path, keep: Callable[[], str] = str
) -> Iterator[Callable[[], None]]:
    """Run Airflow inside the block, entered once it answers; yield a function that watches it.

    Each part's log is `<log>-<part>.log`.

    Args:
        keep: called at every check; restores what Airflow itself needs, and returns a text about
            what it did, or nothing.

    Raises:
        DunningError: the port is taken, a part dies again and again, or something is still missing
            after five minutes.
    """
    require_free(address)
    log.parent.mkdir(parents=True, exist_ok=True)
    parts: list[Part] = []
    try:
        parts.extend(Part(command, environment, log) for command in PARTS)
        _wait_until_there(parts, address, log)
        yield lambda: _watch(parts, keep)
    finally:
        _end(parts)


def require_free(address: str) -> None:
    """Refuse a port that is invalid or in use: another program would answer in Airflow's place."""
    port = int(address.rsplit(":", 1)[1])
    if not 1 <= port <= 65_535:
        raise DunningError(
            f"PORT is {port}, and ports go from 1 to 65535. Choose another one: make ui PORT=8080"
        )
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise DunningError(
                f"Port {port} is not for this user. Choose one above 1023: make ui PORT=8080"
            ) from error
        except OSError as error:
            other = port + 1 if port < 65_535 else 8080
            raise DunningError(
                f"Port {port} is in use. Choose another one: make ui PORT={other}"
            ) from error


def _wait_until_there(parts: list[Part], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        _revive(parts)
        with suppress(OSError, ValueError, KeyError):
            if _is_healthy(address):
                return _require_pages(address, log)
        time.sleep(LOOK_SECONDS)
    raise DunningError(
        f"Airflow did not come up in {START_SECONDS_MAX} s; {log.parent}/{log.stem}-*.log say why."
    )


def _is_healthy(address: str) -> bool:
    with urllib.request.urlopen(f"{address}/api/v2/monitor/health", timeout=5) as answer:
        health = json.load(answer)
    return all(health[part]["status"] == "healthy" for part in HEALTHY)


def _require_pages(address: str, log: Path) -> None:
    """Refuse an Airflow without our pages; it shows a page of its own under every address."""
    try:
        with urllib.request.urlopen(f"{address}{PAGES}", timeout=30):
            pass
    except urllib.error.HTTPError as refused:
        if refused.code == 401:  # ours: nobody is logged in
            return
    where = log.with_name(f"{log.stem}-api-server.log")
    raise DunningError(f"Airflow is there, but without the department's pages; {where} says why.")


def _watch(parts: list[Part], keep: Callable[[], str]) -> None:
    while True:
        if did := keep():
            print(did, flush=True)
        _revive(parts)
        time.sleep(LOOK_SECONDS)


def _revive(parts: list[Part]) -> None:
    """Restart the parts that died, and print which and why.

    Raises:
        DunningError: one died too often.
    """
    for part in parts:
        if not (told := part.tell_death()):
            continue
        if not part.may_start_again():
            often = f"That was {DEATHS_MAX} times in {DEATHS_SECONDS // 60} minutes."
            raise DunningError(f"{told}\n{often} Cure what it says, then start again.")
        print(f"{told}\nIt is started again.", flush=True)
        part.kill_rest()
        part.start()


def _last_lines(log: Path) -> list[str]:
    with suppress(OSError):
        with open(log, "rb") as file:
            file.seek(max(file.seek(0, os.SEEK_END) - 20_000, 0))
            lines = file.read().decode("utf-8", "replace").splitlines()
        return [line[:300] for line in lines if line.strip()][-LAST_LINES:]
    return []


def _end(parts: list[Part]) -> None:
    """End all parts gently; after half a minute, kill the rest."""
    for part in parts:
        part.process.send_signal(signal.SIGTERM)
    try:
        deadline = time.monotonic() + END_SECONDS_MAX
        for part in parts:
            with suppress(subprocess.TimeoutExpired):
                part.process.wait(max(deadline - time.monotonic(), 0))
    finally:
        for part in parts:
            part.kill_rest()
