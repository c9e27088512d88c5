"""Define raw and typed tables: the data passed between readers, parser, checks and builders."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.arrays import Flags, Places
from dunning.core.errors import DunningError
from dunning.core.frames import Frame
from dunning.core.ledger_tables import ANY_REASON, Table

Place = tuple[str, int]
NO_INSTANT = int(np.iinfo(np.int64).max)


@dataclass(frozen=True)
class RawBatch:
    """Some consecutive rows of a table, as text.

    Attributes:
        columns: every column of the contract's table, in its order: trimmed (also of NBSP), null
            where empty, all null where the file does not have it. pa.string(), or a dictionary of
            it where the reader was asked for one.
        lines: int64, the physical line on which each row begins; the header is line 1. In Parquet,
            row i (from 0) is line i + 2, as it would be in a CSV. With a mapping, the line of the
            source file.
        ragged_lines: lines of the rows with a wrong number of cells in this stretch; they are in
            no column.
    """

    columns: dict[str, pa.Array]
    lines: Places
    ragged_lines: Places

    def __len__(self) -> int:
        return len(self.lines)


class Source(Protocol):
    """A source of a table's rows that can be read any number of times.

    Attributes:
        file: the name under which errors know it, e.g. `payments.csv.gz`.
        files: the files that it reads; one, unless a mapping makes the table of several.
        delimiter: what joins the cells of a row as read.
        header: names of all columns in the file's order, also unknown ones.
        unknown: names of the columns that the contract does not know; empty with a mapping.
        filled: names of the contract's columns that it fills; the others are empty in every row.
        code_columns: names of the columns that hold nothing but codes, by which a row is found
            again.
    """

    file: str
    files: tuple[str, ...]
    delimiter: str
    header: tuple[str, ...]
    unknown: tuple[str, ...]
    filled: tuple[str, ...]
    code_columns: frozenset[str]

    def batches(self, encoded: Collection[str] = ()) -> Iterator[RawBatch]:
        """Yield all rows in file order, a bounded number at a time.

        Args:
            encoded: columns that may come as dictionaries, each different text once.
        """
        ...

    def cells_at(self, lines: Places) -> dict[int, tuple[str, ...]]:
        """Return the cells as read, by line, in the order of the header.

        A ragged row has as many cells as it has in the file.
        """
        ...

    def place_of(self, line: int) -> Place:
        """Return the file, and the line in it, of the row on this line of the source."""
        ...


@dataclass(frozen=True)
class RawTable:
    """One table of the extract before it is typed; `source` is None where the extract lacks it.

    Attributes:
        last_days: of columns of days the last one that can be meant; what is later has its year
            mistyped.
    """

    table: Table
    source: Source | None
    last_days: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_absent(self) -> bool:
        """Return whether the extract has no file for this (optional) table."""
        return self.source is None

    @property
    def file(self) -> str:
        """Return the file name for errors and quarantine; empty where the table is absent."""
        return self.source.file if self.source else ""


@dataclass(frozen=True)
class BadCells:
    """The unreadable cells of one column: rows (ascending) and their text."""

    rows: Places
    texts: pa.Array

    def take(self, rows: Places) -> "BadCells":
        """Return the bad cells of these rows (ascending places), by their place among them."""
        # Both are ascending: find each asked row among the bad ones.
        at = np.searchsorted(self.rows, rows)
        is_bad = at < len(self.rows)
        is_bad[is_bad] = self.rows[at[is_bad]] == rows[is_bad]
        return BadCells(np.flatnonzero(is_bad), self.texts.take(pa.array(at[is_bad])))


@dataclass
class TypedTable:
    """One table with every cell in its type; bad rows are still in it, marked.

    Grain: one row per row of the file, in file order, ragged rows excepted.

    Attributes:
        raw: where it came from.
        frame: the contract's columns under the contract's names; types: `ledger_tables.CellKind`.
        lines: int64 physical line of each row.
        reasons: int32 bits of `ledger_tables.REASONS`, none for a good row, and the bits that
            `ledger_tables` defines beside them. Later steps add theirs.
        is_repeated: True for the second and every further copy of a row (by value); see
            `duplicates`.
        ragged_lines: int64 lines of the rows with a wrong number of cells, which are not among the
            rows.
        bad_cells: text of the cells that could not be read, by column.
        rows_elsewhere: how many more rows the file has, where this is only a part of them.
    """

    raw: RawTable
    frame: Frame
    lines: Places
    reasons: npt.NDArray[np.int32]
    is_repeated: Flags
    ragged_lines: Places
    bad_cells: dict[str, BadCells] = field(default_factory=dict)
    rows_elsewhere: int = 0

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def table(self) -> Table:
        """Return the definition of this table in the contract."""
        return self.raw.table

    @property
    def rows_read(self) -> int:
        """Return how many rows the file has: good, bad, repeated and ragged ones."""
        return len(self.lines) + len(self.ragged_lines) + self.rows_elsewhere

    @property
    def is_refused(self) -> Flags:
        """Return which rows are refused, as far as is known by now."""
        return (self.reasons & ANY_REASON != 0) & ~self.is_repeated

    @property
    def accepted(self) -> Flags:
        """Return which rows are taken in, as far as is known by now."""
        return (self.reasons & ANY_REASON == 0) & ~self.is_repeated

    def mark(self, rows: npt.NDArray, bits: int) -> None:
        """Add reasons to rows (a mask or places), in place."""
        self.reasons[rows] |= np.int32(bits)

    def take(self, rows: Places) -> "TypedTable":
        """Return some rows (ascending places) as a table of their own.

        It keeps nothing of this table in memory. Ragged rows are left out.
        """
        taken = {name: cells.take(rows) for name, cells in self.bad_cells.items()}
        frame = Frame(dict(self.frame.take(rows).columns))
        return TypedTable(
            self.raw,
            frame,
            self.lines[rows],
            self.reasons[rows],
            self.is_repeated[rows],
            np.empty(0, np.int64),
            {name: some for name, some in taken.items() if len(some.rows)},
        )

    def cells_at(self, lines: Places) -> dict[int, tuple[str, ...]]:
        """Return the cells as read by line, aligned with `header`; for quarantine.

        It reads the file again, once.
        """
        return self.raw.source.cells_at(lines) if self.raw.source and len(lines) else {}

    def place_of(self, line: int) -> Place:
        """Return the file and the physical line of one of its lines."""
        return self.raw.source.place_of(line) if self.raw.source else (self.raw.file, line)

    @property
    def header(self) -> tuple[str, ...]:
        """Return the column names of the file in its order; with a mapping, the source's names."""
        return self.raw.source.header if self.raw.source else ()

    @property
    def code_columns(self) -> frozenset[str]:
        """Return the names of the file's columns that have only codes."""
        return self.raw.source.code_columns if self.raw.source else frozenset()

    @property
    def delimiter(self) -> str:
        """Return the sign that joins the cells of a row as read."""
        return self.raw.source.delimiter if self.raw.source else ";"


