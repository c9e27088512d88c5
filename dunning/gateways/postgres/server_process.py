"""The process of the embedded server: its state, waiting for it, cleaning up after a crash."""

import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from dunning.core.errors import DunningError

START_SECONDS_MAX = 300
STOP_SECONDS_MAX = 60


@dataclass(frozen=True)
class ServerStatus:
    """The state of the embedded server.

    state: PostgreSQL's own word (`ready`, `starting`, `stopping`) or `down`.
    """

    state: str
    pid: int | None
    socket_dir: Path | None

    @property
    def is_ready(self) -> bool:
        """Whether it takes connections."""
        return self.state == "ready"


DOWN = ServerStatus("down", None, None)


def data_dir(home: Path) -> Path:
    """Return the data folder of a home."""
    return home / "pg"


def server_status(home: Path) -> ServerStatus:
    """Return the state of the home's server from its `postmaster.pid`.

    A dead server's file counts as down.
    """
    try:
        lines = (data_dir(home) / "postmaster.pid").read_text("utf-8").splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return DOWN
    except PermissionError as error:
        raise DunningError(
            f"{data_dir(home)} may not be read by this user: another user started this home. "
            "Work as that user, or set DUNNING_HOME to a folder of your own."
        ) from error
    if not _is_server(pid, data_dir(home)):
        return DOWN
    # Lines of postmaster.pid: process, data, start, port, socket, address, memory, state. A file
    # with fewer lines is still being written.
    is_complete = len(lines) >= 8
    return ServerStatus(
        lines[7].strip() if is_complete else "starting",
        pid,
        Path(lines[4]) if is_complete else None,
    )


def settle(home: Path) -> ServerStatus:
    """Wait until a server that is starting or stopping is ready or down; return its state."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while (status := server_status(home)).state not in ("ready", "down"):
        if time.monotonic() > deadline:
            raise DunningError(
                f"The embedded PostgreSQL of {home} (process {status.pid}) has been {status.state} for "
                f"{START_SECONDS_MAX} seconds; see the logs in {data_dir(home) / 'log'}, then run `dunning db start`."
            )
        time.sleep(0.05)
    return status


def end_leftovers(data: Path) -> None:
    """After a server was killed: end what it left running, and remove its `postmaster.pid`.

    PostgreSQL would refuse to start while a backend of the dead server works on, or while another
    program has got the process number in the file. SIGQUIT is its own signal for leaving at once.
    """
    if not (data / "postmaster.pid").exists():
        return
    left = [process for process in psutil.process_iter() if _is_leftover(process, data)]
    for process in left:
        process.send_signal(signal.SIGQUIT)
    alive = await_end(left)
    if alive:
        numbers = ", ".join(str(process.pid) for process in alive)
        raise DunningError(
            f"Processes {numbers} of a dead PostgreSQL server still use {data}; end them first."
        )
    (data / "postmaster.pid").unlink(missing_ok=True)


def await_end(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Wait for processes to end; return those that have not after a minute.

    A dead one that its parent does not wait for (a container's first process may not) counts as
    ended.
    """
    deadline = time.monotonic() + STOP_SECONDS_MAX
    alive = processes
    while (
        alive := [process for process in alive if not _has_ended(process)]
    ) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


def _has_ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _is_leftover(process: psutil.Process, data: Path) -> bool:
    try:
        if _has_ended(process) or not process.name().startswith("postgres"):
            return False
        # every PostgreSQL process works in its data folder
        return Path(process.cwd()).samefile(data)
    except (psutil.Error, OSError):
        return False


def _is_server(pid: int, data: Path) -> bool:
    """Whether a process is the server of this data folder.

    Not a dead one, nor another program with a reused number.
    """
    try:
        process = psutil.Process(pid)
        if _has_ended(process) or not process.name().startswith("postgres"):
            return False
        return Path(process.cwd()).samefile(data)
    except psutil.AccessDenied:
        # of another user, so its folder cannot be read: assume that it is the server
        return True
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False
