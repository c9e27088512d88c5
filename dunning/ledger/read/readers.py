"""Read CSV (plain or gzip) and Parquet files through one interface, as columns of text."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from dunning.core.arrays import Places
from dunning.core.errors import DunningError
from dunning.ledger.read.csv_reader import CsvReader
from dunning.ledger.read.parquet_reader import ParquetReader
from dunning.ledger.typed_tables import RawBatch


class Reader(Protocol):
    """A file with named columns; `types` is empty where all of them are text."""

    file: str
    delimiter: str
    header: tuple[str, ...]
    header_line: int
    types: dict[str, pa.DataType]

    def read(self, names: Sequence[str], encoded: Collection[str] = ()) -> Iterator[RawBatch]:
        """Yield these columns of all rows (trimmed, null where empty), in file order.

        Columns in `encoded` may be dictionaries.
        """
        ...

    def cells_at(self, lines: Places) -> dict[int, tuple[str, ...]]:
        """Return all cells, as read, of the rows on these lines."""
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
