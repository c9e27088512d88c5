"""Join several sources into one table: the rows of one file after those of another."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from dunning.core.arrays import Places
from dunning.ledger.typed_tables import Place, RawBatch, Source


class JoinedSource:
    """The rows of some sources, one source after the other.

    Line numbers continue from one file to the next; `place_of` returns the file and its own line.
    The last line of a file is known when its rows have been read to their end, before any line of
    the next is used.

    lines of file 1   1 … 500
    lines of file 2             1 …  300
    lines here        1 … 500  501 … 800     _lines_before = [0, 500]
    """

    unknown: tuple[str, ...] = ()
    code_columns: frozenset[str] = (
        frozenset()
    )  # the files' columns differ, so none is surely one of codes

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._lines_before = [0] * len(sources)
        self.files = tuple(dict.fromkeys(file for source in sources for file in source.files))
        self.file = " + ".join(self.files)
        self.filled = tuple(dict.fromkeys(name for source in sources for name in source.filled))
        self.delimiter, self.header = sources[0].delimiter, sources[0].header

    def batches(self, encoded: Collection[str] = ()) -> Iterator[RawBatch]:
        """Yield all rows of all sources; see `typed_tables.Source`."""
        last = 0
        for number, source in enumerate(self._sources):
            self._lines_before[number] = before = last
            for batch in source.batches(encoded):
                lines, ragged = batch.lines + before, batch.ragged_lines + before
                last = max(last, int(lines.max(initial=0)), int(ragged.max(initial=0)))
                yield RawBatch(batch.columns, lines, ragged)

    def cells_at(self, lines: Places) -> dict[int, tuple[str, ...]]:
        """Return the cells as read; see `typed_tables.Source`."""
        wanted = np.asarray(lines, np.int64)
        # Lines begin with 1: line 500 is the last of the first file, hence side="left".
        source_of = np.searchsorted(self._lines_before, wanted, side="left") - 1
        found: dict[int, tuple[str, ...]] = {}
        for number, (source, before) in enumerate(
            zip(self._sources, self._lines_before, strict=True)
        ):
            here = wanted[source_of == number] - before
            if len(here):
                found |= {line + before: cells for line, cells in source.cells_at(here).items()}
        return found

    def place_of(self, line: int) -> Place:
        """Return the file and its line; see `typed_tables.Source`."""
        number = int(np.searchsorted(self._lines_before, line, side="left")) - 1
        return self._sources[number].place_of(line - self._lines_before[number])
