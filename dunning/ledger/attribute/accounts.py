"""Number the accounts of an extract: all (premise, payer) pairs, in the order of the snapshot.

Premises are numbered by (bucket, premise_no) and payers by payer_code, each over all rows of their
table. A pair is one whole number, and pairs in ascending order are accounts in the snapshot's
order: bucket, premise_no, payer_code. So rows sorted by account are sorted by bucket, and a row's
place in its bucket is its number minus the first number of the bucket.

pair = premise number * number of payers + payer number

bucket      |------- 0 -------|--- 1 ---|  …
premise     |-- 0 --|--- 1 ---|--- 2 ---|  …
payer       | 4   9 | 0  4  7 | 2     9 |  …
account     | 0   1 | 2  3  4 | 5     6 |  …
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.arrays import Places
from dunning.ledger.buckets import bucket_offsets, buckets_of
from dunning.ledger.ordering import order_rows, text_ranks

Pairs = npt.NDArray[np.int64]
NO_ACCOUNT = -1


@dataclass(frozen=True)
class Numbering:
    """Numbers of premises and payers in snapshot order, and the row of each number.

    Attributes:
        premise, payer: number of each row of premises and payers.
        premise_row, payer_row: row of each number.
        bucket: bucket of each premise number; ascending.
    """

    premise: Places
    payer: Places
    premise_row: Places
    payer_row: Places
    bucket: npt.NDArray[np.int32]

    def pair(self, premise: npt.NDArray, payer: npt.NDArray) -> Pairs:
        """Return the whole number of each pair; both numbers must be known (>= 0)."""
        return premise.astype(np.int64) * max(len(self.payer), 1) + payer


def number_rows(premise_nos: pa.Array, payer_codes: pa.Array) -> Numbering:
    """Return the numbering of all premises and payers; a missing key counts as the empty text."""
    buckets = buckets_of(premise_nos)
    premise_row = order_rows((buckets, text_ranks(premise_nos)))
    payer_row = order_rows((text_ranks(payer_codes),))
    return Numbering(
        _inverse(premise_row), _inverse(payer_row), premise_row, payer_row, buckets[premise_row]
    )


@dataclass(frozen=True)
class Accounts:
    """The accounts in ascending order of `pairs`; the place of an account is its number.

    Attributes:
        premise, payer: numbers (of Numbering), one an account.
    """

    numbering: Numbering
    pairs: Pairs

    @cached_property
    def premise(self) -> Places:
        return (self.pairs // max(len(self.numbering.payer), 1)).astype(np.int32)

    @cached_property
    def payer(self) -> Places:
        return (self.pairs % max(len(self.numbering.payer), 1)).astype(np.int32)

    @cached_property
    def bucket(self) -> npt.NDArray[np.int32]:
        """Bucket of each account, ascending."""
        return self.numbering.bucket[self.premise]

    @cached_property
    def offsets(self) -> npt.NDArray[np.int64]:
        """The 65 account numbers at which the buckets begin and end."""
        return bucket_offsets(self.bucket)

    def __len__(self) -> int:
        return len(self.pairs)

    def find(self, premise: npt.NDArray, payer: npt.NDArray) -> Places:
        """Return the account of each pair, NO_ACCOUNT where there is none.

        There is none where a number is not known (< 0) or the pair is no account.
        """
        accounts = np.full(len(premise), NO_ACCOUNT, np.int32)
        rows = np.flatnonzero((premise >= 0) & (payer >= 0))
        if rows.size:
            accounts[rows] = _find_numbers(
                self.numbering.pair(premise[rows], payer[rows]), self.pairs
            )
        return accounts

    @cached_property
    def only_account(self) -> Places:
        """Return the account of each payer who has exactly one, else NO_ACCOUNT."""
        counts = np.bincount(self.payer, minlength=len(self.numbering.payer))
        only = np.full(len(self.numbering.payer), NO_ACCOUNT, np.int32)
        # Of several accounts the last one is written; the next line takes these payers out.
        only[self.payer] = np.arange(len(self))
        only[counts != 1] = NO_ACCOUNT
        return only

    def of_premises(self, premises: npt.NDArray) -> tuple[Places, Places]:
        """Return (place in `premises`, account), one row for every account of each premise."""
        first = np.searchsorted(self.premise, np.arange(len(self.numbering.premise) + 1))
        return spread(premises, first)

    def of_payers(self, payers: npt.NDArray) -> tuple[Places, Places]:
        """Return (place in `payers`, account), one row for every account of each payer number."""
        by_payer = order_rows((self.payer,))
        first = np.searchsorted(self.payer[by_payer], np.arange(len(self.numbering.payer) + 1))
        at, rows = spread(payers, first)
        return at, by_payer[rows]


def spread(owners: npt.NDArray, first: npt.NDArray) -> tuple[Places, Places]:
    """Return (place in `owners`, row), one for every row of each owner; none for an owner below 0.

    `first[o]:first[o + 1]` are the rows of owner o.

    >>> [a.tolist() for a in spread(np.array([1, -1, 0]), np.array([0, 2, 5]))]
    [[0, 0, 0, 2, 2], [2, 3, 4, 0, 1]]
    """
    known = np.maximum(owners, 0)
    counts = (
        np.where(owners >= 0, first[known + 1] - first[known], 0)
        if len(owners)
        else np.zeros(0, np.int64)
    )
    at = np.repeat(np.arange(len(owners)), counts)
    # How far each row is from the first of its owner:
    # counts       3        0   2
    # at           0  0  0      2  2
    # within       0  1  2      0  1      running number minus the rows of the owners before
    within = np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts, counts)
    return at, first[known[at]] + within


def _find_numbers(numbers: Pairs, among: Pairs) -> Places:
    """Return the place of each number in ascending ones; NO_ACCOUNT where it is missing."""
    if not len(among):
        return np.full(len(numbers), NO_ACCOUNT, np.int32)
    # A number beyond the last would give a place outside the array.
    at = np.minimum(np.searchsorted(among, numbers), len(among) - 1)
    return np.where(among[at] == numbers, at, NO_ACCOUNT).astype(np.int32)


def distinct(numbers: Pairs) -> Pairs:
    """Return the different numbers, ascending.

    Sorting is three times as fast here as the hash table of `np.unique`: most numbers are in runs.
    """
    ordered = np.sort(numbers, kind="stable")
    is_first = np.ones(len(ordered), bool)
    # Each row that differs from the one before:  3 3 5 7 7 -> 1 0 1 1 0
    is_first[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_first]


def _inverse(order: npt.NDArray) -> Places:
    numbers = np.empty(len(order), np.int32)
    numbers[order] = np.arange(len(order))
    return numbers
