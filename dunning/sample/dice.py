"""Random numbers without a stream: drawn from (seed, purpose, row).

They are the same in any order and in any chunk.

Only integer arithmetic on 64 bits (the finaliser of splitmix64), so that neither a version of numpy
nor the size of a chunk changes a byte of the sample.
"""

import hashlib

import numpy as np
import numpy.typing as npt

from dunning.core.arrays import Flags, Ints

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def _mix(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    values = values * _GOLDEN
    values ^= values >> np.uint64(30)
    values *= _FIRST
    values ^= values >> np.uint64(27)
    values *= _SECOND
    values ^= values >> np.uint64(31)
    return values


class Dice:
    """Random draws of one sample.

    `purpose` separates the draws for different things; `keys` are row numbers, never negative.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def below(self, limits: int | Ints, purpose: str, keys: Ints) -> Ints:
        """Return whole numbers from 0 (inclusive) to `limits` (exclusive; 1 … 2**31).

        >>> Dice(1).below(6, "throw", np.arange(5)).tolist() == Dice(1).below(6, "throw", np.arange(5)).tolist()
        True
        """
        digest = hashlib.blake2b(f"{self._seed}/{purpose}".encode(), digest_size=8).digest()
        start = np.uint64(int.from_bytes(digest, "little"))
        # The upper 32 bits, times the limit, shifted: a number below the limit without a division.
        drawn = _mix(np.asarray(keys, np.uint64) + start) >> np.uint64(32)
        return ((drawn * np.asarray(limits, np.uint64)) >> np.uint64(32)).astype(np.int64)

    def between(self, low: int | Ints, high: int | Ints, purpose: str, keys: Ints) -> Ints:
        """Return whole numbers from `low` to `high`, both inclusive."""
        sides = np.asarray(high, np.int64) - np.asarray(low, np.int64) + 1
        return np.asarray(low, np.int64) + self.below(sides, purpose, keys)

    def salt(self, purpose: str) -> int:
        """Return one number below a million, the same for the whole sample."""
        return int(self.below(1_000_000, purpose, np.zeros(1, np.int64))[0])

    def chance(self, per_thousand: int | Ints, purpose: str, keys: Ints) -> Flags:
        """Return a mask that is true for about `per_thousand` of 1,000 rows."""
        return self.below(1000, purpose, keys) < per_thousand
