"""Sealed row groups of a Parquet file: each is compared with its hash whenever it is read.

Parquet's own page checksums leave page headers and the footer unprotected, so that a changed bit
there can still give other numbers. The seal covers every byte: the footer once per file, a row
group whenever it is read.

    bytes    0                                      size
             | group 0 | group 1 | … | group 63 | footer |
    ends     0         e1        e2  …          f      size
"""

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TypedDict

import pyarrow as pa
import pyarrow.parquet as pq

from dunning.core.errors import DunningError


class PartsSeal(TypedDict):
    """The ends of a file's parts, beginning with 0, and the hash of each part."""

    ends: list[int]
    sha256: list[str]


# A Parquet file ends with the footer's length (4 bytes, little-endian) and the magic PAR1.
_LENGTH_AND_MAGIC = 8


def seal_row_groups(path: Path) -> PartsSeal:
    """Return the ends of a finished file's parts and the SHA-256 of each, as `SealedFile` needs.

    The parts are its row groups in order and then the footer; together they are the file from its
    first byte to its last: `ends` has one number more than `sha256`, beginning with 0.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(size - _LENGTH_AND_MAGIC)
        footer = size - _LENGTH_AND_MAGIC - int.from_bytes(file.read(4), "little")
        starts = _starts(pq.read_metadata(path), footer)
        # the first part begins with the file's own magic, before the first row group
        ends = [0, *starts[1:], footer, size]
        file.seek(0)
        return {
            "ends": ends,
            "sha256": [_hash(file.read(end - start)) for start, end in pairwise(ends)],
        }


class SealedFile:
    """A Parquet file; its parts are compared with their seal when they are read.

    Raises:
        DunningError: at opening or reading: the file is missing or is not the one that was sealed.
    """

    def __init__(self, path: Path, seal: PartsSeal) -> None:
        self.path, self.seal = path, seal
        # the footer, before pyarrow trusts it
        self._check(len(seal["sha256"]) - 1)
        self._file = pq.ParquetFile(path)

    def read_row_group(self, index: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Return one row group; only some of its columns, where given."""
        self._check(index)
        return self._file.read_row_group(index, columns=columns, use_threads=False)

    def _check(self, part: int) -> None:
        start, end = self.seal["ends"][part], self.seal["ends"][part + 1]
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                found = _hash(file.read(end - start))
                # the size too: bytes added at the end are in no part
                size = file.seek(0, 2)
        except OSError:
            found, size = "", -1
        if (found, size) != (self.seal["sha256"][part], self.seal["ends"][-1]):
            raise DunningError(
                f"The snapshot file {self.path} is missing or not the one that was written (SHA-256 differs from "
                f"snapshot.json). Nothing may be decided on it. Remove the folder {self.path.parent} and load again."
            )


def _starts(metadata: pq.FileMetaData, footer: int) -> list[int]:
    """Return the offset at which each row group begins.

    One without rows has no pages: it begins where the next one does.
    """
    starts = [footer]
    # from the end, so that an empty group can take the offset of the one after it
    for index in reversed(range(metadata.num_row_groups)):
        group = metadata.row_group(index)
        pages = [
            offset
            for column in map(group.column, range(group.num_columns))
            for offset in (column.dictionary_page_offset, column.data_page_offset)
            if offset
        ]
        starts.append(min(pages, default=starts[-1]))
    return starts[:0:-1]


def _hash(content: bytes) -> str:
    # 128 bits are enough to find damage, and keep the seal small
    return hashlib.sha256(content).hexdigest()[:32]
