"""Where a trial takes place, and what it must look like afterwards: an undisturbed run of the same
dates.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from dunning.sample import write_sample
from tests.faults.children import Child, Ended, Warm
from tests.faults.points import Fault
from tests.faults.servers import History, Server

AS_OF = date(2026, 11, 22)
NEXT = AS_OF + timedelta(days=2)
FRESH_UNTIL = date(2027, 12, 31)
ACCOUNTS, SEED = 40, 7


@dataclass(frozen=True)
class Place:
    """A home, a database and an output folder of a trial's own.

    database: on the server; `dunning` is the one that runs find in the server's own home, and start
    if it is down.
    """

    folder: Path
    ledger: Path
    warm: Warm
    server: Server
    database: str

    @property
    def is_embedded(self) -> bool:
        """Whether its runs use the server's own home."""
        return self.database == "dunning"

    @property
    def home(self) -> Path:
        """Its home."""
        return self.server.home if self.is_embedded else self.folder / "home"

    @property
    def out(self) -> Path:
        """Its lists."""
        return self.folder / "out"

    @property
    def environment(self) -> dict[str, str]:
        """What its runs are told of it."""
        url = "" if self.is_embedded else self.server.url(self.database)
        return {"DUNNING_HOME": str(self.home), "DUNNING_DATABASE_URL": url}

    def start(
        self,
        as_of: date = AS_OF,
        *options: str,
        fault: Fault | None = None,
        trace: Path | None = None,
        **others: str,
    ) -> Child:
        """Start the night of a date; `others` are variables of its environment."""
        words = [
            "nightly",
            "--ledger",
            str(self.ledger),
            "--as-of",
            as_of.isoformat(),
            "--out",
            str(self.out),
        ]
        return self.warm.start([*words, *options], self.environment | others, fault, trace)

    def run(
        self, as_of: date = AS_OF, *options: str, fault: Fault | None = None, **others: str
    ) -> Ended:
        """Run the night of a date to its end, whatever that is."""
        return self.start(as_of, *options, fault=fault, **others).wait()

    def hashes(self, as_of: date) -> dict[str, str]:
        """Return the SHA-256 of every file of a date, hidden ones too."""
        return hashes(self.out / as_of.isoformat())

    def is_published(self, as_of: date) -> bool:
        """Tell whether a manifest lies in the date's folder."""
        return (self.out / as_of.isoformat() / "manifest.json").exists()

    def history(self) -> History:
        """Return what the store keeps."""
        return self.server.history(self.database)

    def settle(self) -> None:
        """Wait until PostgreSQL knows that a killed run is gone."""
        self.server.wait_for_the_lock(self.database)

    def left_behind(self) -> list[str]:
        """Return what a run should have cleared away."""
        folders = ((self.home / "work", "*"), (self.home / "snapshots", ".*"), (self.out, "**/.*"))
        return sorted(
            f"{folder.name}/{p.name}" for folder, pattern in folders for p in folder.glob(pattern)
        )


@dataclass(frozen=True)
class Undisturbed:
    """What runs that nobody disturbed gave, each in a home of its own.

    files: of AS_OF; of NEXT after AS_OF; of NEXT alone. history: after AS_OF; after both; after
    NEXT alone.
    points: those that the run of AS_OF passed, in order: when (in microseconds), and the name.
    """

    ledger: Path
    first: dict[str, str]
    second: dict[str, str]
    alone: dict[str, str]
    history_first: History
    history_both: History
    history_alone: History
    points: list[tuple[int, str]] = field(repr=False)


@contextmanager
def place(folder: Path, ledger: Path, warm: Warm, server: Server) -> Iterator[Place]:
    """Give a fresh place; it is gone afterwards."""
    folder.mkdir(parents=True)
    here = Place(folder, ledger, warm, server, server.new_database())
    here.home.mkdir(mode=0o700)
    try:
        yield here
    finally:
        server.drop(here.database)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def embedded_place(folder: Path, ledger: Path, warm: Warm, server: Server) -> Iterator[Place]:
    """Give a fresh place in the server's own home, so that its runs use, and start, that server."""
    folder.mkdir(parents=True)
    here = Place(folder, ledger, warm, server, "dunning")
    server.drop("dunning")
    server.execute("postgres", "CREATE DATABASE dunning TEMPLATE template_dunning")
    try:
        yield here
    finally:
        for left in (folder, here.home / "work", here.home / "snapshots"):
            shutil.rmtree(left, ignore_errors=True)


def run_undisturbed(folder: Path, warm: Warm, server: Server) -> Undisturbed:
    """Make the sample ledger and run its nights."""
    ledger = write_ledger(folder / "ledger")
    with place(folder / "both", ledger, warm, server) as both:
        first = both.start(trace=folder / "points.txt").wait()
        assert (first.code, first.told) == (0, "")
        history_first = both.history()
        assert both.run(NEXT).code == 0
        assert [len(rows) > 0 for rows in history_first.values()] == [True] * len(history_first)
        history_both, files = both.history(), (both.hashes(AS_OF), both.hashes(NEXT))
    with place(folder / "alone", ledger, warm, server) as alone:
        assert alone.run(NEXT).code == 0
        history_alone, files_alone = alone.history(), alone.hashes(NEXT)
    passed = [
        line.partition(" ") for line in (folder / "points.txt").read_text("utf-8").splitlines()
    ]
    points = [(int(at), name) for at, _, name in passed]
    return Undisturbed(
        ledger, *files, files_alone, history_first, history_both, history_alone, points
    )


def write_ledger(folder: Path, accounts: int = ACCOUNTS) -> Path:
    """Write a sample ledger whose manifest speaks for a later day, so that many nights can be run
    on it.
    """
    write_sample(folder, accounts, SEED, AS_OF)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    manifest["as_of"] = FRESH_UNTIL.isoformat()
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return folder


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, hidden ones too; empty where there is no
    folder.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }
