"""Files as columns of text: CSV (plain or gzip) and Parquet behind one face."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from dunning.core.errors import DunningError
from dunning.gateways.ledger.dialects import read_blocks, read_dialect, refuse_many, refuse_twice
from dunning.gateways.ledger.raw import Places, RawBatch
from dunning.gateways.ledger.records import Records, read_records

PARQUET_ROWS = 1 << 17
_DAMAGES = (OSError, pa.ArrowException, UnicodeDecodeError, OverflowError)


class Reader(Protocol):
    """A file with named columns; `types` is empty where all of them are text."""

    file: str
    delimiter: str
    header: tuple[str, ...]
    types: dict[str, pa.DataType]

    def read(self, names: Sequence[str]) -> Iterator[RawBatch]:
        """Yield these columns of all rows (trimmed, null where empty), in file order."""
        ...

    def cells_at(self, lines: Places) -> dict[int, tuple[str, ...]]:
        """Return all cells of the rows on these lines as read."""
        ...


def open_reader(path: Path, encoding: str | None = None, delimiter: str | None = None) -> Reader:
    """Return the reader for a file by the end of its name; its header is read at once.

    Raises:
        DunningError: no file but a folder, a pipe (which would be waited for), or a link to nothing; no header.
    """
    if not path.is_file():
        raise DunningError(
            f"{path.name} is no file that can be read, but a folder, a pipe, or a link that leads to none. Put the "
            "file itself there."
        )
    if path.suffix == ".parquet":
        return ParquetReader(path)
    return CsvReader(path, encoding, delimiter)


def clean_text(column: pa.Array) -> pa.Array:
    """Return text without white space (NBSP too) at its ends, and null where nothing is left."""
    trimmed = pc.utf8_trim_whitespace(column)
    is_empty = pc.equal(trimmed, "")
    if not pc.any(is_empty).as_py():
        return trimmed
    return pc.if_else(is_empty, pa.scalar(None, pa.string()), trimmed)


class CsvReader:
    """A CSV file, read as a stream, a few MiB at a time, every column as text.

    One thread on purpose: threaded CSV reading of pyarrow 26.0.1 has returned wrong amounts.
    """

    def __init__(self, path: Path, encoding: str | None = None, delimiter: str | None = None) -> None:
        dialect = read_dialect(path, encoding, delimiter)
        self.file, self._path, self._encoding = path.name, path, dialect.encoding
        self.delimiter, self.header = dialect.delimiter, dialect.header
        self.types: dict[str, pa.DataType] = {}

    def read(self, names: Sequence[str]) -> Iterator[RawBatch]:
        """Yield these columns; see `Reader`. Raises DunningError where rows cannot be told apart."""
        for records in self._records():
            yield self._parse(records, names)

    def cells_at(self, lines: Places) -> dict[int, tuple[str, ...]]:
        """Return the cells of some rows; reads the file again."""
        wanted = np.unique(np.asarray(lines, np.int64))
        found: dict[int, tuple[str, ...]] = {}
        for records in self._records():
            for i in np.flatnonzero(np.isin(records.lines, wanted)).tolist():
                row = records.data[records.starts[i] : records.ends[i]].decode()
                found[int(records.lines[i])] = _split_row(row, self.delimiter)
            if len(found) == len(wanted):
                break
        return found

    def _records(self) -> Iterator[Records]:
        blocks = read_blocks(self._path, self._encoding)
        is_header = True
        for records in read_records(self.file, blocks, self.delimiter, len(self.header)):
            if is_header:
                records = _without_first(records)
                is_header = False
            if len(records.lines):
                yield records

    def _parse(self, records: Records, names: Sequence[str]) -> RawBatch:
        ragged: list[int] = []

        def note_ragged(row: pacsv.InvalidRow) -> str:
            ragged.append(row.number - 1)
            return "skip"

        places = [f"c{i}" for i in range(len(self.header))]
        used = [f"c{self.header.index(name)}" for name in names]
        data = records.data[int(records.starts[0]) :]
        table = pacsv.read_csv(
            pa.py_buffer(data),
            read_options=pacsv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=places),
            parse_options=pacsv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=bool(records.is_tall.any()),
                invalid_row_handler=note_ragged,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types={place: pa.string() for place in places}, include_columns=used, strings_can_be_null=True,
                null_values=[""], quoted_strings_can_be_null=True, check_utf8=False,
            ),
        )
        is_whole = np.ones(len(records.lines), bool)
        is_whole[ragged] = False
        self._refuse_tall(records, ~is_whole)
        lines = records.lines[is_whole]
        if table.num_rows != len(lines):
            raise DunningError(
                f"{self.file}, line {records.lines[0]} and following: {len(lines)} rows were counted but "
                f"{table.num_rows} read, so a row would be lost. Check the quotes there and export the file again."
            )
        columns = {name: clean_text(_one_array(table[place])) for name, place in zip(names, used, strict=True)}
        return RawBatch(columns, lines, records.lines[~is_whole])

    def _refuse_tall(self, records: Records, is_ragged: np.ndarray) -> None:
        bad = np.flatnonzero(records.is_tall & is_ragged)
        if len(bad):
            raise DunningError(
                f'{self.file}, line {records.lines[bad[0]]}: a quoted cell goes over several lines and the row then '
                f'has not {len(self.header)} cells; rows may be hidden in it. Close the quote (") where the cell ends.'
            )


class ParquetReader:
    """A Parquet file; its columns become text, so that all rules about values stand in one place.

    Row i (from 0) is line i + 2. Decimals lose their zeros beyond two places; flags read `true` and `false`.
    """

    def __init__(self, path: Path) -> None:
        self.file, self._path, self.delimiter = path.name, path, ";"
        schema = self._read_schema()
        self.header = tuple(schema.names)
        refuse_many(self.file, len(self.header))
        refuse_twice(self.file, self.header)
        self.types: dict[str, pa.DataType] = {field.name: field.type for field in schema}

    def read(self, names: Sequence[str]) -> Iterator[RawBatch]:
        """Yield these columns; see `Reader`."""
        line = 2
        for batch in self._batches(list(names)):
            columns = {name: clean_text(_to_text(batch.column(name))) for name in names}
            yield RawBatch(columns, np.arange(line, line + len(batch)), np.empty(0, np.int64))
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
        return DunningError(f"{self.file} cannot be read as Parquet: it is damaged or something else. Write it again.")


def _without_first(records: Records) -> Records:
    return Records(records.data, records.starts[1:], records.ends[1:], records.lines[1:], records.is_tall[1:])


def _split_row(row: str, delimiter: str) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader(io.StringIO(row, newline=""), delimiter=delimiter)))
    except csv.Error:  # a cell over 128 KiB
        return (row,)


def _one_array(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.array([], pa.string())])


def _to_text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _to_text(column.dictionary_decode())
    if pa.types.is_decimal(kind):
        plain = pc.replace_substring_regex(column.cast(pa.string()), "^-?0E-[0-9]+$", "0")
        return pc.replace_substring_regex(plain, r"(\.[0-9]{2})0+$", r"\1")
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return pa.array([None if v is None else "(no text)" for v in column.to_pylist()], pa.string())
    return column.cast(pa.string())
