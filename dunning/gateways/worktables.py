"""Tables on their way from one step of a run to the next: a Parquet file a table and shard, a row group a bucket."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

_OPTIONS = {"compression": "lz4", "write_statistics": False, "use_dictionary": False}


class TableWriter:
    """Writes tables bucket by bucket into `<folder>/<name>.parquet`; the files appear when the block ends well."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writers: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> "TableWriter":
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def write(self, tables: dict[str, pa.Table]) -> None:
        """Append one row group to each table's file."""
        for name, table in tables.items():
            if name not in self._writers:
                self._writers[name] = pq.ParquetWriter(self._beside(name), table.schema, **_OPTIONS)
            self._writers[name].write_table(table, row_group_size=max(len(table), 1))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, writer in self._writers.items():
            writer.close()
            if kind is None:
                self._beside(name).chmod(0o600)
                self._beside(name).replace(self.folder / f"{name}.parquet")

    def _beside(self, name: str) -> Path:
        return self.folder / f".{name}.unfinished"


def read_groups(paths: list[Path]) -> Iterator[pa.Table]:
    """Yield the row groups of some files in order."""
    for path in paths:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                yield file.read_row_group(group, use_threads=False)


def write_table(path: Path, table: pa.Table) -> None:
    """Write one table as one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=max(len(table), 1), **_OPTIONS)
    path.chmod(0o600)


def read_table(path: Path) -> pa.Table:
    """Read one file as one table."""
    with pq.ParquetFile(path) as file:
        return file.read(use_threads=False)
