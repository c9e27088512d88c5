"""Find the files of an extract, and make a source of rows for each table."""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Places
from dunning.core.errors import DunningError
from dunning.core.ledger_tables import TABLES, CellKind, LedgerColumn, Table
from dunning.ledger.check.manifest import MANIFEST
from dunning.ledger.check.masking import CODES
from dunning.ledger.read.dialects import show_names
from dunning.ledger.read.joined import JoinedSource
from dunning.ledger.read.mapped import MappedSource
from dunning.ledger.read.mapping import Mapping
from dunning.ledger.read.mapping_file import read_mapping
from dunning.ledger.read.readers import Reader, open_reader
from dunning.ledger.side_by_side import do_all
from dunning.ledger.typed_tables import Place, RawBatch, RawTable, Source
from dunning.policy.ledger_dates import LedgerDates, read_ledger_dates

ENDINGS = (".csv", ".csv.gz", ".parquet")
FORMAT_VERSION = "2"  # raise it when the same files would be read otherwise
# The dates of law under which version 2 began. Only other dates are mixed into a fingerprint, so
# that the snapshots made before they were part of it keep their names.
_DATES_OF_VERSION_2 = "f7d30fc9bc52d9e59f52b01aa5cae036eefa8b452344b481759038d39cc69817"
_FIGURES = ("quantity", "unit_price")


def read_ledger(folder: Path, mapping: Path | None = None) -> dict[str, RawTable]:
    """Return all tables of the contract; optional ones without a file are absent.

    Headers are read and checked here, rows only by `RawTable.source`. A table that the mapping
    fills is read from the file that it names, every other one from the folder's file of its own
    name.

    Raises:
        DunningError: no such folder, a required table or column missing, a table twice, an
            unreadable file, a column of a type that the contract does not know (Parquet), a mapping
            that does not fit.
    """
    if not folder.is_dir():
        raise DunningError(f"The ledger folder {folder} is not there or no folder. Check --ledger.")
    rules = read_mapping(mapping) if mapping else None
    sources = do_all(lambda table: _source_of(folder, table, rules), TABLES.values())
    return {
        table.name: RawTable(table, source)
        for table, source in zip(TABLES.values(), sources, strict=True)
    }


def ledger_fingerprint(
    folder: Path,
    mapping: Path | None,
    tables: dict[str, RawTable],
    dates: LedgerDates | None = None,
) -> str:
    """Return the SHA-256 (hex) of the extract.

    It covers names and bytes of the files used, manifest and mapping included, and the dates of
    law by which rows are checked (by default those of the policy). The same files give the same
    fingerprint in any folder; two ways to write the same rows do not.
    """
    # Only files that are read count: a note beside them does not make another extract.
    paths = {
        file: folder / file for raw in tables.values() if raw.source for file in raw.source.files
    }
    if (folder / MANIFEST).is_file():
        paths[MANIFEST] = folder / MANIFEST
    # sha256( version | file NAME HASH | file NAME HASH | … | mapping HASH | dates HASH )
    whole = hashlib.sha256(f"dunning ledger {FORMAT_VERSION}\n".encode())
    # Sorted, so that the order of tables and folders does not matter.
    names = sorted(paths)
    for name, found in zip(names, do_all(_hash_file, [paths[name] for name in names]), strict=True):
        whole.update(f"file {name} {found}\n".encode())
    if mapping:
        whole.update(f"mapping {_hash_file(mapping)}\n".encode())
    if (digest := (dates or read_ledger_dates()).digest()) != _DATES_OF_VERSION_2:
        whole.update(f"dates {digest}\n".encode())
    return whole.hexdigest()


def unused_files(folder: Path, tables: dict[str, RawTable]) -> list[str]:
    """Return the sorted names of data files in the folder that no table reads; for a warning.

    Their names are perhaps misspelled.
    """
    used = {file for raw in tables.values() if raw.source for file in raw.source.files}
    present = {p.name for p in folder.iterdir() if p.is_file() and p.name.lower().endswith(ENDINGS)}
    return sorted(present - used)


