"""Keep the rows of a large table by bucket until their bucket is processed.

Rows are added a stretch at a time, in any order; each stretch is sorted by bucket and kept as one
Arrow record batch, in a file as soon as there are many. The rows of some consecutive buckets are
then a slice of each stretch, in the order in which they were added:

stretch 1      |-- 0 --|-- 1 --|---- 2 ----| … |-- 63 --|
buckets 1..2           ====================
stretch 2      |- 0 -|---- 1 ----|-- 2 --| … |-- 63 --|
buckets 1..2         ====================
"""

import mmap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.frames import Frame
from dunning.core.ledger_tables import bit
from dunning.ledger.read.parsing import no_rows, parse_batch
from dunning.ledger.typed_tables import BadCells, RawTable, TypedTable, texts_too_long

STORED_BUCKETS = 65  # the 64 buckets, and one place for rows whose bucket is not known yet
UNKNOWN_BUCKET = 64
# A small table never reaches this and needs no file.
HELD_BYTES = 64 << 20
_LINE, _REASONS = "(line)", "(reasons)"
_IS_BAD, _IS_REFUSED, _IS_REPEATED = np.uint8(1), np.uint8(2), np.uint8(4)


@dataclass(frozen=True)
class SortedRows:
    """Some rows sorted by bucket: bucket b is `rows[offsets[b]:offsets[b + 1]]`.

    `bad_cells` has the unreadable cells by column: their lines and texts.
    """

    rows: pa.RecordBatch
    offsets: npt.NDArray[np.int64]
    bad_cells: dict[str, tuple[npt.NDArray[np.int64], pa.Array]]


def sort_by_bucket(rows: TypedTable, buckets: npt.NDArray) -> SortedRows:
    """Return some rows, none of them a copy, sorted by bucket (or UNKNOWN_BUCKET)."""
    buckets = buckets.astype(np.uint8)
    # Stable: within a bucket the rows stay in the order of the file, on which "first copy"
    # depends.
    order = np.argsort(buckets, kind="stable")
    taken = pa.array(order)
    columns = {**rows.frame.columns, _LINE: rows.lines, _REASONS: rows.reasons}
    batch = pa.record_batch(
        {
            name: pa.array(column[order])
            if isinstance(column, np.ndarray)
            else _as_text(column.take(taken))
            for name, column in columns.items()
        }
    )
    offsets = np.concatenate(([0], np.cumsum(np.bincount(buckets, minlength=STORED_BUCKETS))))
    bad_cells = {
        name: (rows.lines[cells.rows], cells.texts) for name, cells in rows.bad_cells.items()
    }
    return SortedRows(batch, offsets, bad_cells)


