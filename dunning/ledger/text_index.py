"""Find texts among millions by hashes: an index of keys, and the buckets of keys.

A hash reads eight bytes of a text at a time. Hashes are in memory only and are no part of any
file. Whatever they find is compared by text before it counts.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Flags, Places
from dunning.ledger.buckets import text_bytes

Hashes = npt.NDArray[np.uint64]

UNNAMED, UNKNOWN = -1, -2

# Bytes of a word, and for 0 to 8 bytes the mask that keeps these bytes of it.
_WORD = 8
_MASKS = np.array([(1 << (8 * octets)) - 1 for octets in range(_WORD)] + [2**64 - 1], np.uint64)
# An odd number whose bits are well spread (2**64 / golden ratio); folding brings high bits down.
_MULTIPLIER, _FOLD = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)
_BUCKET_BITS = np.uint64(7)
_BUCKET_MASK = np.uint64((1 << 7) - 1)
NOWHERE, AMBIGUOUS = -1, -2
_FEW = 10
# 4 million flags of one byte: small enough to be fast, large enough to let few strangers pass.
_BEGINNING_BITS = 22
_BEGINNING = np.uint64(64 - _BEGINNING_BITS)


def hash_keys(texts: pa.Array) -> Hashes:
    """Return a hash of each text, read eight bytes at a time; null counts as the empty text.

    >>> hashes = hash_keys(pa.array(["0012", "012", "0012"]))
    >>> hashes[0] == hashes[2], hashes[0] == hashes[1]
    (np.True_, np.False_)
    """
    return _read_words(texts).hashes


@dataclass(frozen=True)
class _Words:
    """Texts as numbers: lengths, the first sixteen bytes as two words, and hashes."""

    lengths: npt.NDArray[np.int64]
    first: Hashes
    second: Hashes
    hashes: Hashes

    def equal(self, rows: Places, other: "_Words", at: Places) -> Flags:
        """Return which pairs of rows have the same length and the same first sixteen bytes."""
        same = (self.lengths[rows] == other.lengths[at]) & (self.first[rows] == other.first[at])
        return same & (self.second[rows] == other.second[at])


def _read_words(texts: pa.Array) -> _Words:
    starts, octets = text_bytes(texts)
    begins, lengths = starts[:-1], np.diff(starts)
    # Eight zero bytes behind the end, so that a word may be read at every byte.
    padded = np.concatenate((octets, np.zeros(_WORD, np.uint8)))
    # A view with a stride of one byte: words[i] is the eight bytes from byte i on, nothing is
    # copied.
    # bytes      a b c d e f g h i j …
    # words[0]   |-------------|
    # words[1]     |-------------|
    words = np.ndarray((len(padded) - _WORD + 1,), np.dtype("<u8"), padded, 0, (1,))
    first = words[begins] & _MASKS[np.minimum(lengths, _WORD)]
    second = np.zeros(len(lengths), np.uint64)
    hashes = _mix(lengths.astype(np.uint64), first)
    rows, place = np.flatnonzero(lengths > _WORD), _WORD
    # Longer texts, one word further each turn, all rows at once; the masks cut off the next text.
    while rows.size:
        word = words[begins[rows] + place] & _MASKS[np.minimum(lengths[rows] - place, _WORD)]
        if place == _WORD:
            second[rows] = word
        hashes[rows] = _mix(hashes[rows], word)
        place += _WORD
        rows = rows[lengths[rows] > place]
    return _Words(lengths, first, second, hashes)


def _mix(hashes: Hashes, words: Hashes) -> Hashes:
    mixed = (hashes ^ words) * _MULTIPLIER
    mixed ^= mixed >> _FOLD
    mixed *= _MULTIPLIER
    return mixed ^ (mixed >> _FOLD)


class TextIndex:
    """Finds the row of a key by its text; of several rows with one key the first."""

    def __init__(self, keys: pa.Array) -> None:
        self._keys, self._words = keys, _read_words(keys)
        self._rows = np.flatnonzero(keys.is_valid().to_numpy(zero_copy_only=False))
        self._index = pd.Index(self._words.hashes[self._rows])
        if not self._index.is_unique:
            is_first = ~self._index.duplicated(keep="first")
            self._index, self._rows = self._index[is_first], self._rows[is_first]

    def find(self, names: pa.Array) -> Places:
        """Return the row of each name; UNNAMED for null, UNKNOWN where no row has that key."""
        found = np.where(names.is_valid().to_numpy(zero_copy_only=False), UNKNOWN, UNNAMED).astype(
            np.int32
        )
        rows = np.flatnonzero(found == UNKNOWN)
        if not rows.size or not len(self._keys):
            return found
        words = _read_words(names)
        at = self._index.get_indexer(pd.Index(words.hashes[rows]))
        rows, at = rows[at >= 0], self._rows[at[at >= 0]]
        is_same = words.equal(rows, self._words, at)
        # The first sixteen bytes are compared as numbers; only longer texts need to be read.
        is_long = np.flatnonzero(is_same & (words.lengths[rows] > 2 * _WORD))
        if is_long.size:
            is_same[is_long] = self._same_text(names, rows[is_long], at[is_long])
        found[rows[is_same]] = at[is_same]
        if not is_same.all():  # two texts of one hash
            found[rows[~is_same]] = self._find_slowly(names.take(pa.array(rows[~is_same])))
        return found

    def _same_text(self, names: pa.Array, rows: Places, at: Places) -> Flags:
        same = pc.equal(names.take(pa.array(rows)), self._keys.take(pa.array(at)))
        return pc.fill_null(same, False).to_numpy(zero_copy_only=False)

    def _find_slowly(self, names: pa.Array) -> Places:
        found = pc.index_in(names, value_set=self._keys, skip_nulls=True)
        return pc.fill_null(found, UNKNOWN).to_numpy(zero_copy_only=False)


def find_places(names: pa.Array, keys: pa.Array) -> Places:
    """Return the first row with each name as its key; UNNAMED for null, UNKNOWN if none."""
    if not are_few(names, keys):
        return TextIndex(keys).find(names)
    rows = _rows_alike(keys, names.drop_null())
    found = TextIndex(keys.take(pa.array(rows))).find(names)
    is_there = found >= 0
    found[is_there] = rows[found[is_there]]
    return found


def are_few(names: pa.Array, keys: pa.Array) -> bool:
    """Return whether an index of all keys costs more than it saves for so few names."""
    return (len(names) - names.null_count) * _FEW < len(keys)


def _rows_alike(keys: pa.Array, names: pa.Array) -> Places:
    """Return the rows, ascending, of keys with a hash that begins like that of one of the names."""
    return np.flatnonzero(_mark_beginnings(hash_keys(names))[hash_keys(keys) >> _BEGINNING])


def make_entries(keys: pa.Array, buckets: npt.NDArray) -> Hashes:
    """Return the entries for `KeyBuckets` of some rows; their buckets are below 128."""
    return (hash_keys(keys) & ~_BUCKET_MASK) | buckets.astype(np.uint64)


class KeyBuckets:
    """The bucket of each key of a large table, eight bytes a row: hash and bucket in one number.

    entry   |------- 57 bits of the hash -------|- 7 bits of the bucket -|
    sorted: all rows of one key are neighbours, and their buckets rise

    Two keys may share a hash. So it answers where a key may be, and which keys may be the same;
    the texts decide.
    """

    def __init__(self) -> None:
        self._parts: list[Hashes] = []
        self._sorted: Hashes = np.zeros(0, np.uint64)

    def add(self, entries: Hashes) -> None:
        """Add the entries of some rows, as `enter` returns them."""
        self._parts.append(entries)

    def close(self) -> None:
        """Sort the entries; only after this it can be searched."""
        self._sorted = np.concatenate(self._parts) if self._parts else self._sorted
        self._parts.clear()
        self._sorted.sort()

    def find_buckets(self, names: pa.Array) -> npt.NDArray[np.int16]:
        """Return the only bucket in which each name can be.

        NOWHERE where no entry has its hash, AMBIGUOUS where several buckets do.
        """
        wanted = hash_keys(names) & ~_BUCKET_MASK
        # Searching in sorted order keeps the memory that is read close together.
        order = np.argsort(wanted)
        ordered = wanted[order]
        first = np.searchsorted(self._sorted, ordered)
        buckets = np.full(len(names), NOWHERE, np.int16)
        is_there = first < len(self._sorted)
        is_there[is_there] = (self._sorted[first[is_there]] & ~_BUCKET_MASK) == ordered[is_there]
        buckets[order[is_there]] = (self._sorted[first[is_there]] & _BUCKET_MASK).astype(np.int16)
        # First and last entry of a hash: different buckets mean that the hash alone does not
        # decide.
        last = np.searchsorted(self._sorted, ordered[is_there] | _BUCKET_MASK, side="right") - 1
        several = (self._sorted[last] & _BUCKET_MASK) != (
            self._sorted[first[is_there]] & _BUCKET_MASK
        )
        buckets[order[is_there][several]] = AMBIGUOUS
        return buckets

    def find_all_buckets(self, names: pa.Array) -> set[int]:
        """Return every bucket in which one of these names may be."""
        wanted = np.unique(hash_keys(names) & ~_BUCKET_MASK)
        first = np.searchsorted(self._sorted, wanted)
        last = np.searchsorted(self._sorted, wanted | _BUCKET_MASK, side="right")
        return {
            int(bucket)
            for a, b in zip(first, last, strict=True)
            for bucket in self._sorted[a:b] & _BUCKET_MASK
        }

    def find_repeated(self) -> "RepeatedKeys":
        """Return the keys that may be in more than one row."""
        keys = self._sorted & ~_BUCKET_MASK
        # Equal neighbours; each of the two is marked.
        is_same = keys[1:] == keys[:-1]
        among = (
            np.append(is_same, False) | np.insert(is_same, 0, False)
            if len(keys)
            else np.zeros(0, bool)
        )
        return RepeatedKeys(np.unique(keys[among]))


class RepeatedKeys:
    """Keys that may be in several rows, as ascending hashes."""

    def __init__(self, hashes: Hashes) -> None:
        self.hashes = hashes
        self._is_near = _mark_beginnings(hashes)

    def rows_of(self, keys: pa.Array) -> Places:
        """Return the rows, ascending, with a key that may be among them."""
        wanted = hash_keys(keys) & ~_BUCKET_MASK
        rows = np.flatnonzero(self._is_near[wanted >> _BEGINNING])
        at = np.minimum(np.searchsorted(self.hashes, wanted[rows]), len(self.hashes) - 1)
        return rows[self.hashes[at] == wanted[rows]]


def _mark_beginnings(hashes: Hashes) -> Flags:
    """Return for each possible beginning of a hash whether one of these hashes has it.

    Few other hashes do, so this is a quick first test.
    """
    is_there = np.zeros(1 << _BEGINNING_BITS, bool)
    is_there[hashes >> _BEGINNING] = True
    return is_there
