"""Mark rows with the same key: identical rows are kept once, different rows are all refused."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.arrays import Flags
from dunning.core.days import NEVER
from dunning.core.ledger_tables import CellKind, bit
from dunning.ledger.typed_tables import NO_INSTANT, TypedTable

_HASHED_BYTES = 64
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_NOTHING = {
    CellKind.WORD: -1,
    CellKind.DAY: NEVER,
    CellKind.INSTANT: NO_INSTANT,
    CellKind.NUMBER: -1,
}

Groups = npt.NDArray[np.int64]


def mark_duplicates(typed: TypedTable) -> None:
    """Mark repeated rows and add `duplicate_key`, in place.

    Rows are the same when all columns that the contract knows have the same value, however written
    (`1 234,50` and `1234.5`); of cells that could not be read the text is compared. The first of
    them in the file stays, the others are `is_repeated`. Where rows under one key differ, each of
    them gets `duplicate_key`, copies too, and none is repeated. Bad rows take part. Rows without a
    readable key can only be repeated. Ragged rows take no part.
    """
    # Cheap first, exact later:
    # all rows -> hash of the key seen twice: suspects -> group by key -> group by all columns
    #                                                     keys   a a b b
    #                                                     whole  1 1 2 3   a: repeated, b: refused
    rows = _suspects(typed) if len(typed) else np.empty(0, np.int64)
    if not len(rows):
        return
    has_key = _has_key(typed, rows)
    keys = _group(typed, rows, typed.table.key)
    # Rows without a key share one group, which never counts as differing.
    keys[~has_key] = -1
    whole = _group(typed, rows, typed.table.names)
    differs = _differs(keys, whole) & has_key
    typed.mark(rows[differs], bit("duplicate_key"))
    _, first = np.unique(whole, return_index=True)
    is_copy = np.ones(len(rows), bool)
    is_copy[first] = False
    typed.is_repeated[rows[is_copy & ~differs]] = True


def _suspects(typed: TypedTable) -> npt.NDArray[np.int64]:
    """Return the rows, ascending, with a key hash that occurs more than once.

    These are all duplicates and perhaps some more.
    """
    hashes = np.zeros(len(typed), np.uint64)
    for name in typed.table.key:
        hashes = hashes * _MULTIPLIER + _hash_column(typed.frame.columns[name])
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    is_equal = ordered[1:] == ordered[:-1]
    return np.sort(order[np.append(is_equal, False) | np.insert(is_equal, 0, False)])


def _hash_column(column: npt.NDArray | pa.Array) -> npt.NDArray[np.uint64]:
    if isinstance(column, np.ndarray):
        hashes = column.astype(np.int64).view(np.uint64) * _MULTIPLIER
        return hashes ^ (hashes >> np.uint64(29))
    offsets = np.frombuffer(column.buffers()[1], np.int32)[
        column.offset : column.offset + len(column) + 1
    ]
    starts, lengths = offsets[:-1].astype(np.int64), np.diff(offsets)
    data = np.frombuffer(column.buffers()[2] or b"\0", np.uint8)
    hashes = lengths.astype(np.uint64)
    # By columns of letters: one byte of all texts at a time; the first 64 bytes are enough to
    # suspect.
    for place in range(min(int(lengths.max(initial=0)), _HASHED_BYTES)):
        is_longer = lengths > place
        if is_longer.all():
            letters = data[starts + place]
        else:
            letters = np.where(is_longer, data[np.where(is_longer, starts + place, 0)], 0)
        hashes = (hashes ^ letters) * _MULTIPLIER
        hashes ^= hashes >> np.uint64(29)
    return hashes


def _has_key(typed: TypedTable, rows: npt.NDArray[np.int64]) -> Flags:
    has_key = np.ones(len(rows), bool)
    for name in typed.table.key:
        column = typed.frame.columns[name]
        if isinstance(column, np.ndarray):
            has_key &= column[rows] != _NOTHING[typed.table[name].kind]
        else:
            has_key &= column.take(pa.array(rows)).is_valid().to_numpy(zero_copy_only=False)
    return has_key


def _group(typed: TypedTable, rows: npt.NDArray[np.int64], names: tuple[str, ...]) -> Groups:
    """Return a number per row, equal for rows that are equal in these columns."""
    groups: Groups = np.zeros(len(rows), np.int64)
    for name in names:
        column = typed.frame.columns[name]
        cells = column[rows] if isinstance(column, np.ndarray) else column.take(pa.array(rows))
        groups = _refine(groups, cells)
        bad = typed.bad_cells.get(name)
        if bad is not None:
            groups = _refine(groups, _texts_at(rows, bad.rows, bad.texts))
    return groups


def _refine(groups: Groups, cells: npt.NDArray | pa.Array) -> Groups:
    if isinstance(cells, np.ndarray):
        _, codes = np.unique(cells, return_inverse=True)
    else:
        encoded = cells.dictionary_encode(null_encoding="encode")
        codes = encoded.indices.to_numpy(zero_copy_only=False)
    # Pair (group, cell) as one number; `unique` gives small numbers again, so that the next column
    # fits.
    _, refined = np.unique(groups * (int(codes.max(initial=0)) + 1) + codes, return_inverse=True)
    return refined.astype(np.int64)


def _texts_at(
    rows: npt.NDArray[np.int64], bad_rows: npt.NDArray[np.int64], texts: pa.Array
) -> pa.Array:
    """Return the text of each row's bad cell, null where the cell is good."""
    places = np.searchsorted(bad_rows, rows)
    is_bad = (places < len(bad_rows)) & (bad_rows[np.minimum(places, len(bad_rows) - 1)] == rows)
    return texts.take(pa.array(places, mask=~is_bad))


def _differs(keys: Groups, whole: Groups) -> Flags:
    """Return for each row whether rows with its key are not all the same."""
    _, groups = np.unique(keys, return_inverse=True)
    width = int(whole.max()) + 1
    # Each different row of a key once; more than one means that they differ.
    pairs = np.unique(groups * width + whole)
    return np.bincount(pairs // width)[groups] > 1
