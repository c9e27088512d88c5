"""Rows of a large table set aside by bucket, in files of their own, until their bucket's turn comes.

Rows come in any order, a stretch at a time; what comes out are the rows of some buckets, those of one bucket in the order
in which they came. Small tables never reach the disk.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.frames import Frame
from dunning.gateways.ledger.parsing import no_rows, parse_batch
from dunning.gateways.ledger.raw import BadCells, RawTable, TypedTable, join_columns

HOMES = 65  # the 64 buckets, and one place for rows whose bucket is not known yet
HOMELESS = 64
_ROWS_HELD = 1 << 19
_BYTES_HELD = 1 << 28
_LINE, _REASONS, _IS_REPEATED = "(line)", "(reasons)", "(repeated)"

Columns = dict[str, npt.NDArray | pa.Array]


class Spill:
    """The rows of one table by bucket. First `add` everything, then `close`, then `read`.

    Attributes:
        rows: how many rows each bucket has.
        octets: about how many bytes they take in memory.
    """

    def __init__(self, path: Path, raw: RawTable) -> None:
        self._path, self._raw = path, raw
        self._held: list[tuple[Columns, npt.NDArray]] = []
        self._held_rows = self._held_bytes = 0
        self._writer: pa.ipc.RecordBatchFileWriter | None = None
        self._stretches: list[list[int]] = [[] for _ in range(HOMES)]  # record batches of each bucket
        self._batches = 0
        self._kept: tuple[Columns, npt.NDArray] | None = None
        self._bad_cells: dict[str, list[tuple[npt.NDArray, pa.Array]]] = {}
        self.rows = np.zeros(HOMES, np.int64)
        self.octets = np.zeros(HOMES, np.int64)

    def add(self, rows: TypedTable, homes: npt.NDArray) -> None:
        """Set rows aside; `homes` are their buckets, or HOMELESS."""
        for name, cells in rows.bad_cells.items():
            self._bad_cells.setdefault(name, []).append((rows.lines[cells.rows], cells.texts))
        columns = {
            **rows.frame.columns, _LINE: rows.lines, _REASONS: rows.reasons,
            _IS_REPEATED: rows.is_repeated.astype(np.int8),
        }
        self._held.append((columns, homes))
        self._held_rows += len(rows)
        self._held_bytes += sum(column.nbytes for column in columns.values())
        if self._held_rows >= _ROWS_HELD or self._held_bytes >= _BYTES_HELD:
            self._write()

    def close(self) -> None:
        """End the adding."""
        if self._writer is None:
            self._kept = self._sort_held()
        else:
            self._write()
            self._writer.close()
        self._bad_cells = {name: [_sort_cells(cells)] for name, cells in self._bad_cells.items()}

    def read(self, homes: Iterable[int], leave_out: Iterable[str] = ()) -> TypedTable:
        """Return the rows of some buckets, bucket after bucket, without the columns in `leave_out`.

        Raises:
            DunningError: the texts of a column in these buckets come to more than 2 GiB.
        """
        left_out = set(leave_out)
        parts = list(self._read_kept(homes) if self._kept else self._read_file(homes, left_out))
        return self._join(parts or [self._nothing()], left_out)

    def stretches(self, home: int) -> Iterator[TypedTable]:
        """Yield the rows of one bucket in stretches of bounded size."""
        parts = self._read_kept((home,)) if self._kept else self._read_file((home,), set())
        for part in parts:
            yield self._join([part], set())

    def _join(self, parts: list[Columns], left_out: set[str]) -> TypedTable:
        columns = {
            name: join_columns(self._raw.file, name, [part[name] for part in parts])
            for name in parts[0] if name not in left_out
        }
        lines = columns.pop(_LINE)
        reasons, is_repeated = columns.pop(_REASONS), columns.pop(_IS_REPEATED)
        return TypedTable(
            self._raw, Frame(columns), lines, reasons.astype(np.int32), is_repeated.astype(bool),
            np.empty(0, np.int64), self._cells_of(lines),
        )

    def remove(self) -> None:
        """Let go of everything."""
        self._held, self._kept = [], None
        self._path.unlink(missing_ok=True)

    def _sort_held(self) -> tuple[Columns, npt.NDArray]:
        """Return the held rows by bucket, and where the buckets begin."""
        if not self._held:
            return self._nothing(), np.zeros(HOMES + 1, np.int64)
        homes = np.concatenate([homes for _, homes in self._held]).astype(np.uint8)
        order = np.argsort(homes, kind="stable")
        columns: Columns = {}
        for name in list(self._held[0][0]):
            joined = join_columns(self._raw.file, name, [part.pop(name) for part, _ in self._held])
            columns[name] = joined[order] if isinstance(joined, np.ndarray) else joined.take(pa.array(order))
        counts = np.bincount(homes, minlength=HOMES)
        self.rows += counts
        self.octets += counts * (sum(column.nbytes for column in columns.values()) // max(len(homes), 1))
        self._held, self._held_rows, self._held_bytes = [], 0, 0
        return columns, np.concatenate(([0], np.cumsum(counts)))

    def _write(self) -> None:
        if not self._held:
            return
        columns, offsets = self._sort_held()
        batch = pa.record_batch({name: pa.array(column) for name, column in columns.items()})
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._writer = pa.ipc.new_file(self._path, batch.schema)
        for home in np.flatnonzero(np.diff(offsets)).tolist():
            start, stop = int(offsets[home]), int(offsets[home + 1])
            self._writer.write_batch(batch.slice(start, stop - start))
            self._stretches[home].append(self._batches)
            self._batches += 1

    def _read_kept(self, homes: Iterable[int]) -> Iterator[Columns]:
        assert self._kept is not None
        columns, offsets = self._kept
        for home in homes:
            if offsets[home + 1] > offsets[home]:
                rows = slice(int(offsets[home]), int(offsets[home + 1]))
                yield {name: column[rows] for name, column in columns.items()}

    def _read_file(self, homes: Iterable[int], leave_out: set[str]) -> Iterator[Columns]:
        with pa.OSFile(str(self._path), "rb") as file, pa.ipc.open_file(file) as reader:
            for home in homes:
                for number in self._stretches[home]:
                    batch = reader.get_batch(number)
                    yield {
                        name: column if pa.types.is_string(column.type) else column.to_numpy(zero_copy_only=False)
                        for name, column in zip(batch.schema.names, batch.columns, strict=True)
                        if name not in leave_out
                    }

    def _nothing(self) -> Columns:
        none = parse_batch(self._raw, no_rows(self._raw.table))
        return {
            **none.frame.columns, _LINE: none.lines, _REASONS: none.reasons,
            _IS_REPEATED: none.is_repeated.astype(np.int8),
        }

    def _cells_of(self, lines: npt.NDArray) -> dict[str, BadCells]:
        found: dict[str, BadCells] = {}
        for name, [(bad_lines, texts)] in self._bad_cells.items():
            at = np.minimum(np.searchsorted(bad_lines, lines), len(bad_lines) - 1)
            rows = np.flatnonzero(bad_lines[at] == lines)
            if rows.size:
                found[name] = BadCells(rows, texts.take(pa.array(at[rows])))
        return found


def _sort_cells(cells: list[tuple[npt.NDArray, pa.Array]]) -> tuple[npt.NDArray, pa.Array]:
    lines = np.concatenate([lines for lines, _ in cells])
    order = np.argsort(lines, kind="stable")
    return lines[order], pa.concat_arrays([texts for _, texts in cells]).take(pa.array(order))
