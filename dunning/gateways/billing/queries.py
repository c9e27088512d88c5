"""The extract queries: one SELECT per table of the contract, ours or the operator's own.

Ours are in `sql/billing/`. A query is text that the database reads, not a protection: what keeps
the database unchanged is its read-only transaction. What is refused here would only get a less
clear message there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dunning.core.errors import DunningError
from dunning.core.ledger_tables import TABLES, Table
from dunning.gateways.postgres.sql_files import sql_folder

# The only parameter, and the name of the optional query for the day up to which billing is
# complete.
DAY = "as_of"
# Comments, quoted texts and casts are matched only to be skipped: a name or a semicolon inside
# of them is none.
_TOKENS = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?\*/)
      | (?P<text>'(?:[^']|'')*' | "(?:[^"]|"")*" | `[^`]*` | (?P<tag>\$\w*\$).*?(?P=tag))
      | (?P<cast>::)
      | (?<![\w:]):(?P<name>[A-Za-z_]\w*)
      | (?P<end>;)""",
    re.X | re.S,
)


@dataclass(frozen=True)
class Query:
    """One query file.

    Attributes:
        file: its name, for messages.
        sql: the statement without comments and without a semicolon.
        table: the table of its rows; None for the query of the day.
    """

    file: str
    sql: str
    table: Table | None

    def for_day(self, as_of: date, literal: str = "DATE '{}'") -> str:
        """Return the statement with the day in place of `:as_of`, as the engine writes dates.

        >>> Query("q.sql", "SELECT ':as_of' FROM bills WHERE on_day <= :as_of", None).for_day(date(2026, 11, 22))
        "SELECT ':as_of' FROM bills WHERE on_day <= DATE '2026-11-22'"
        """
        day = literal.format(as_of.isoformat())
        return _TOKENS.sub(lambda token: day if token["name"] else token[0], self.sql)


@dataclass(frozen=True)
class Queries:
    """The queries of one extract: of the contract's tables in its order, and of the day.

    day: None without such a query.
    """

    tables: tuple[Query, ...]
    day: Query | None

    @property
    def text(self) -> str:
        """All statements as one text, for the name of the extract."""
        return "\n".join(
            f"{query.file}\n{query.sql}"
            for query in (*self.tables, *((self.day,) if self.day else ()))
        )


def read_queries(folder: Path | None = None) -> Queries:
    """Return the operator's queries in `folder`, or ours; never a mix of both.

    A table without a file is absent, as a table without a file in an extract.

    Raises:
        DunningError: no such folder, a required table without a query, a file that is for no table,
            one that is not a single SELECT or WITH, or that takes another parameter than `:as_of`.
    """
    chosen = folder or sql_folder() / "billing"
    if not chosen.is_dir():
        raise DunningError(
            f"The folder of queries {chosen} is not there or no folder. Check --billing-sql."
        )
    files = {path.stem: path for path in sorted(chosen.glob("*.sql"))}
    _refuse_names(chosen, files)
    tables = tuple(_read(files[name], table) for name, table in TABLES.items() if name in files)
    return Queries(tables, _read(files[DAY], None) if DAY in files else None)


def _refuse_names(folder: Path, files: dict[str, Path]) -> None:
    missing = [
        f"{name}.sql" for name, table in TABLES.items() if table.is_required and name not in files
    ]
    if missing:
        raise DunningError(
            f"{folder} has no {', '.join(missing)}, and these tables are required. Write a SELECT for each, with the "
            "columns that docs/own-ledger.md lists."
        )
    unknown = [path.name for name, path in files.items() if name not in TABLES and name != DAY]
    if unknown:
        raise DunningError(
            f"{folder} has {', '.join(unknown)}, which is for none of our tables, so that rows may be missing where "
            f"they are expected. Name it for one of {', '.join(TABLES)} (or {DAY}), or remove it."
        )


def _read(path: Path, table: Table | None) -> Query:
    try:
        written = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DunningError(
            f"The query {path} cannot be read as UTF-8 text ({error}). Save it as UTF-8."
        ) from error
    sql = _TOKENS.sub(lambda token: " " if token["comment"] else token[0], written).strip()
    sql = re.sub(r"(\s*;)+\Z", "", sql)
    _refuse_statement(path.name, sql)
    return Query(path.name, sql, table)


def _refuse_statement(file: str, sql: str) -> None:
    first = re.match(r"\w*", sql)
    word = first[0].upper() if first else ""
    if word not in ("SELECT", "WITH"):
        raise DunningError(
            f"{file} begins with {word or 'nothing'}: a query that only reads begins with SELECT or WITH. "
            "Write one SELECT statement."
        )
    if any(token["end"] for token in _tokens(sql)):
        raise DunningError(
            f"{file} holds more than one statement (a semicolon in the middle). Write one SELECT."
        )
    unknown = {token["name"] for token in _tokens(sql) if token["name"]} - {DAY}
    if unknown:
        raise DunningError(
            f"{file} takes :{', :'.join(sorted(unknown))}, and nothing gives that. The one parameter is :{DAY}, "
            "the day of the run."
        )


def _tokens(sql: str) -> Iterator[re.Match[str]]:
    return _TOKENS.finditer(sql)
