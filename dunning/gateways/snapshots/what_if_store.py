"""The what-if store: trials of other rules with their order, progress and results.

A trial is a folder `<home>/what-if/<id>`: `order.json`, `policy/<night>/*.toml`, the results, and
`done.json`, which comes last. Only the owner of the home may read any of it. Airflow records
whether a trial waits or is being decided; it decides one at a time.
"""

import json
import os
import re
import shutil
import threading
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict

import pyarrow as pa

from dunning.gateways.files.publishing import make_private, replace_private, write_private
from dunning.gateways.settings.environment import Settings

_ID = re.compile(r"[0-9a-f]{32}")
_DONE, _ORDER, _PROGRESS = "done.json", "order.json", "progress.txt"


class TrialOrder(TypedDict):
    """What is to be tried, as `order.json` has it. sha256: of the changed file; nights: ISO dates."""

    author: str
    file: str
    nights: list[str]
    is_brought_forward: bool
    sha256: str


class RuleText(TypedDict):
    """A changed value for people: its file's title, its label, and its lines on both sides."""

    title: str
    label: str
    before: list[str]
    after: list[str]


class TrialNight(TypedDict):
    """What a trial found for one night.

    night: ISO date. versions: of the policy before and after. rules: changed values, by language.
    places: the stages, in the order of `stages`: for each pair of stages (before, after) accounts,
    cents before and cents after. lists: by list the same three numbers for what came, left and
    stayed. moves: number of accounts that moved.
    """

    night: str
    versions: list[str]
    rules: list[dict[str, RuleText]]
    places: list[str]
    stages: list[list[list[int]]]
    lists: dict[str, list[list[int]]]
    moves: int


class TrialDone(TypedDict):
    """The end of a trial, as `done.json` has it. refusal: why there are no nights; else empty."""

    refusal: str
    nights: list[TrialNight]


class WhatIfStore:
    """All trials below the home."""

    def __init__(self, settings: Settings) -> None:
        self.folder = settings.home / "what-if"

    def is_name(self, result_id: str) -> bool:
        """Return whether a text has the form of a trial's id."""
        return bool(_ID.fullmatch(result_id))

    def find(self, result_id: str) -> Path | None:
        """Return the folder of a trial; None if there is none with that id."""
        folder = self.folder / result_id
        return folder if _ID.fullmatch(result_id) and (folder / _ORDER).is_file() else None

    def list_results(self) -> list[Path]:
        """Return the folders of all trials, the newest first."""
        if not self.folder.is_dir():
            return []
        found = [
            path
            for path in self.folder.iterdir()
            if _ID.fullmatch(path.name) and (path / _ORDER).is_file()
        ]
        return sorted(found, key=lambda path: (-ordered_at(path).timestamp(), path.name))

    def append(self, result_id: str, order: TrialOrder, files: Mapping[str, bytes]) -> bool:
        """Store an order, whole or not at all; return False if there is a trial with that id.

        Args:
            files: content by path within the folder.
        """
        # named by process and thread: two that store at once do not share a folder
        beside = self.folder / f".{result_id}.{os.getpid()}-{threading.get_ident()}.unfinished"
        make_private(self.folder)
        try:
            for name, content in {
                **files,
                _ORDER: json.dumps(order, ensure_ascii=False).encode(),
            }.items():
                # every folder on the way, the outermost first: each is private from the start
                for folder in reversed(
                    [beside / name, *(beside / name).parents][1 : name.count("/") + 2]
                ):
                    make_private(folder)
                write_private(beside / name, content)
            os.rename(beside, self.folder / result_id)
        # another process stored the same trial first
        except OSError:
            if not (self.folder / result_id / _ORDER).is_file():
                raise
            return False
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return True

    def sweep(self, keep: int, days: int, going: Collection[str]) -> None:
        """Remove trials that are older than `days`, or beyond the newest `keep`.

        Args:
            going: ids of those that wait or are being decided; they stay.
        """
        make_private(self.folder)
        # the age is measured by the file system's own clock, which may be another machine's
        mark = self.folder / ".swept"
        write_private(mark, b"")
        oldest = datetime.fromtimestamp(mark.stat().st_mtime, UTC) - timedelta(days=days)
        for place, folder in enumerate(self.list_results()):
            is_old = place >= keep or ordered_at(folder) < oldest
            if is_old and folder.name not in going:
                shutil.rmtree(folder, ignore_errors=True)
        for folder in self.folder.glob(".*.unfinished"):
            if datetime.fromtimestamp(folder.stat().st_mtime, UTC) < oldest:
                shutil.rmtree(folder, ignore_errors=True)


def ordered_at(folder: Path) -> datetime:
    """Return when a trial was ordered."""
    return datetime.fromtimestamp((folder / _ORDER).stat().st_mtime, UTC)


def read_order(folder: Path) -> TrialOrder:
    """Return the order of a trial."""
    order: TrialOrder = json.loads((folder / _ORDER).read_text("utf-8"))
    return order


def read_done(folder: Path) -> TrialDone | None:
    """Return the results of a trial; None as long as they are not complete."""
    try:
        done: TrialDone = json.loads((folder / _DONE).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return done


def replace_done(folder: Path, done: TrialDone) -> None:
    """Write the results, or why there are none; the trial has ended with it."""
    replace_private(folder / _DONE, json.dumps(done, ensure_ascii=False).encode())


def clear(folder: Path) -> None:
    """Remove end and progress of an earlier attempt."""
    for name in (_PROGRESS, _DONE):
        (folder / name).unlink(missing_ok=True)


def read_progress(folder: Path) -> str:
    """Return the progress line; empty before the work has begun."""
    try:
        return (folder / _PROGRESS).read_text("utf-8")
    except FileNotFoundError:
        return ""


def replace_progress(folder: Path, message: str) -> None:
    """Write the progress line."""
    replace_private(folder / _PROGRESS, message.encode())


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table that only its owner may read."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    replace_private(path, sink.getvalue().to_pybytes())


def read_table(path: Path) -> pa.Table:
    """Return a table that `write_table` wrote; its columns stay on disk until they are read."""
    return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