class TableSource:
    """A table from the file of its own name; columns that the file lacks are null."""

    code_columns = CODES

    def __init__(self, reader: Reader, table: Table) -> None:
        self._reader, self._table = reader, table
        self.file, self.delimiter, self.header = reader.file, reader.delimiter, reader.header
        self.files: tuple[str, ...] = (reader.file,)
        self.unknown = tuple(
            name or f"(column {i} without a name)"
            for i, name in enumerate(reader.header, 1)
            if name not in table.names
        )
        self.filled = tuple(name for name in table.names if name in reader.header)
        self._check_header()
        for name, kind in reader.types.items():
            if name in table.names:
                _check_type(self.file, table[name], kind)

    def batches(self, encoded: Collection[str] = ()) -> Iterator[RawBatch]:
        """Yield all rows; see `typed_tables.Source`."""
        for batch in self._reader.read(self.filled, encoded):
            nothing = pa.nulls(len(batch), pa.string())
            columns = {name: batch.columns.get(name, nothing) for name in self._table.names}
            yield RawBatch(columns, batch.lines, batch.ragged_lines)

    def cells_at(self, lines: Places) -> dict[int, tuple[str, ...]]:
        """Return the cells as read; see `typed_tables.Source`."""
        return self._reader.cells_at(np.asarray(lines, np.int64))

    def place_of(self, line: int) -> Place:
        """Return the file and its line; see `typed_tables.Source`."""
        return self.file, line

    def _check_header(self) -> None:
        missing = [
            c.name for c in self._table.columns if c.is_required and c.name not in self.header
        ]
        if missing:
            raise DunningError(
                f"{self.file}, line {self._reader.header_line}: required column {', '.join(missing)} of table "
                f"{self._table.name} is missing; the header has {show_names(self.header)}. Add it to the extract, "
                "or say in a mapping (--mapping) which column it is, and with skip_lines how many lines stand above "
                "the header if this line is none."
            )


def _source_of(folder: Path, table: Table, mapping: Mapping | None) -> Source | None:
    rules = mapping.tables.get(table.name) if mapping else None
    if mapping and rules:
        sources = [MappedSource(folder, mapping, rule) for rule in rules]
        return sources[0] if len(sources) == 1 else JoinedSource(sources)
    places = [folder / f"{table.name}{ending}" for ending in ENDINGS]
    files = [path for path in places if os.path.lexists(path)]
    if len(files) > 1:
        raise DunningError(
            f"Table {table.name} is there twice, as {' and '.join(f.name for f in files)}: it is not clear which one "
            "holds. Leave one of them in the folder."
        )
    if files:
        return TableSource(open_reader(files[0]), table)
    if table.is_required:
        raise DunningError(_missing_table(folder, table))
    _refuse_misnamed(folder, table, {path.name for path in places})
    return None


def _refuse_misnamed(folder: Path, table: Table, names: set[str]) -> None:
    """Raise where a file name differs from the table's only by capitals or spaces.

    Otherwise the optional table would be lost without a message.
    """
    alike = sorted(path.name for path in folder.iterdir() if path.name.strip().lower() in names)
    if alike:
        raise DunningError(
            f"{alike[0]!r} in {folder} looks like table {table.name}, but files are named in small letters and without "
            f"spaces. It would be left out. Rename it to {alike[0].strip().lower()}."
        )


def _missing_table(folder: Path, table: Table) -> str:
    present = sorted(p.name for p in folder.iterdir() if p.name.lower().endswith(ENDINGS))
    return (
        f"Required table {table.name} is missing: {folder} has no {table.name}.csv, {table.name}.csv.gz or "
        f"{table.name}.parquet; it has {', '.join(present) or 'no such file at all'}. Add the file (a header alone for "
        "a table without rows), or fill the table by a mapping (--mapping)."
    )


def _check_type(file: str, column: LedgerColumn, kind: pa.DataType) -> None:
    """Raise where a Parquet column's type would lose information in the contract's values."""
    # A dictionary is only another way to store its values.
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    is_text = (
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )
    if is_text or pa.types.is_null(kind) or any(test(kind) for test in _types_of(column)):
        return
    cure = {
        CellKind.AMOUNT: "Binary floats cannot hold cents exactly: write decimal128, or text.",
        CellKind.TEXT: "Numbers lose leading zeros, and 00123 is not 123: write text.",
        CellKind.DAY: "Write date32, a timestamp, or text.",
    }.get(column.kind, "Write text.")
    raise DunningError(
        f"{file}: column {column.name} is of type {kind}, which is not taken. {cure}"
    )


def _types_of(column: LedgerColumn) -> Iterable:
    if column.name in _FIGURES:
        return (pa.types.is_integer, pa.types.is_decimal)
    return {
        CellKind.AMOUNT: (pa.types.is_integer, pa.types.is_decimal),
        CellKind.NUMBER: (pa.types.is_integer,),
        CellKind.FLAG: (pa.types.is_boolean, pa.types.is_integer),
        CellKind.DAY: (pa.types.is_date, pa.types.is_timestamp),
        CellKind.INSTANT: (pa.types.is_date, pa.types.is_timestamp),
    }.get(column.kind, ())


def _hash_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
