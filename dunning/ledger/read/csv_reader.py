"""Read CSV files (plain or gzip) as columns of text."""

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from dunning.core.arrays import Places
from dunning.core.errors import DunningError
from dunning.ledger.read.cells import clean_text
from dunning.ledger.read.dialects import read_dialect
from dunning.ledger.read.parquet_reader import all_null, leave_out
from dunning.ledger.read.records import PlainRows, Records, read_records
from dunning.ledger.read.streams import read_blocks, read_lines
from dunning.ledger.side_by_side import map_in_order
from dunning.ledger.typed_tables import RawBatch


class CsvReader:
    """A CSV file, read as a stream, a few MiB at a time, every column as text.

    pyarrow reads each stretch with one thread on purpose: threaded CSV reading of pyarrow 26.0.1
    has returned wrong amounts.
    """

    def __init__(
        self,
        path: Path,
        encoding: str | None = None,
        delimiter: str | None = None,
        lines_above: int = 0,
    ) -> None:
        dialect = read_dialect(path, encoding, delimiter, lines_above)
        self.file, self._path, self._encoding = path.name, path, dialect.encoding
        self._lines_above, self.header_line = dialect.lines_above, dialect.lines_above + 1
        self.delimiter, self.header = dialect.delimiter, dialect.header
        self.types: dict[str, pa.DataType] = {}
        self._has_quotes = True  # until the file has been read to its end without one

    def read(self, names: Sequence[str], encoded: Collection[str] = ()) -> Iterator[RawBatch]:
        """Yield these columns; see `Reader`.

        Raises:
            DunningError: rows cannot be separated.
        """
        yield from map_in_order(
            partial(self._parse, names=names, encoded=encoded), self._stretches()
        )

    def cells_at(self, lines: Places) -> dict[int, tuple[str, ...]]:
        """Return the cells of some rows; reads the file again."""
        wanted = np.unique(np.asarray(lines, np.int64))
        if not self._has_quotes:
            texts = read_lines(self._path, self._encoding, wanted)
            return {line: _split_row(text, self.delimiter) for line, text in texts}
        found: dict[int, tuple[str, ...]] = {}
        for rows in self._stretches():
            if isinstance(rows, PlainRows):
                rows = rows.locate(self.delimiter, len(self.header))
            for i in np.flatnonzero(np.isin(rows.lines, wanted)).tolist():
                row = rows.data[rows.starts[i] : rows.ends[i]].decode()
                found[int(rows.lines[i])] = _split_row(row, self.delimiter)
            if len(found) == len(wanted):
                break
        return found

    def _stretches(self) -> Iterator[Records | PlainRows]:
        """Yield the file's rows in stretches of some MiB, the header left out."""
        blocks = read_blocks(self._path, self._encoding, self._lines_above)
        is_header, has_quotes = True, False
        for rows in read_records(self.file, blocks, self.delimiter, len(self.header)):
            if is_header:
                rows = _without_first(rows)
                is_header = False
            has_quotes |= not isinstance(rows, PlainRows)
            if rows.height if isinstance(rows, PlainRows) else len(rows.lines):
                yield rows
        self._has_quotes = has_quotes

    def _parse(
        self, rows: Records | PlainRows, names: Sequence[str], encoded: Collection[str]
    ) -> RawBatch:
        if isinstance(rows, PlainRows):
            read = self._read_table(rows.data, names, encoded, newlines_in_values=False)
            # Without quotes and empty lines every line is a row, and line numbers need no search.
            if read.height == rows.height:
                lines = np.arange(rows.first_line, rows.first_line + rows.height)
                return self._batch(rows, read, names, lines)
            rows = rows.locate(self.delimiter, len(self.header))
        data = rows.data[int(rows.starts[0]) :] if len(rows.starts) else b""
        read = self._read_table(data, names, encoded, newlines_in_values=bool(rows.is_tall.any()))
        is_ragged = np.zeros(len(rows.lines), bool)
        is_ragged[read.ragged] = True
        self._refuse_tall(rows, is_ragged)
        return self._batch(rows, read, names, rows.lines)

    def _read_table(
        self,
        data: bytes,
        names: Sequence[str],
        encoded: Collection[str],
        *,
        newlines_in_values: bool,
    ) -> "_Read":
        """Return the columns, named by their place in the header.

        Ragged and blank rows are returned by number, from 0.
        """
        ragged: list[int] = []
        blank: list[int] = []

        def note_ragged(row: pacsv.InvalidRow) -> str:
            (blank if self._is_blank(row.text) else ragged).append(row.number - 1)
            return "skip"

        table = pacsv.read_csv(
            pa.py_buffer(data),
            read_options=pacsv.ReadOptions(
                # One block for all of it: row numbers then count from its start.
                use_threads=False,
                block_size=len(data) + 1,
                column_names=[f"c{i}" for i in range(len(self.header))],
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=newlines_in_values,
                invalid_row_handler=note_ragged,
            ),
            convert_options=self._as_text(names, encoded),
        )
        return _Read(table, ragged, blank)

    def _as_text(self, names: Sequence[str], encoded: Collection[str]) -> pacsv.ConvertOptions:
        places = {name: f"c{i}" for i, name in enumerate(self.header)}
        return pacsv.ConvertOptions(
            column_types={
                place: pa.dictionary(pa.int32(), pa.string()) if name in encoded else pa.string()
                for name, place in places.items()
            },
            include_columns=[places[name] for name in names],
            strings_can_be_null=True,
            null_values=[""],
            quoted_strings_can_be_null=True,
            # `streams` has decoded every byte already.
            check_utf8=False,
        )

    def _batch(
        self, rows: Records | PlainRows, read: "_Read", names: Sequence[str], lines: Places
    ) -> RawBatch:
        # Rows are counted twice, by us and by pyarrow, so that none is lost without a message.
        if read.height != len(lines):
            raise DunningError(
                f"{self.file}, line {lines[0]} and following: {len(lines)} rows were counted but {read.height} read, "
                "so a row would be lost. Check the quotes there and export the file again."
            )
        is_ragged, is_whole = np.zeros(len(lines), bool), np.ones(len(lines), bool)
        is_ragged[read.ragged] = True
        is_whole[[*read.ragged, *read.blank]] = False
        cells = (clean_text(_one_array(column)) for column in read.table.columns)
        batch = RawBatch(dict(zip(names, cells, strict=True)), lines[is_whole], lines[is_ragged])
        # A row with nothing in the columns read may still have something in another column.
        suspects = all_null(batch)
        if not len(suspects):
            return batch
        if isinstance(rows, PlainRows):
            rows = rows.locate(self.delimiter, len(self.header))
        places = np.flatnonzero(is_whole)[suspects]
        spans = zip(suspects, rows.starts[places].tolist(), rows.ends[places].tolist(), strict=True)
        return leave_out(
            batch, [row for row, a, b in spans if self._is_blank(rows.data[a:b].decode())]
        )

    def _is_blank(self, row: str) -> bool:
        """Return whether a row has only delimiters, as spreadsheets leave them."""
        return not row.replace(self.delimiter, "").strip()

    def _refuse_tall(self, records: Records, is_ragged: np.ndarray) -> None:
        bad = np.flatnonzero(records.is_tall & is_ragged)
        if len(bad):
            raise DunningError(
                f"{self.file}, line {records.lines[bad[0]]}: a quoted cell goes over several lines and the row then "
                f'has not {len(self.header)} cells; rows may be hidden in it. Close the quote (") where the cell ends.'
            )


@dataclass(frozen=True)
class _Read:
    """The rows that pyarrow read of some text.

    Ragged and blank rows, by number from 0, are not in the table.
    """

    table: pa.Table
    ragged: list[int]
    blank: list[int]

    @property
    def height(self) -> int:
        return self.table.num_rows + len(self.ragged) + len(self.blank)


def _without_first(rows: Records | PlainRows) -> Records | PlainRows:
    if isinstance(rows, PlainRows):
        return PlainRows(
            rows.data[rows.data.index(b"\n") + 1 :], rows.first_line + 1, rows.height - 1
        )
    records = rows
    return Records(
        records.data, records.starts[1:], records.ends[1:], records.lines[1:], records.is_tall[1:]
    )


def _split_row(row: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader(io.StringIO(row, newline=""), delimiter=delimiter)))
    except csv.Error:  # a cell over 128 KiB
        return (row,)


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    return (
        column.chunk(0)
        if column.num_chunks == 1
        else pa.concat_arrays(column.chunks or [pa.array([], pa.string())])
    )
