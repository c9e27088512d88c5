"""Files as columns of text: CSV (plain or gzip) and Parquet behind one face."""

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from dunning.core.errors import DunningError
from dunning.ledger.read.dialects import read_dialect, refuse_many, refuse_twice
from dunning.ledger.read.records import PlainRows, Records, read_records
from dunning.ledger.read.streams import read_blocks, read_lines
from dunning.ledger.side_by_side import map_in_order
from dunning.ledger.typed_tables import Places, RawBatch

PARQUET_ROWS = 1 << 17
_DAMAGES = (OSError, pa.ArrowException, UnicodeDecodeError, OverflowError)
NOTHING = (
    "NULL",
    "\\N",
    "N/A",
    "#N/A",
    "NAN",
    "NONE",
    "(NULL)",
)  # an empty cell, written out; in any case
_NOTHING = pa.array(NOTHING)
_NOTHING_BEGINS = np.isin(np.arange(256), list(b"Nn\\#("))
_NOTHING_LONGEST = max(map(len, NOTHING))


class Reader(Protocol):
    """A file with named columns; `types` is empty where all of them are text."""

    file: str
    delimiter: str
    header: tuple[str, ...]
    header_line: int
    types: dict[str, pa.DataType]

    def read(self, names: Sequence[str], encoded: Collection[str] = ()) -> Iterator[RawBatch]:
        """Yield these columns of all rows (trimmed, null where empty), in file order; `encoded` may
        be dictionaries.
        """
        ...

    def cells_at(self, lines: Places) -> dict[int, tuple[str, ...]]:
        """Return all cells of the rows on these lines as read."""
        ...


def open_reader(
    path: Path, encoding: str | None = None, delimiter: str | None = None, lines_above: int = 0
) -> Reader:
    """Return the reader for a file by the end of its name; its header is read at once.

    Args:
        encoding, delimiter, lines_above: how a text file is written (`dialects`), where that is not
            to be found out.

    Raises:
        DunningError: no file but a folder, a pipe (which would be waited for), or a link to
            nothing; no header.
    """
    if not path.is_file():
        raise DunningError(
            f"{path.name} is no file that can be read, but a folder, a pipe, or a link that leads to none. Put the "
            "file itself there."
        )
    if path.suffix == ".parquet":
        return ParquetReader(path)
    return CsvReader(path, encoding, delimiter, lines_above)


def clean_text(column: pa.Array) -> pa.Array:
    """Return text (or a dictionary of it) without white space (NBSP too) at its ends, null where
    nothing is left.

    A cell that says so (NOTHING) is as empty as one in which nothing stands.
    """
    if pa.types.is_dictionary(column.type):
        trimmed = clean_text(column.dictionary)
        if trimmed.null_count:
            return clean_text(column.dictionary_decode()).dictionary_encode()
        return pa.DictionaryArray.from_arrays(column.indices, trimmed)
    trimmed = pc.utf8_trim_whitespace(column)
    lengths = np.diff(text_offsets(trimmed))
    is_empty = lengths == 0
    is_empty[_find_nothing(trimmed, lengths)] = True
    if not is_empty.any():
        return trimmed
    return pc.if_else(pa.array(is_empty), pa.scalar(None, pa.string()), trimmed)


def says_nothing(cell: str) -> bool:
    """Say whether a cell is empty, or says so.

    >>> says_nothing(" null"), says_nothing("\\\\N"), says_nothing("Nuller")
    (True, True, False)
    """
    return cell.strip().upper() in ("", *NOTHING)


def _find_nothing(texts: pa.Array, lengths: npt.NDArray[np.int32]) -> Places:
    """Return the places of the texts that say that nothing stands there; most texts are too long to
    say so.
    """
    some = np.flatnonzero((lengths > 1) & (lengths <= _NOTHING_LONGEST))
    if not len(some):
        return some
    data = np.frombuffer(texts.buffers()[2], np.uint8)
    some = some[_NOTHING_BEGINS[data[text_offsets(texts)[some]]]]
    if not len(some):
        return some
    is_nothing = pc.is_in(pc.utf8_upper(texts.take(pa.array(some))), value_set=_NOTHING)
    return some[is_nothing.to_numpy(zero_copy_only=False)]


