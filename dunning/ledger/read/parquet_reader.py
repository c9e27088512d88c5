"""Read Parquet files as columns of text, so that all rules about values are in one place."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dunning.core.arrays import Places
from dunning.core.errors import DunningError
from dunning.ledger.read.cells import clean_text
from dunning.ledger.read.dialects import refuse_many, refuse_twice
from dunning.ledger.typed_tables import RawBatch

PARQUET_ROWS = 1 << 17


_DAMAGES = (OSError, pa.ArrowException, UnicodeDecodeError, OverflowError)


class ParquetReader:
    """A Parquet file, read as columns of text.

    Row i (from 0) is line i + 2. Decimals lose their zeros after two places; flags read `true` and
    `false`.
    """

    def __init__(self, path: Path) -> None:
        self.file, self._path, self.delimiter = path.name, path, ";"
        schema = self._read_schema()
        self.header, self.header_line = tuple(schema.names), 1
        refuse_many(self.file, len(self.header))
        refuse_twice(self.file, self.header)
        self.types: dict[str, pa.DataType] = {field.name: field.type for field in schema}

    def read(self, names: Sequence[str], encoded: Collection[str] = ()) -> Iterator[RawBatch]:
        """Yield these columns as text; see `Reader`."""
        line = 2
        for batch in self._batches(list(names)):
            columns = {name: clean_text(_to_text(batch.column(name))) for name in names}
            rows = RawBatch(columns, np.arange(line, line + len(batch)), np.empty(0, np.int64))
            yield leave_out(rows, self._find_blank(rows))
            line += len(batch)

    def cells_at(self, lines: Places) -> dict[int, tuple[str, ...]]:
        """Return the cells of some rows; reads the file again."""
        rows = np.unique(np.asarray(lines, np.int64)) - 2
        found: dict[int, tuple[str, ...]] = {}
        first = 0
        for batch in self._batches(None):
            here = rows[(rows >= first) & (rows < first + len(batch))]
            if len(here):
                part = batch.take(pa.array(here - first))
                cells = [[v or "" for v in _to_text(column).to_pylist()] for column in part.columns]
                found |= {int(row) + 2: tuple(c[i] for c in cells) for i, row in enumerate(here)}
            first += len(batch)
        return found

    def _find_blank(self, rows: RawBatch) -> list[int]:
        """Return the rows that are empty in every column of the file."""
        suspects = all_null(rows)
        cells = self.cells_at(rows.lines[suspects]) if len(suspects) else {}
        return [
            row for row in suspects.tolist() if not "".join(cells[int(rows.lines[row])]).strip()
        ]

    def _read_schema(self) -> pa.Schema:
        try:
            return pq.ParquetFile(self._path).schema_arrow
        except _DAMAGES as error:
            raise self._unreadable() from error

    def _batches(self, names: list[str] | None) -> Iterator[pa.RecordBatch]:
        """Yield the rows; every text is checked to be UTF-8."""
        try:
            file = pq.ParquetFile(self._path, page_checksum_verification=True)
            rows = 0
            for batch in file.iter_batches(PARQUET_ROWS, columns=names):
                batch.validate(full=True)
                rows += len(batch)
                yield batch
        except _DAMAGES as error:
            raise self._unreadable() from error
        # A damaged file may end early without an error.
        if rows != file.metadata.num_rows:
            raise self._unreadable()

    def _unreadable(self) -> DunningError:
        return DunningError(
            f"{self.file} cannot be read as Parquet: it is damaged or something else. Write it again."
        )


def leave_out(batch: RawBatch, rows: Sequence[int]) -> RawBatch:
    """Return a batch without some of its rows."""
    if not len(rows):
        return batch
    is_kept = np.ones(len(batch), bool)
    is_kept[rows] = False
    columns = {name: column.filter(pa.array(is_kept)) for name, column in batch.columns.items()}
    return RawBatch(columns, batch.lines[is_kept], batch.ragged_lines)


def all_null(batch: RawBatch) -> Places:
    """Return the rows with all columns empty.

    Most often some column has no empty cell, and then there are none.
    """
    columns = list(batch.columns.values())
    if not columns or not len(batch) or any(column.null_count == 0 for column in columns):
        return np.empty(0, np.int64)
    is_null = [column.is_null().to_numpy(zero_copy_only=False) for column in columns]
    return np.flatnonzero(np.all(is_null, axis=0))


def _to_text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _to_text(column.dictionary_decode())
    if pa.types.is_decimal(kind):
        # Arrow writes a zero with many decimals as 0E-8, which is no amount in text.
        plain = pc.replace_substring_regex(column.cast(pa.string()), "^-?0E-[0-9]+$", "0")
        return pc.replace_substring_regex(plain, r"(\.[0-9]{2})0+$", r"\1")
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array(
            [None if v is None else "(no text)" for v in column.to_pylist()], pa.string()
        )
    return column.cast(pa.string())
