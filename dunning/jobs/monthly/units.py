"""Units of notices that are rendered together: a print file, or a thousand single files."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.documents.messages.transliteration import transliterate
from dunning.gateways.files.worktables import StreamWriter

_NO_NAME = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class Unit:
    """Notices that are rendered together, in postal order.

    name: of its files. channel: email or post. pages: as estimated, separators included; 0 for
    e-mail.
    """

    name: str
    channel: str
    notices: int
    pages: int


def write_units(path: Path, units: list[Unit]) -> None:
    """Write the list of units."""
    path.write_text(
        json.dumps([asdict(unit) for unit in units], ensure_ascii=False, indent=1), encoding="utf-8"
    )


def read_units(path: Path) -> list[Unit]:
    """Return the list of units in a file."""
    return [Unit(**unit) for unit in json.loads(path.read_text(encoding="utf-8"))]


class Cutter:
    """Cuts rows, as they come, into units of limited weight; a new group begins a new unit.

    A row that is heavier than the limit gets a unit of its own.

    Args:
        folder: of the units' files.
        channel: of the rows.
        limit: largest sum of weights in a unit. opening: the weight that every unit begins with.
    """

    def __init__(self, folder: Path, channel: str, limit: int, opening: int = 0) -> None:
        self.folder, self.channel, self.limit, self.opening = folder, channel, limit, opening
        self.units: list[Unit] = []
        self._writer: StreamWriter | None = None
        self._name, self._group, self._rows, self._weight = "", "", 0, 0

    def add(self, rows: pa.Table, weights: npt.NDArray[np.int64], groups: pa.ChunkedArray) -> None:
        """Append rows with the weight and the group of each."""
        for first, end in _runs(groups):
            group = groups[first].as_py()
            if group != self._group:
                self.close()
            while first < end:
                first = self._add_run(rows, weights, group, first, end)

    def close(self) -> None:
        """End the open unit, if there is one."""
        if self._writer is not None:
            self._writer.__exit__(None, None, None)
            self.units.append(Unit(self._name, self.channel, self._rows, self._weight))
        self._writer = None

    def _add_run(
        self, rows: pa.Table, weights: npt.NDArray[np.int64], group: str, first: int, end: int
    ) -> int:
        """Append rows of one group up to the unit's limit; return the first that did not fit."""
        if self._writer is None:
            self._open(group)
        # weights   3  2  4  2      limit 10, weight of the open unit 2
        # sums      5  7 11 13      searchsorted: 2 rows fit
        sums = np.cumsum(weights[first:end]) + self._weight
        count = int(np.searchsorted(sums, self.limit, side="right"))
        # nothing fits into a unit that has rows: end it, and try again with a new one
        if count == 0 and self._rows:
            self.close()
            return first
        # nothing fits into an empty unit: the row gets it alone
        count = max(count, 1)
        assert self._writer is not None
        self._writer.write({self._name: rows.slice(first, count)})
        self._rows, self._weight = self._rows + count, int(sums[count - 1])
        return first + count

    def _open(self, group: str) -> None:
        number = len(self.units) + 1
        self._name = "-".join(
            part for part in (f"{self.channel}-{number:04d}", name_of(group)) if part
        )
        self._group, self._rows, self._weight = group, 0, self.opening
        self._writer = StreamWriter(self.folder)
        self._writer.__enter__()


def name_of(group: str) -> str:
    """Return a group's name in characters that a file's name may contain.

    >>> name_of("Люлин 3"), name_of("«»")
    ('Lyulin-3', '')
    """
    return _NO_NAME.sub("-", transliterate(group)).strip("-")[:40]


def _runs(groups: pa.ChunkedArray) -> Iterator[tuple[int, int]]:
    """Yield first and end (exclusive) of each run of equal groups."""
    codes = groups.combine_chunks().dictionary_encode().indices.to_numpy()
    # a run ends where the code differs from the next one:  A A B B B  ->  0 2 5
    bounds = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)] if len(codes) else [0]
    yield from pairwise(bounds)
