"""The rules of a mapping: how files are written, which rows are used, what fills each column."""

import re
from dataclasses import dataclass

from dunning.core.errors import DunningError
from dunning.core.ledger_tables import Table

_SHOWN = 80


@dataclass(frozen=True)
class FileRule:
    """How a source file is written; None: found from the file, or as in the contract."""

    encoding: str | None = None
    delimiter: str | None = None
    skip_lines: int = 0
    date: str | None = None
    decimal: str | None = None
    thousands: str = ""


@dataclass(frozen=True)
class Filter:
    """A condition on a row: its cell is one of `values`, or none of them where `is_not`.

    "" is an empty cell. With `is_sign`: the cell is an amount below zero, or is none where
    `is_not`; an unreadable cell is none.
    """

    column: str
    values: tuple[str, ...]
    is_not: bool
    is_sign: bool = False


@dataclass(frozen=True)
class ColumnRule:
    """The source of a column: a constant, or parts to be joined.

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
    """How one table, or a part of it, is made from one file.

    Of the rows that pass all of `where`, but not all of `but`.

    Attributes:
        path: its keys in the mapping file, from the top down.
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
        """Return the source columns that the rule reads, each once, in order of use."""
        used = [f.column for f in (*self.where, *self.but)]
        used += [column for rule in self.columns.values() for _, column in rule.parts if column]
        return tuple(dict.fromkeys(used))


@dataclass(frozen=True)
class Mapping:
    """A whole mapping file; a table may be made of several files.

    `text` serves to find the line of a key for errors.
    """

    file: str
    text: str
    files: dict[str, FileRule]
    tables: dict[str, tuple[TableRule, ...]]

    def refuse(self, path: tuple[str, ...], problem: str) -> DunningError:
        """Return the error for a key of this mapping, with its line."""
        return refuse_key(self.file, self.text, path, problem)


def refuse_key(file: str, text: str, path: tuple[str, ...], problem: str) -> DunningError:
    """Return the error for a key of a mapping, with its line."""
    line = _find_line(text, path)
    where = f"{file}, line {line}" if line else file
    key = f" {cut_short('.'.join(path))}:" if path else ""
    return DunningError(f"{where}:{key} {problem}. The mapping is described in docs/own-ledger.md.")


def cut_short(text: str) -> str:
    """Return a text for a message, cut to a readable length."""
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _find_entry(lines: list[str], name: str, number: int) -> int:
    """Return the line of the n-th entry of a list of sections; 0 where it is written otherwise."""
    # Possessive `*+`: no backtracking, so that a strange file cannot make this slow.
    entry = re.compile(rf"\s*+\[\[\s*+tables\s*+\.\s*+[\"']?{re.escape(name)}[\"']?\s*+\]\]")
    places = [i for i, line in enumerate(lines, 1) if entry.match(line)]
    return places[number - 1] if len(places) >= number else 0


def _find_line(text: str, path: tuple[str, ...]) -> int | None:
    """Return the line of a key, or None for the file as a whole.

    It goes down from section to section as far as these can be found.
    """
    lines = text.splitlines()
    found = 0
    for depth, key in enumerate(path):
        # A table made of several files is a list: "#2" in the path is its second entry.
        if depth == 2 and path[0] == "tables" and key.startswith("#"):
            found = _find_entry(lines, path[depth - 1], int(key[1:])) or found
            continue
        name = rf"[\"']?{re.escape(key)}[\"']?"
        section = re.compile(
            rf"\s*+\[++\s*+(?:.*\.\s*+)?{name}\s*+(?:\.|\])" if depth < 2 else r"(?!)"
        )
        entry = re.compile(rf"(?:^|[\s{{,.]){name}\s*+(?:=|\.)")
        # Search only after the section found so far: the same key may be in an earlier section.
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
