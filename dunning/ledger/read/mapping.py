"""What a mapping file says: how files are written, which rows pass, where each column comes
from.
"""

import re
from dataclasses import dataclass

from dunning.core.errors import DunningError
from dunning.core.ledger_tables import Table

_SHOWN = 80


@dataclass(frozen=True)
class FileRule:
    """How a source file is written; None leaves it to be found out, or to the contract's forms."""

    encoding: str | None = None
    delimiter: str | None = None
    skip_lines: int = 0
    date: str | None = None
    decimal: str | None = None
    thousands: str = ""


@dataclass(frozen=True)
class Filter:
    """Which rows pass: those whose cell is one of `values` (or none of them, where `is_not`); "" is
    an empty cell.

    With `is_sign` those whose cell is an amount below zero (or is none, where `is_not`: one that
    cannot be read too).
    """

    column: str
    values: tuple[str, ...]
    is_not: bool
    is_sign: bool = False


@dataclass(frozen=True)
class ColumnRule:
    """Where a column's cells come from: a constant, or parts to be joined.

    Attributes:
        parts: pairs of text and the source column that follows it (None at the end); a lone column
            is ("", column).
        value: the constant, where there are no parts.
        words: what a cell's text becomes; other texts stay.
        take: with `distinct`, which of several rows' cells is taken; None: rows that differ in it
            stay apart.
        is_bare: an amount loses its sign.
    """

    parts: tuple[tuple[str, str | None], ...] = ()
    value: str = ""
    words: tuple[tuple[str, str], ...] = ()
    date: str | None = None
    take: str | None = None
    is_bare: bool = False


@dataclass(frozen=True)
class TableRule:
    """How one table, or a part of it, is made from one file: of rows that pass all of `where`, but
    not all of `but`.

    Attributes:
        path: where it stands in the mapping.
    """

    table: Table
    path: tuple[str, ...]
    file: str
    where: tuple[Filter, ...]
    but: tuple[Filter, ...]
    is_distinct: bool
    columns: dict[str, ColumnRule]

    @property
    def source_columns(self) -> tuple[str, ...]:
        """Return the source columns that it reads, each once, in order of use."""
        used = [f.column for f in (*self.where, *self.but)]
        used += [column for rule in self.columns.values() for _, column in rule.parts if column]
        return tuple(dict.fromkeys(used))


@dataclass(frozen=True)
class Mapping:
    """A whole mapping file; `text` serves to find a key's line for errors. A table may be made of
    several files.
    """

    file: str
    text: str
    files: dict[str, FileRule]
    tables: dict[str, tuple[TableRule, ...]]

    def refuse(self, path: tuple[str, ...], problem: str) -> DunningError:
        """Return the refusal of what stands under a key, with its line."""
        return refuse_key(self.file, self.text, path, problem)


def refuse_key(file: str, text: str, path: tuple[str, ...], problem: str) -> DunningError:
    """Return the refusal of what stands under a key of a mapping, with its line."""
    line = _find_line(text, path)
    where = f"{file}, line {line}" if line else file
    key = f" {cut_short('.'.join(path))}:" if path else ""
    return DunningError(f"{where}:{key} {problem}. The mapping is described in docs/own-ledger.md.")


def cut_short(text: str) -> str:
    """Return a text for a message, not longer than it can be read."""
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _find_entry(lines: list[str], name: str, number: int) -> int:
    """Return the line of the n-th entry of a list of sections; 0 where it is written otherwise."""
    entry = re.compile(rf"\s*+\[\[\s*+tables\s*+\.\s*+[\"']?{re.escape(name)}[\"']?\s*+\]\]")
    places = [i for i, line in enumerate(lines, 1) if entry.match(line)]
    return places[number - 1] if len(places) >= number else 0


def _find_line(text: str, path: tuple[str, ...]) -> int | None:
    """Return the line of a key, going down from section to section as far as they can be found;
    None for the file.
    """
    lines = text.splitlines()
    found = 0
    for depth, key in enumerate(path):
        if depth == 2 and path[0] == "tables" and key.startswith("#"):
            found = _find_entry(lines, path[depth - 1], int(key[1:])) or found
            continue
        name = rf"[\"']?{re.escape(key)}[\"']?"
        section = re.compile(
            rf"\s*+\[++\s*+(?:.*\.\s*+)?{name}\s*+(?:\.|\])" if depth < 2 else r"(?!)"
        )
        entry = re.compile(rf"(?:^|[\s{{,.]){name}\s*+(?:=|\.)")
        start = max(found - 1, 0)
        hit = next(
            (
                i
                for i in range(start, len(lines))
                if section.match(lines[i]) or entry.search(lines[i])
            ),
            None,
        )
        found = hit + 1 if hit is not None else found
    return found or None
