"""Where the results of what-ifs lie: a folder each, and who is working on which.

A result is a folder `<home>/what-if/<id>`: `order.json`, `policy/<night>/*.toml`, what was found,
and `done.json`, which comes last. Whoever works on it holds the lock of its file `.busy`, so that a
death in the middle is seen; `.turn` of the whole store is held while working, so that one works at
a time. Only their owner may read any of it.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from dunning.gateways.files.publishing import make_private, replace_private, write_private
from dunning.gateways.settings.environment import Settings

_ID = re.compile(r"[0-9a-f]{32}")
_DONE, _ORDER, _PROGRESS, _LOG = "done.json", "order.json", "progress.txt", "log.txt"


class WhatIfStore:
    """All results below the home."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = settings.home / "what-if"

    def is_name(self, result_id: str) -> bool:
        """Say whether a result may be called so."""
        return bool(_ID.fullmatch(result_id))

    def find(self, result_id: str) -> Path | None:
        """Return the folder of a result; None where there is none of that name."""
        folder = self.folder / result_id
        return folder if _ID.fullmatch(result_id) and (folder / _ORDER).is_file() else None

    def list_results(self) -> list[Path]:
        """Return the folders of all results, the newest first."""
        if not self.folder.is_dir():
            return []
        found = [
            path
            for path in self.folder.iterdir()
            if _ID.fullmatch(path.name) and (path / _ORDER).is_file()
        ]
        return sorted(found, key=lambda path: (-ordered_at(path).timestamp(), path.name))

    def append(self, result_id: str, order: Mapping[str, Any], files: Mapping[str, bytes]) -> bool:
        """Put an order into the store, whole or not at all; False where there is a result of that
        name already.

        Args:
            files: content by path within the folder.
        """
        beside = self.folder / f".{result_id}.{os.getpid()}-{threading.get_ident()}.unfinished"
        make_private(self.folder)
        try:
            for name, content in {
                **files,
                _ORDER: json.dumps(order, ensure_ascii=False).encode(),
            }.items():
                for folder in reversed(
                    [beside / name, *(beside / name).parents][1 : name.count("/") + 2]
                ):
                    make_private(folder)
                write_private(beside / name, content)
            os.rename(beside, self.folder / result_id)
        except OSError:
            if not (self.folder / result_id / _ORDER).is_file():
                raise
            return False
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return True

    def sweep(self, keep: int, days: int) -> None:
        """Remove results that are older than so many days, or beyond so many; never one that is
        being worked on.
        """
        make_private(self.folder)
        mark = self.folder / ".swept"
        write_private(mark, b"")
        oldest = datetime.fromtimestamp(mark.stat().st_mtime, UTC) - timedelta(days=days)
        for place, folder in enumerate(self.list_results()):
            if (place >= keep or ordered_at(folder) < oldest) and not self.is_busy(folder):
                shutil.rmtree(folder, ignore_errors=True)
        for folder in self.folder.glob(".*.unfinished"):
            if datetime.fromtimestamp(folder.stat().st_mtime, UTC) < oldest:
                shutil.rmtree(folder, ignore_errors=True)

    def is_busy(self, folder: Path) -> bool:
        """Say whether somebody works on a result, or waits for his turn."""
        with self._door():
            held = _hold(folder / ".busy")
            if held is not None:
                os.close(held)
            return held is None

    def start(self, folder: Path, module: str) -> bool:
        """Start a process that works on a result; False where somebody works on it already.

        Args:
            module: is run with the folder and the number of the open lock, which it keeps until it
                ends.
        """
        with self._door():
            held = _hold(folder / ".busy")
            if held is None:
                return False
            try:
                _start(folder, held, module, self.settings)
            finally:
                os.close(held)
        return True

    def wait_for(self, folder: Path) -> None:
        """Wait until nobody works on a result."""
        descriptor = os.open(folder / ".busy", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for the turn to work, and hold it; one at a time in the whole installation."""
        with _locked(self.folder / ".turn"):
            yield

    @contextmanager
    def _door(self) -> Iterator[None]:
        """Let one at a time look at locks or take them, for an instant."""
        make_private(self.folder)
        with _locked(self.folder / ".door"):
            yield


def ordered_at(folder: Path) -> datetime:
    """Return when a result was asked for."""
    return datetime.fromtimestamp((folder / _ORDER).stat().st_mtime, UTC)


def read_order(folder: Path) -> dict[str, Any]:
    """Return what was asked for."""
    return dict(json.loads((folder / _ORDER).read_text("utf-8")))


def read_done(folder: Path) -> dict[str, Any] | None:
    """Return what was found; None as long as it is not complete."""
    try:
        return dict(json.loads((folder / _DONE).read_text("utf-8")))
    except FileNotFoundError:
        return None


def replace_done(folder: Path, done: Mapping[str, Any]) -> None:
    """Say what was found: the result is complete from now on."""
    replace_private(folder / _DONE, json.dumps(done, ensure_ascii=False).encode())


def read_progress(folder: Path) -> str:
    """Return where the work is; empty before it has begun."""
    try:
        return (folder / _PROGRESS).read_text("utf-8")
    except FileNotFoundError:
        return ""


def replace_progress(folder: Path, message: str) -> None:
    """Tell where the work is."""
    replace_private(folder / _PROGRESS, message.encode())


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table that only its owner may read."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    replace_private(path, sink.getvalue().to_pybytes())


def read_table(path: Path) -> pa.Table:
    """Return a table that `write_table` wrote; its columns stay on disk until they are looked
    at.
    """
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()


def _start(folder: Path, held: int, module: str, settings: Settings) -> None:
    for name in (_PROGRESS, _DONE):
        (folder / name).unlink(missing_ok=True)
    write_private(folder / _LOG, b"")
    with (folder / _LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(folder), str(held)],
            env={**os.environ, **settings.to_environment()},
            pass_fds=(held,),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    threading.Thread(target=process.wait, daemon=True).start()


def _hold(path: Path) -> int | None:
    """Return a descriptor that holds the lock of a file; None where another one does."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
