"""Billing databases for tests: the contract's tables of a ledger's CSV files, in PostgreSQL and in
SQLite.
"""

import csv
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import NullPool, create_engine, text

from dunning.core.ledger_tables import TABLES, CellKind, LedgerColumn
from dunning.gateways.postgres.server import SUPERUSER, embedded_url

_numbers = itertools.count(1)
_TYPES = {
    CellKind.AMOUNT: "numeric(12, 2)",
    CellKind.DAY: "date",
    CellKind.INSTANT: "timestamp",
    CellKind.FLAG: "boolean",
    CellKind.NUMBER: "integer",
}


@dataclass(frozen=True)
class Billing:
    """A database, by its SQLAlchemy URL."""

    url: str

    def execute(self, *statements: str) -> None:
        """Execute statements, each in a transaction of its own, on a connection of their own."""
        engine = create_engine(self.url, poolclass=NullPool)
        for statement in statements:
            with engine.begin() as connection:
                connection.exec_driver_sql(statement)

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.connect() as connection:
            return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()

    def fill(self, ledger: Path, is_typed: bool = False) -> "Billing":
        """Make the contract's tables and fill them from a folder of CSV files; tables without a
        file are empty.

        Args:
            is_typed: decimals, dates, booleans, timestamps and integers, where the contract has
                them; else all is text.
        """
        engine = create_engine(self.url, poolclass=NullPool)
        with engine.begin() as connection:
            for name, table in TABLES.items():
                types = [_TYPES.get(c.kind, "text") if is_typed else "text" for c in table.columns]
                columns = ", ".join(
                    f"{n} {kind}" for n, kind in zip(table.names, types, strict=True)
                )
                connection.exec_driver_sql(f"CREATE TABLE {name} ({columns})")
                rows = read_cells(ledger / f"{name}.csv")
                if rows:
                    names = list(rows[0])
                    places = ", ".join(_place(table[n], is_typed) for n in names)
                    connection.execute(
                        text(f"INSERT INTO {name} ({', '.join(names)}) VALUES ({places})"), rows
                    )
        return self


def read_cells(path: Path) -> list[dict[str, str | None]]:
    """Return the rows of a CSV with as many cells as its header; what is empty is None."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file, delimiter=";")
    return [
        {name: cell or None for name, cell in zip(header, row, strict=True)}
        for row in rows
        if len(row) == len(header)
    ]


def write_cells(ledger: Path, to: Path) -> Path:
    """Write a ledger's CSV files without their ragged rows, which no database could hold; return
    the folder.
    """
    to.mkdir(parents=True)
    for name, table in TABLES.items():
        rows = read_cells(ledger / f"{name}.csv")
        with (to / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, table.names, restval="", delimiter=";")
            writer.writeheader()
            writer.writerows(rows)
    return to


@contextmanager
def postgres_database(socket_dir: Path) -> Iterator[Billing]:
    """Give an empty database of the session's server, for as long as a `with` block."""
    name = f"billing_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(
        host=str(socket_dir), user=SUPERUSER, dbname="postgres", autocommit=True
    ) as server:
        server.execute(f"CREATE DATABASE {name}")
        yield Billing(embedded_url(socket_dir, name).render_as_string(hide_password=False))
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def sqlite_database(folder: Path) -> Billing:
    """Return an empty SQLite database in a folder."""
    url = f"sqlite:///{folder / 'billing.db'}"
    billing = Billing(url)
    billing.execute("PRAGMA journal_mode = WAL")
    return billing


def _place(column: LedgerColumn, is_typed: bool) -> str:
    if not is_typed:
        return f":{column.name}"
    return f"CAST(:{column.name} AS {_TYPES.get(column.kind, 'text')})"
