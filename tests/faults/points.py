"""The points of a run at which it changes something outside of itself; a fault may strike at any
one of them.

A point is the moment before such a call: a file opened for writing, renamed, removed, given other
rights or synced, a folder made or removed, Parquet or an Arrow file written, a statement, COPY or
commit sent to PostgreSQL. It is named for the step of the night, the two innermost functions of
ours that lead to it, and the call, as `close: publish>_place os.rename`; the n-th time that a run
comes by has the number n. The moment after a call is the one before the next.
"""

import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

OURS = f"{os.sep}dunning{os.sep}"
CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.chmod", "os.truncate"}
STEPS = ("load", "classify", "propose", "write", "close", "report")
SNAPSHOT = tuple(os.path.join("snapshots", file) for file in ("snapshot.py", "writer.py"))
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True)
class Fault:
    """What strikes, and where.

    point, number: the point's name, and how often the run has come by (from 1). after: at the next
    point of any name.
    kind: `kill` (SIGKILL to the run itself), `kill later` (after `target` microseconds, from
        another process), `kill server` (SIGKILL to the PostgreSQL server `target`), `kill backends`
        (to those of its processes that serve the database `database`), `errno` (the call fails with
        the number `target`), `stop` (SIGSTOP).
    """

    point: str
    number: int
    after: bool = False
    kind: str = "kill"
    target: int = 0
    database: str = ""


class Watch:
    """Counts the points that this process passes, writes their names down, and lets a fault
    strike.
    """

    def __init__(self, fault: Fault | None, trace: Path | None) -> None:
        self.fault = fault
        self.counts: Counter[str] = Counter()
        self.is_due = False
        self.lock = threading.RLock()
        self.trace = (
            -1 if trace is None else os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        )

    def install(self) -> None:
        """Watch this process until it ends."""
        self._wrap(os, "fsync", "os.fsync")
        self._wrap(psycopg.Connection, "commit", "commit")
        self._wrap(psycopg.Cursor, "execute", "execute")
        self._wrap(psycopg.Cursor, "copy", "copy")
        self._wrap(pq.ParquetWriter, "write_table", "parquet.write")
        self._wrap(pq.ParquetWriter, "close", "parquet.close")
        for writer in (pa.ipc.RecordBatchStreamWriter, pa.ipc.RecordBatchFileWriter):
            self._wrap(writer, "write_batch", "arrow.write")
            self._wrap(writer, "close", "arrow.close")
        sys.addaudithook(self._hear)

    def pass_by(self, call: str) -> None:
        """Take note of a point; strike if it is the one."""
        name = f"{_leading_here()} {call}"
        if name.startswith(" "):
            return
        with self.lock:
            self.counts[name] += 1
            if self.trace >= 0:
                os.write(self.trace, f"{time.monotonic_ns() // 1000} {name}\n".encode())
            if self.fault is None:
                return
            is_here = (name, self.counts[name]) == (self.fault.point, self.fault.number)
            if self.is_due or (is_here and not self.fault.after):
                fault, self.fault = self.fault, None
                strike(fault)
            self.is_due = is_here

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            _, mode, flags = arguments
            if (isinstance(flags, int) and flags & WRITING) or (
                isinstance(mode, str) and set(mode) & set("wax+")
            ):
                self.pass_by("open")
        elif event in CHANGES:
            self.pass_by(event)

    def _wrap(self, owner: Any, name: str, call: str) -> None:
        inner: Callable[..., Any] = getattr(owner, name)

        def passing(*arguments: Any, **named: Any) -> Any:
            self.pass_by(call)
            return inner(*arguments, **named)

        setattr(owner, name, passing)


def strike(fault: Fault) -> None:
    """Do what the fault does."""
    if fault.kind == "errno":
        raise OSError(fault.target, os.strerror(fault.target))
    if fault.kind == "kill server":
        kill_and_wait([psutil.Process(fault.target)])
    elif fault.kind == "kill backends":
        kill_and_wait(list(backends_of(fault.target, fault.database)))
    elif fault.kind == "kill later":
        kill_later(os.getpid(), fault.target / 1e6)
    else:
        os.kill(os.getpid(), signal.SIGSTOP if fault.kind == "stop" else signal.SIGKILL)


def kill_later(pid: int, seconds: float) -> None:
    """Let another process send SIGKILL to this one in a while, unless it has ended by then."""
    if os.fork() == 0:
        time.sleep(seconds)
        if os.getppid() == pid:
            os.kill(pid, signal.SIGKILL)
        os._exit(0)


def backends_of(server: int, database: str) -> Iterator[psutil.Process]:
    """Give the processes of a PostgreSQL server that serve a database."""
    for process in psutil.Process(server).children():
        with suppress(psutil.Error):
            if f" {database} " in " ".join(process.cmdline()):
                yield process


def kill_and_wait(processes: list[psutil.Process]) -> None:
    """Send SIGKILL and see the processes gone; one that nobody fetches counts as gone."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    deadline = time.monotonic() + 30
    while any(is_alive(process) for process in processes) and time.monotonic() < deadline:
        time.sleep(0.005)


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process still runs."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _leading_here() -> str:
    """Return the step and the two innermost functions of ours on the stack; empty where nothing of
    ours calls.
    """
    names: list[str] = []
    step, frame = "begin", sys._getframe(2)
    while frame is not None:
        path, name = frame.f_code.co_filename, frame.f_code.co_name
        if OURS in path and f"{os.sep}tests{os.sep}" not in path:
            if len(names) < 2 and not name.startswith("<") and name not in names[-1:]:
                names.append(name)
            if f"{OURS}jobs{os.sep}" in path and Path(path).stem in STEPS and step != "snapshot":
                step = Path(path).stem
            elif path.endswith(SNAPSHOT):
                step = "snapshot"
        frame = frame.f_back
    return f"{step}: {'>'.join(reversed(names))}" if names else ""
