"""Nights that many tests begin with: run once, then given to each test as a copy of its own."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from psycopg import sql
from sqlalchemy import Engine

from tests.jobs.nights import AS_OF, Night, nightly, say_fresh
from tests.world import World

if TYPE_CHECKING:
    from tests.jobs.conftest import MakeHome

Make = Callable[[Path], object]
Keep = Callable[[Make], "KeptNight"]

_COLUMNS = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relnamespace = 'dunning'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' AND c.relname <> 'schema_migrations'
GROUP BY c.relname
"""
_DATES = """
SELECT parent.relname, to_date(right(part.relname, 8), 'YYYYMMDD')
FROM pg_inherits AS i JOIN pg_class AS parent ON parent.oid = i.inhparent JOIN pg_class AS part ON part.oid = i.inhrelid
WHERE parent.relnamespace = 'dunning'::regnamespace AND parent.relkind = 'p'
"""
_SEQUENCES = """
SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences
WHERE schemaname = 'dunning' AND last_value IS NOT NULL
"""


@dataclass(frozen=True)
class KeptNight:
    """A folder with a home and all that lies beside it, and the rows of the home's store.

    rows: of each table that has any, as COPY writes them; columns: theirs. dates: tables with a
    part for each date, and the dates. sequences: their last values.
    """

    folder: Path
    columns: dict[str, list[str]]
    rows: dict[str, bytes]
    dates: list[tuple[str, date]]
    sequences: list[tuple[str, int]]

    def restore(self, engine: Engine, folder: Path) -> Night:
        """Copy everything into a test's folder and its fresh store; addresses of files follow.

        Returns the night of AS_OF.
        """
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        old, new = str(self.folder).encode(), str(folder).encode()
        with _cursor(engine) as cursor:
            cursor.execute("SET session_replication_role = replica")  # rows in any order
            for parent, day in self.dates:
                cursor.execute("SELECT dunning.open_date(%s, %s)", (parent, day))
            for table, rows in self.rows.items():
                into = sql.SQL("COPY dunning.{} ({}) FROM STDIN")
                with cursor.copy(_fill(into, table, self.columns[table])) as copy:
                    copy.write(rows.replace(old, new))
            for sequence, last in self.sequences:
                cursor.execute("SELECT setval(%s, %s)", (sequence, last))
        return Night(0, "", "", folder / "out" / AS_OF.isoformat())


def close_nights(world: World, folder: Path, *nights: date) -> None:
    """Write a ledger into a folder and close nights with it, that of AS_OF unless others are given."""
    ledger = say_fresh(world.write(folder / "ledger"))
    for day in nights or (AS_OF,):
        closed = nightly(ledger, folder / "out", day)
        assert closed.code == 0, closed.told


def close_debtors(folder: Path) -> None:
    """Close the night of AS_OF with two who may be disconnected, one who gets a message, and one who
    owes nothing.
    """
    world = World().warned_of_disconnection(1).warned_of_disconnection(2)
    close_nights(world.account(3, ("2026-11-01", "60.00")).account(4), folder)


def keep(engine: Engine, folder: Path) -> KeptNight:
    """Return what lies in a folder, with the rows of the store."""
    with _cursor(engine) as cursor:
        columns = dict(cursor.execute(_COLUMNS).fetchall())
        rows = {}
        for table, names in columns.items():
            query = sql.SQL("COPY (SELECT {1} FROM dunning.{0}) TO STDOUT")
            with cursor.copy(_fill(query, table, names)) as copy:
                rows[table] = b"".join(bytes(part) for part in copy)
        dates, sequences = (cursor.execute(query).fetchall() for query in (_DATES, _SEQUENCES))
    rows = {table: each for table, each in rows.items() if each}
    return KeptNight(folder, columns, rows, dates, sequences)


@pytest.fixture(scope="session")
def kept(new_home: "MakeHome", tmp_path_factory: pytest.TempPathFactory) -> Keep:
    """Gives what a function makes of a folder with a home: made once, however often it is asked
    for.
    """
    nights: dict[Make, KeptNight] = {}

    def give(make: Make) -> KeptNight:
        if make not in nights:
            folder = tmp_path_factory.mktemp("kept")
            with new_home(folder / "home") as engine:
                make(folder)
                nights[make] = keep(engine, folder)
        return nights[make]

    return give


@contextmanager
def _cursor(engine: Engine) -> Iterator[Any]:
    """A cursor of a connection that is closed afterwards, with what was set in it; committed."""
    connection = engine.raw_connection()
    try:
        with connection.driver_connection.cursor() as cursor:  # type: ignore[union-attr]
            yield cursor
        connection.commit()
    finally:
        connection.invalidate()


def _fill(query: sql.SQL, table: str, columns: list[str]) -> sql.Composed:
    return query.format(sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns)))
