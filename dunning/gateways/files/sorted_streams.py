"""Sorted Arrow streams read as one, in their common order, with one batch of each in memory."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from dunning.gateways.files.worktables import read_streams

Key = tuple[str, ...]


def merge_sorted(paths: Sequence[Path], order: Sequence[str]) -> Iterator[pa.Table]:
    """Yield the rows of some Arrow streams in the order of some columns of text.

    Each round gives all rows up to the smallest of the batches' last keys: all rows still unread
    come after it.

    Args:
        paths: of streams with rows sorted so, by code point; no two rows have the same key,
            and no column of it is null.
        order: the columns of the key.
    """
    keys = [(name, "ascending") for name in order]
    heads = [head for head in (_Head(path, order) for path in paths) if head.has_rows()]
    #   batch of A   1  3  5  |
    #   batch of B   2  4  6  8  |      smallest last key: 5
    #   taken        1 2 3 4 5          6 and 8 wait: A's next batch may begin with 6
    while heads:
        bound = min(head.last for head in heads)
        taken = [rows for rows in (head.take_until(bound) for head in heads) if len(rows)]
        joined = pa.concat_tables(taken)
        # one batch alone is sorted already
        yield joined if len(taken) == 1 else joined.take(pc.sort_indices(joined, keys))
        heads = [head for head in heads if head.has_rows()]


class _Head:
    """The current batch of a stream, and the number of its rows that were taken."""

    def __init__(self, path: Path, order: Sequence[str]) -> None:
        self._batches = read_streams([path])
        self._order, self._keys, self._taken = order, list[Key](), 0
        self._rows: pa.Table | None = None

    @property
    def last(self) -> Key:
        """The key of the batch's last row."""
        return self._keys[-1]

    def has_rows(self) -> bool:
        """Return whether rows are left; reads the next batch where one has been taken."""
        # a loop, because a batch may be empty
        while self._taken == len(self._keys):
            batch = next(self._batches, None)
            if batch is None:
                return False
            self._rows, self._taken = batch, 0
            self._keys = list(zip(*(batch[name].to_pylist() for name in self._order), strict=True))
        return True

    def take_until(self, bound: Key) -> pa.Table:
        """Return the rows not taken yet with a key of at most `bound`."""
        assert self._rows is not None
        first, self._taken = self._taken, bisect_right(self._keys, bound, self._taken)
        return self._rows.slice(first, self._taken - first)