def text_offsets(texts: pa.Array) -> npt.NDArray[np.int32]:
    """Return where each text begins in the array's bytes, one place more than texts."""
    if not len(texts):
        return np.zeros(1, np.int32)
    return np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]


class CsvReader:
    """A CSV file, read as a stream, a few MiB at a time, every column as text.

    One thread on purpose: threaded CSV reading of pyarrow 26.0.1 has returned wrong amounts.
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
        """Yield these columns; see `Reader`. Raises DunningError where rows cannot be told
        apart.
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
        """Return the columns (under their place in the header); ragged and blank rows by number
        from 0.
        """
        ragged: list[int] = []
        blank: list[int] = []

        def note_ragged(row: pacsv.InvalidRow) -> str:
            (blank if self._is_blank(row.text) else ragged).append(row.number - 1)
            return "skip"

        places = [f"c{i}" for i in range(len(self.header))]
        kinds = {
            place: pa.dictionary(pa.int32(), pa.string()) if name in encoded else pa.string()
            for place, name in zip(places, self.header, strict=True)
        }
        table = pacsv.read_csv(
            pa.py_buffer(data),
            read_options=pacsv.ReadOptions(
                use_threads=False, block_size=len(data) + 1, column_names=places
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=self.delimiter,
                newlines_in_values=newlines_in_values,
                invalid_row_handler=note_ragged,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=kinds,
                include_columns=[f"c{self.header.index(name)}" for name in names],
                strings_can_be_null=True,
                null_values=[""],
                quoted_strings_can_be_null=True,
                check_utf8=False,
            ),
        )
        return _Read(table, ragged, blank)

    def _batch(
        self, rows: Records | PlainRows, read: "_Read", names: Sequence[str], lines: Places
    ) -> RawBatch:
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
        suspects = _all_null(batch)
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
        """Say whether a row is delimiters alone, as spreadsheets leave them behind."""
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
    """What pyarrow read of some rows; the ragged and the blank ones, by number from 0, are not in
    the table.
    """

    table: pa.Table
    ragged: list[int]
    blank: list[int]

    @property
    def height(self) -> int:
        return self.table.num_rows + len(self.ragged) + len(self.blank)


class ParquetReader:
    """A Parquet file; its columns become text, so that all rules about values stand in one place.

    Row i (from 0) is line i + 2. Decimals lose their zeros beyond two places; flags read `true` and
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
        """Return the rows in which nothing stands at all, in no column of the file."""
        suspects = _all_null(rows)
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
        """Yield the rows, each text checked to be UTF-8."""
        try:
            file = pq.ParquetFile(self._path, page_checksum_verification=True)
            rows = 0
            for batch in file.iter_batches(PARQUET_ROWS, columns=names):
                batch.validate(full=True)
                rows += len(batch)
                yield batch
        except _DAMAGES as error:
            raise self._unreadable() from error
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


def _all_null(batch: RawBatch) -> Places:
    """Return the rows all of whose columns are empty; most often a column has no empty cell, and
    that is that.
    """
    columns = list(batch.columns.values())
    if not columns or not len(batch) or any(column.null_count == 0 for column in columns):
        return np.empty(0, np.int64)
    is_null = [column.is_null().to_numpy(zero_copy_only=False) for column in columns]
    return np.flatnonzero(np.all(is_null, axis=0))


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


def _to_text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _to_text(column.dictionary_decode())
    if pa.types.is_decimal(kind):
        plain = pc.replace_substring_regex(column.cast(pa.string()), "^-?0E-[0-9]+$", "0")
        return pc.replace_substring_regex(plain, r"(\.[0-9]{2})0+$", r"\1")
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array(
            [None if v is None else "(no text)" for v in column.to_pylist()], pa.string()
        )
    return column.cast(pa.string())
