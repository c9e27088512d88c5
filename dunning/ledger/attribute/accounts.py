"""The accounts of an extract: all (premise, payer) pairs, numbered in the order of the snapshot.

Premises are numbered by (bucket, premise_no) and payers by payer_code, each over all rows of their
table; a pair is one whole number, and pairs in ascending order are accounts in the snapshot's
order: bucket, premise_no, payer_code. So a row sorted by its account stands in its bucket, and its
place there is its number minus the bucket's first.
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
    """Numbers of premises and payers in snapshot order, and back.

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
        """Return the whole number of each pair of numbers, both of which must be known (>= 0)."""
        return premise.astype(np.int64) * max(len(self.payer), 1) + payer


def number_rows(premise_nos: pa.Array, payer_codes: pa.Array) -> Numbering:
    """Return the numbering of all rows of premises and payers; a missing key is numbered like the
    empty text.
    """
    buckets = buckets_of(premise_nos)
    premise_row = order_rows((buckets, text_ranks(premise_nos)))
    payer_row = order_rows((text_ranks(payer_codes),))
    return Numbering(
        _inverse(premise_row), _inverse(payer_row), premise_row, payer_row, buckets[premise_row]
    )


@dataclass(frozen=True)
class Accounts:
    """The accounts: `pairs` ascending, an account's place in them is its number.

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
        """The 65 numbers at which the buckets' accounts begin and end."""
        return bucket_offsets(self.bucket)

    def __len__(self) -> int:
        return len(self.pairs)

    def find(self, premise: npt.NDArray, payer: npt.NDArray) -> Places:
        """Return each pair's account; NO_ACCOUNT where a number is not known (< 0) or the pair is
        no account.
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
        """Return each payer's account where he has exactly one, else NO_ACCOUNT."""
        counts = np.bincount(self.payer, minlength=len(self.numbering.payer))
        only = np.full(len(self.numbering.payer), NO_ACCOUNT, np.int32)
        only[self.payer] = np.arange(len(self))
        only[counts != 1] = NO_ACCOUNT
        return only

    def of_premises(self, premises: npt.NDArray) -> tuple[Places, Places]:
        """Return (place in `premises`, account), one row for every account of each premise
        number.
        """
        first = np.searchsorted(self.premise, np.arange(len(self.numbering.premise) + 1))
        return spread(premises, first)

    def of_payers(self, payers: npt.NDArray) -> tuple[Places, Places]:
        """Return (place in `payers`, account), one row for every account of each payer number."""
        by_payer = order_rows((self.payer,))
        first = np.searchsorted(self.payer[by_payer], np.arange(len(self.numbering.payer) + 1))
        at, rows = spread(payers, first)
        return at, by_payer[rows]


def spread(owners: npt.NDArray, first: npt.NDArray) -> tuple[Places, Places]:
    """Return (place in `owners`, row), one for every row of each owner; `first[o]:first[o + 1]` are
    the rows of o.

    An owner below zero has no rows.

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
    within = np.arange(len(at)) - np.repeat(np.cumsum(counts) - counts, counts)
    return at, first[known[at]] + within


def _find_numbers(numbers: Pairs, among: Pairs) -> Places:
    """Return each number's place among ascending ones; NO_ACCOUNT where it is not there."""
    if not len(among):
        return np.full(len(numbers), NO_ACCOUNT, np.int32)
    at = np.minimum(np.searchsorted(among, numbers), len(among) - 1)
    return np.where(among[at] == numbers, at, NO_ACCOUNT).astype(np.int32)


def distinct(numbers: Pairs) -> Pairs:
    """Return the different numbers, ascending; sorting beats the hash table of `np.unique`
    threefold here.
    """
    ordered = np.sort(numbers)
    is_first = np.ones(len(ordered), bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_first]


def _inverse(order: npt.NDArray) -> Places:
    numbers = np.empty(len(order), np.int32)
    numbers[order] = np.arange(len(order))
    return numbers