def join_tables(raw: RawTable, tables: Sequence[TypedTable]) -> TypedTable:
    """Return the rows of some stretches of one table as one; at least one stretch.

    Raises:
        DunningError: a column's texts come to more than 2 GiB.
    """
    names = list(tables[0].frame)
    return TypedTable(
        raw,
        Frame(
            {
                name: join_columns(raw.file, name, [table.frame.columns[name] for table in tables])
                for name in names
            }
        ),
        np.concatenate([table.lines for table in tables]),
        np.concatenate([table.reasons for table in tables]),
        np.concatenate([table.is_repeated for table in tables]),
        np.concatenate([table.ragged_lines for table in tables]),
        _join_bad_cells(tables),
    )


def join_columns(
    file: str, name: str, stretches: Sequence[npt.NDArray | pa.Array]
) -> npt.NDArray | pa.Array:
    """Return the stretches of a column as one.

    Raises:
        DunningError: its texts come to more than 2 GiB.
    """
    if isinstance(stretches[0], np.ndarray):
        return np.concatenate(stretches)
    # Arrow texts have 32-bit offsets: more bytes would overflow.
    if sum(stretch.nbytes for stretch in stretches) >= np.iinfo(np.int32).max:
        raise texts_too_long(file, name)
    return pa.concat_arrays(stretches)


def texts_too_long(file: str, name: str) -> DunningError:
    """Return the error for a column with more text than Arrow takes."""
    return DunningError(
        f"{file}: the texts of column {name} come to more than 2 GiB, which one load does not take. Shorten them, "
        "or leave the column out if it is optional."
    )


def _join_bad_cells(tables: Sequence[TypedTable]) -> dict[str, BadCells]:
    joined: dict[str, list[BadCells]] = {}
    first = 0
    for table in tables:
        for name, cells in table.bad_cells.items():
            # Rows are counted from the first row of the joined table.
            joined.setdefault(name, []).append(BadCells(cells.rows + first, cells.texts))
        first += len(table)
    return {
        name: BadCells(
            np.concatenate([c.rows for c in cells]), pa.concat_arrays([c.texts for c in cells])
        )
        for name, cells in joined.items()
    }
