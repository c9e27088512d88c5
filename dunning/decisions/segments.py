"""Sums and joins over sorted group keys: the few array operations that every rule is made of."""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.integer]


def bounds_of(keys: Places, groups: int) -> Ints:
    """Return where each of `groups` groups begins in ascending `keys`; the last entry is their end.

    >>> bounds_of(np.array([0, 0, 2]), 3).tolist()
    [0, 2, 2, 3]
    """
    return np.searchsorted(keys, np.arange(groups + 1)).astype(np.int64)


def sum_by(keys: Places, values: Ints, groups: int) -> Ints:
    """Return the exact sum of `values` per group; `keys` in any order.

    >>> sum_by(np.array([2, 0, 2]), np.array([1, 5, 3]), 3).tolist()
    [5, 0, 4]
    """
    sums = np.zeros(groups, np.int64)
    np.add.at(sums, keys, values)
    return sums


def any_by(keys: Places, flags: npt.NDArray[np.bool_], groups: int) -> npt.NDArray[np.bool_]:
    """Return per group whether any of its rows is flagged."""
    found = np.zeros(groups, np.bool_)
    found[keys[flags]] = True
    return found


def running_sum(keys: Places, values: Ints) -> Ints:
    """Return the running sum within each run of equal `keys`.

    >>> running_sum(np.array([0, 0, 1]), np.array([1, 2, 5])).tolist()
    [1, 3, 5]
    """
    total = np.cumsum(values, dtype=np.int64)
    if len(keys) == 0:
        return total
    first = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    before = np.r_[0, total[first[1:] - 1]]
    return total - np.repeat(before, np.diff(np.r_[first, len(keys)]))


def pair_up(keys: Places, bounds: Ints) -> tuple[Ints, Ints]:
    """Return all pairs (row of `keys`, row of the table that `bounds` describes) with the same key.

    >>> left, right = pair_up(np.array([2, 0]), np.array([0, 2, 2, 3]))
    >>> left.tolist(), right.tolist()
    ([0, 1, 1], [2, 0, 1])
    """
    first, count = bounds[keys], bounds[keys + 1] - bounds[keys]
    left = np.repeat(np.arange(len(keys), dtype=np.int64), count)
    shift = np.repeat(np.cumsum(count) - count, count)
    return left, np.repeat(first, count) + np.arange(len(left), dtype=np.int64) - shift


def index_rows(chosen: Places, size: int) -> Ints:
    """Return for each row of a table of `size` rows where it stands in `chosen`, or -1; entry -1 itself gives -1.

    >>> index_rows(np.array([2, 0]), 3)[[0, 1, 2, -1]].tolist()
    [1, -1, 0, -1]
    """
    row = np.full(size + 1, -1, np.int64)
    row[chosen] = np.arange(len(chosen))
    return row
