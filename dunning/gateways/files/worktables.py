"""Work tables: the tables that one step of a run leaves for the next.

What is written bucket by bucket for the next step is in Arrow streams, one batch per bucket: in the
form that it has in memory, so that it costs a copy and no encoding. What people get is Parquet, one
row group per bucket.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

# identifiers hardly repeat, so dictionaries cost more than they save
_OPTIONS = {"compression": "lz4", "write_statistics": False, "use_dictionary": False}


class _TableWriter(ABC):
    """Writes tables bucket by bucket into `<folder>/<name>.<suffix>`.

    The files appear when the block ends well.
    """

    suffix: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writers: dict[str, Any] = {}

    def __enter__(self) -> "_TableWriter":
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def write(self, tables: dict[str, pa.Table]) -> None:
        """Append one bucket's rows (none, perhaps) to each table's file."""
        for name, table in tables.items():
            if name not in self._writers:
                self._writers[name] = self._open(self._beside(name), table.schema)
            self._append(self._writers[name], table)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name, writer in self._writers.items():
            writer.close()
            # after an error the unfinished files keep their other name, and no step reads them
            if kind is None:
                self._beside(name).chmod(0o600)
                self._beside(name).replace(self.folder / f"{name}.{self.suffix}")

    def _beside(self, name: str) -> Path:
        return self.folder / f".{name}.unfinished"

    @abstractmethod
    def _open(self, path: Path, schema: pa.Schema) -> Any: ...

    @abstractmethod
    def _append(self, writer: Any, table: pa.Table) -> None: ...


class TableWriter(_TableWriter):
    """Writes Parquet files, one row group per bucket."""

    suffix = "parquet"

    def _open(self, path: Path, schema: pa.Schema) -> pq.ParquetWriter:
        """Open a file; dictionary columns are written as such, and read back as plain text."""
        coded = [field.name for field in schema if pa.types.is_dictionary(field.type)]
        return pq.ParquetWriter(
            path, schema, **(_OPTIONS | {"use_dictionary": coded, "store_schema": not coded})
        )

    def _append(self, writer: pq.ParquetWriter, table: pa.Table) -> None:
        # a size of 0 is not allowed, and an empty bucket must keep its row group
        writer.write_table(table, row_group_size=max(len(table), 1))


class StreamWriter(_TableWriter):
    """Writes Arrow streams, one batch per bucket; `read_streams` reads them."""

    suffix = "arrow"

    def _open(self, path: Path, schema: pa.Schema) -> pa.ipc.RecordBatchStreamWriter:
        return pa.ipc.new_stream(path, schema)

    def _append(self, writer: pa.ipc.RecordBatchStreamWriter, table: pa.Table) -> None:
        columns = [
            # without a copy where the column is one piece already
            column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
            for column in table.columns
        ]
        writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=table.schema))


def read_streams(paths: list[Path]) -> Iterator[pa.Table]:
    """Yield the batches of some Arrow streams in order."""
    for path in paths:
        with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
            for batch in stream:
                yield pa.Table.from_batches([batch])


def read_groups(paths: list[Path], columns: list[str] | None = None) -> Iterator[pa.Table]:
    """Yield the row groups of some Parquet files in order; only `columns`, where given."""
    for path in paths:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group, columns=columns, use_threads=False)


def write_table(path: Path, table: pa.Table) -> None:
    """Write one table as one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=max(len(table), 1), **_OPTIONS)
    path.chmod(0o600)


def read_table(path: Path) -> pa.Table:
    """Return the table in one file."""
    with pq.ParquetFile(path) as file:
        return file.read(use_threads=False)
