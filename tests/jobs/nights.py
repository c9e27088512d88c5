"""Nights as the tests of the jobs see them: a command run in this process, the files that it left,
what it recorded.
"""

import csv
import hashlib
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pyarrow.parquet as pq
from sqlalchemy import Engine, text

from dunning import cli

AS_OF = date(2026, 11, 22)
FRESH_UNTIL = date(2027, 12, 31)
HISTORY = {
    "deeds": "SELECT premise_no, payer_code, stage, as_of, channel, reference, principal_cents, state "
    "FROM dunning.deeds ORDER BY reference",
    "decisions": "SELECT d.* FROM dunning.decisions AS d ORDER BY as_of, premise_no, payer_code",
    "proposals": "SELECT p.* FROM dunning.proposals AS p ORDER BY as_of, list, premise_no, payer_code, stage",
    "closed": "SELECT as_of, state, manifest_sha256 FROM dunning.runs WHERE state IN ('closing', 'closed') "
    "ORDER BY as_of",
}

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Night:
    """What one call of the command did: exit code, what it printed, and the folder of its date."""

    code: int
    printed: str
    told: str
    folder: Path

    @property
    def messages(self) -> list[str]:
        """The lines on stderr."""
        return self.told.splitlines()

    @property
    def result(self) -> list[str]:
        """The lines on stdout that are no progress."""
        return [
            line for line in self.printed.splitlines() if not line.startswith("dunning nightly ")
        ]

    def csv(self, name: str) -> Rows:
        """Return the rows of one of its lists."""
        return read_csv(self.folder / f"{name}.csv")

    def account(self, premise_no: str) -> dict:
        """Return the classification of the only account of a premise."""
        rows = pq.read_table(self.folder / "classification.parquet").to_pylist()
        (found,) = [row for row in rows if row["premise_no"] == premise_no]
        return found

    @property
    def manifest(self) -> dict:
        """Its manifest."""
        return json.loads((self.folder / "manifest.json").read_text("utf-8"))


def nightly(ledger: Path, out: Path, as_of: date = AS_OF, *options: str) -> Night:
    """Run the command for a date and return what it did."""
    command = [
        "nightly",
        "--ledger",
        str(ledger),
        "--as-of",
        as_of.isoformat(),
        "--out",
        str(out),
        *options,
    ]
    return dunning(*command, folder=out / as_of.isoformat())


def dunning(*arguments: str, folder: Path = Path()) -> Night:
    """Run any command in this process."""
    printed, told = StringIO(), StringIO()
    with redirect_stdout(printed), redirect_stderr(told):
        code = cli.main(arguments)
    return Night(code, printed.getvalue(), told.getvalue(), folder)


def days(count: int) -> date:
    """Return the day so many days after `AS_OF`."""
    return AS_OF + timedelta(days=count)


def hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, hidden ones too; empty where there is no
    folder.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def read_csv(path: Path) -> Rows:
    """Return the rows of a CSV with `;`, as text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def history(engine: Engine) -> dict[str, list[tuple]]:
    """Return everything of the store that outlives a night."""
    with engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(text(query))]
            for name, query in HISTORY.items()
        }


def contents(engine: Engine) -> dict[str, list[str]]:
    """Return every row of every table of the store, runs and policies too, as text."""
    with engine.connect() as connection:
        names = connection.execute(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'dunning' ORDER BY 1")
        )
        return {
            name: sorted(
                connection.execute(
                    text(f"SELECT CAST(t AS text) FROM dunning.{name} AS t")
                ).scalars()
            )
            for name in names.scalars().all()
        }


def deeds(engine: Engine) -> list[tuple[str, str]]:
    """Return the reference and state of every deed."""
    return [(row[5], row[7]) for row in history(engine)["deeds"]]


def run_states(engine: Engine) -> list[tuple[str, str]]:
    """Return date and state of every run in the order in which they began."""
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT as_of, state FROM dunning.runs ORDER BY run_id"))
        return [(row.as_of.isoformat(), row.state) for row in rows]


def say_fresh(folder: Path, as_of: date = FRESH_UNTIL) -> Path:
    """Give a ledger a manifest that speaks for a day and counts nothing; return its folder."""
    (folder / "manifest.json").write_text(
        json.dumps({"as_of": as_of.isoformat(), "tables": {}}), "utf-8"
    )
    return folder


def copy_ledger(ledger: Path, to: Path) -> Path:
    """Copy a ledger's files into a new folder; return it."""
    to.mkdir(parents=True)
    for path in ledger.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to