class BucketFile:
    """The rows of one table by bucket: first `add` everything, then `close`, then `read`.

    Attributes:
        rows: how many rows each bucket has.
        octets: about how many bytes they take in memory.
    """

    def __init__(self, path: Path, raw: RawTable) -> None:
        self._path, self._raw = path, raw
        self._batches: list[pa.RecordBatch] = []
        self._offsets: list[npt.NDArray[np.int64]] = []
        self._held_bytes = 0
        self._writer: pa.ipc.RecordBatchFileWriter | None = None
        self._map: mmap.mmap | None = None
        self._bad_cells: dict[str, list[tuple[npt.NDArray[np.int64], pa.Array]]] = {}
        self._notes = np.zeros(0, np.uint8)
        self._last_line = 0
        self.rows = np.zeros(STORED_BUCKETS, np.int64)
        self.octets = np.zeros(STORED_BUCKETS, np.int64)

    def add(self, sorted_rows: SortedRows) -> None:
        """Add a stretch of rows; write to the file when many are in memory."""
        counts = np.diff(sorted_rows.offsets)
        self.rows += counts
        # An estimate: the mean row length of the stretch for all its buckets.
        self.octets += counts * (sorted_rows.rows.nbytes // max(len(sorted_rows.rows), 1))
        self._offsets.append(sorted_rows.offsets)
        self._last_line = max(self._last_line, int(pc.max(sorted_rows.rows[_LINE]).as_py() or 0))
        for name, cells in sorted_rows.bad_cells.items():
            self._bad_cells.setdefault(name, []).append(cells)
        self._batches.append(sorted_rows.rows)
        self._held_bytes += sorted_rows.rows.nbytes
        if self._held_bytes >= HELD_BYTES:
            self._write()

    def close(self) -> None:
        """Finish writing; after this, rows can be read."""
        if self._writer is not None:
            self._write()
            self._writer.close()
            with self._path.open("rb") as file:
                # Memory-mapped, so that reading a slice loads only its pages.
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            reader = pa.ipc.open_file(pa.py_buffer(self._map))
            self._batches = [
                reader.get_batch(number) for number in range(reader.num_record_batches)
            ]
        self._bad_cells = {name: [_sort_cells(cells)] for name, cells in self._bad_cells.items()}
        for [(lines, _)] in self._bad_cells.values():
            self._note(lines, _IS_BAD)

    def mark_copies(self, refused: npt.NDArray[np.int64], repeated: npt.NDArray[np.int64]) -> None:
        """Store the lines of refused duplicates and of repeated rows.

        Refused are rows that share a key and differ; repeated are further copies of a row.
        """
        self._note(refused, _IS_REFUSED)
        self._note(repeated, _IS_REPEATED)

    def read(self, buckets: range, leave_out: Iterable[str] = ()) -> TypedTable:
        """Return the rows of some consecutive buckets, without the columns in `leave_out`.

        Raises:
            DunningError: the texts of a column in these buckets come to more than 2 GiB.
        """
        return self.typed(list(self._slices(buckets)), leave_out)

    def stretches(self, buckets: range) -> Iterator[pa.RecordBatch]:
        """Yield the rows of some consecutive buckets as they are stored, a stretch at a time."""
        for rows in self._slices(buckets):
            yield rows
            self._let_go()

    def _slices(self, buckets: range) -> Iterator[pa.RecordBatch]:
        for batch, offsets in zip(self._batches, self._offsets, strict=True):
            first, last = offsets[buckets.start], offsets[buckets.stop]
            if last > first:
                yield batch.slice(first, last - first)

    def typed(self, slices: Sequence[pa.RecordBatch], leave_out: Iterable[str] = ()) -> TypedTable:
        """Return stored rows as a typed table, without the columns in `leave_out`.

        Raises:
            DunningError: the texts of a column come to more than 2 GiB.
        """
        if not slices:
            return self._nothing(leave_out)
        kept = [name for name in slices[0].schema.names if name not in leave_out]
        stored = pa.Table.from_batches(slices).select(kept).combine_chunks()
        self._let_go()
        columns = {name: self._as_column(name, stored[name]) for name in kept}
        lines, reasons = columns.pop(_LINE), columns.pop(_REASONS)
        # Notes are kept by line, not by row: the file is written once and never changed.
        notes = self._notes[lines] if len(self._notes) else np.zeros(len(lines), np.uint8)
        rows = TypedTable(
            self._raw,
            Frame(columns),
            lines,
            reasons.copy(),
            (notes & _IS_REPEATED) != 0,
            np.empty(0, np.int64),
            self._cells_of(lines, np.flatnonzero(notes & _IS_BAD)),
        )
        rows.mark(np.flatnonzero(notes & _IS_REFUSED), bit("duplicate_key"))
        return rows

    def remove(self) -> None:
        """Delete the file and free the rows."""
        self._batches, self._offsets = [], []
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        for batch in self._batches:
            if self._writer is None:
                self._writer = pa.ipc.new_file(self._path, batch.schema)
            self._writer.write_batch(batch)
        self._batches, self._held_bytes = [], 0

    def _let_go(self) -> None:
        """Free the memory of the file's pages: what was read has been copied."""
        if self._map is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def _as_column(self, name: str, column: pa.ChunkedArray) -> npt.NDArray | pa.Array:
        # Arrow texts have 32-bit offsets: more bytes than fit are left in several chunks.
        if column.num_chunks > 1:
            raise texts_too_long(self._raw.file, name)
        cells = column.chunk(0)
        return cells if pa.types.is_string(cells.type) else cells.to_numpy()

    def _note(self, lines: npt.NDArray[np.int64], note: np.uint8) -> None:
        if lines.size and not len(self._notes):
            self._notes = np.zeros(self._last_line + 1, np.uint8)
        self._notes[lines] |= note

    def _nothing(self, leave_out: Iterable[str]) -> TypedTable:
        none = parse_batch(self._raw, no_rows(self._raw.table))
        none.frame = Frame(
            {name: column for name, column in none.frame.columns.items() if name not in leave_out}
        )
        return none

    def _cells_of(
        self, lines: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]
    ) -> dict[str, BadCells]:
        """Return the unreadable cells of these rows, by column."""
        found: dict[str, BadCells] = {}
        for name, [(bad_lines, texts)] in self._bad_cells.items() if rows.size else ():
            at = np.minimum(np.searchsorted(bad_lines, lines[rows]), len(bad_lines) - 1)
            is_here = bad_lines[at] == lines[rows]
            if is_here.any():
                found[name] = BadCells(rows[is_here], texts.take(pa.array(at[is_here])))
        return found


def _as_text(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _sort_cells(cells: list[tuple[npt.NDArray, pa.Array]]) -> tuple[npt.NDArray, pa.Array]:
    lines = np.concatenate([lines for lines, _ in cells])
    order = np.argsort(lines, kind="stable")
    return lines[order], pa.concat_arrays([texts for _, texts in cells]).take(pa.array(order))
