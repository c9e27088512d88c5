"""Finding texts among millions: hashes of eight bytes a word, an index of keys, and a directory of keys by bucket.

The hashes live in memory only and are no part of any file. Whatever they find is compared by text before it counts.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.gateways.ledger.buckets import text_bytes

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.signedinteger]

UNNAMED, UNKNOWN = -1, -2

_WORD = 8
_MASKS = np.array([(1 << (8 * octets)) - 1 for octets in range(_WORD)] + [2**64 - 1], np.uint64)
_MULTIPLIER, _FOLD = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)
_HOME_BITS = np.uint64(7)
_HOME_MASK = np.uint64((1 << 7) - 1)
NOWHERE, AMBIGUOUS = -1, -2


def hash_keys(texts: pa.Array) -> Hashes:
    """Return a hash of each text (null as the empty one), eight bytes at a time.

    >>> hashes = hash_keys(pa.array(["0012", "012", "0012"]))
    >>> hashes[0] == hashes[2], hashes[0] == hashes[1]
    (np.True_, np.False_)
    """
    starts, octets = text_bytes(texts)
    begins, lengths = starts[:-1], np.diff(starts)
    padded = np.concatenate((octets, np.zeros(_WORD, np.uint8)))
    words = np.ndarray((len(padded) - _WORD + 1,), np.dtype("<u8"), padded, 0, (1,))
    hashes = _mix(lengths.astype(np.uint64), words[begins] & _MASKS[np.minimum(lengths, _WORD)])
    rows, place = np.flatnonzero(lengths > _WORD), _WORD
    while rows.size:
        word = words[begins[rows] + place] & _MASKS[np.minimum(lengths[rows] - place, _WORD)]
        hashes[rows] = _mix(hashes[rows], word)
        place += _WORD
        rows = rows[lengths[rows] > place]
    return hashes


def _mix(hashes: Hashes, words: Hashes) -> Hashes:
    mixed = (hashes ^ words) * _MULTIPLIER
    mixed ^= mixed >> _FOLD
    mixed *= _MULTIPLIER
    return mixed ^ (mixed >> _FOLD)


class TextIndex:
    """The rows of a column of keys by their text; of several with one key the first."""

    def __init__(self, keys: pa.Array) -> None:
        self._keys = keys
        hashes = hash_keys(keys)
        self._order = np.argsort(hashes, kind="stable").astype(np.int32)
        self._hashes = hashes[self._order]

    def find(self, names: pa.Array) -> Places:
        """Return the row of each name; UNNAMED for null, UNKNOWN where no row has that key."""
        found = np.where(pc.is_valid(names).to_numpy(zero_copy_only=False), UNKNOWN, UNNAMED).astype(np.int32)
        rows = np.flatnonzero(found == UNKNOWN)
        hashes = hash_keys(names)[rows]
        at = np.searchsorted(self._hashes, hashes)
        while rows.size:
            is_near = at < len(self._hashes)
            is_near[is_near] = self._hashes[at[is_near]] == hashes[is_near]
            rows, at, hashes = rows[is_near], at[is_near], hashes[is_near]
            same = pc.equal(self._keys.take(pa.array(self._order[at])), names.take(pa.array(rows)))
            is_same = pc.fill_null(same, False).to_numpy(zero_copy_only=False)
            found[rows[is_same]] = self._order[at[is_same]]
            rows, at, hashes = rows[~is_same], at[~is_same] + 1, hashes[~is_same]
        return found




def enter(keys: pa.Array, homes: npt.NDArray) -> Hashes:
    """Return some rows' entries for a directory; `homes` are buckets, below 128."""
    return (hash_keys(keys) & ~_HOME_MASK) | homes.astype(np.uint64)


class Directory:
    """In which bucket each key of a large table stands, eight bytes a row: a hash of 57 bits and the bucket.

    Two keys may share a hash. So it answers where a key may be, and that keys may be the same; the texts decide.
    """

    def __init__(self) -> None:
        self._parts: list[Hashes] = []
        self._sorted: Hashes = np.zeros(0, np.uint64)

    def add(self, entries: Hashes) -> None:
        """Take some rows in, as `enter` gives them."""
        self._parts.append(entries)

    def close(self) -> None:
        """Sort; from now on it answers."""
        self._sorted = np.concatenate(self._parts) if self._parts else self._sorted
        self._parts.clear()
        self._sorted.sort()

    def find_homes(self, names: pa.Array) -> npt.NDArray[np.int16]:
        """Return the bucket in which each name can only be; NOWHERE, or AMBIGUOUS where there are several."""
        wanted = hash_keys(names) & ~_HOME_MASK
        order = np.argsort(wanted)
        ordered = wanted[order]
        first = np.searchsorted(self._sorted, ordered)
        homes = np.full(len(names), NOWHERE, np.int16)
        is_there = first < len(self._sorted)
        is_there[is_there] = (self._sorted[first[is_there]] & ~_HOME_MASK) == ordered[is_there]
        homes[order[is_there]] = (self._sorted[first[is_there]] & _HOME_MASK).astype(np.int16)
        last = np.searchsorted(self._sorted, ordered[is_there] | _HOME_MASK, side="right") - 1
        several = (self._sorted[last] & _HOME_MASK) != (self._sorted[first[is_there]] & _HOME_MASK)
        homes[order[is_there][several]] = AMBIGUOUS
        return homes

    def find_all_homes(self, names: pa.Array) -> set[int]:
        """Return every bucket in which one of these names may be."""
        wanted = np.unique(hash_keys(names) & ~_HOME_MASK)
        first = np.searchsorted(self._sorted, wanted)
        last = np.searchsorted(self._sorted, wanted | _HOME_MASK, side="right")
        return {int(home) for a, b in zip(first, last, strict=True) for home in self._sorted[a:b] & _HOME_MASK}

    def find_alike(self) -> "Alike":
        """Return the keys that may stand in more than one row."""
        keys = self._sorted & ~_HOME_MASK
        is_same = keys[1:] == keys[:-1]
        among = np.append(is_same, False) | np.insert(is_same, 0, False) if len(keys) else np.zeros(0, bool)
        return Alike(np.unique(keys[among]), {int(home) for home in np.unique(self._sorted[among] & _HOME_MASK)})


@dataclass(frozen=True)
class Alike:
    """Keys that may stand in several rows: their hashes, ascending, and the buckets of these rows."""

    hashes: Hashes
    homes: set[int]

    def rows_of(self, keys: pa.Array) -> Places:
        """Return the rows, ascending, whose key is among them."""
        wanted = hash_keys(keys) & ~_HOME_MASK
        at = np.minimum(np.searchsorted(self.hashes, wanted), max(len(self.hashes) - 1, 0))
        return np.flatnonzero(self.hashes[at] == wanted) if len(self.hashes) else np.zeros(0, np.int64)
