"""What the builders of a snapshot's tables stand on: typed rows, numbers, accounts; and places
within buckets.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.arrays import Places
from dunning.core.frames import Frame
from dunning.ledger.attribute.accounts import Accounts, Numbering
from dunning.ledger.attribute.attribution import Attribution, name_numbers
from dunning.ledger.attribute.references import References
from dunning.ledger.typed_tables import NO_INSTANT


@dataclass(frozen=True)
class Ground:
    """All that has been decided about an extract's rows; nothing is marked any more."""

    references: References
    numbering: Numbering
    attribution: Attribution

    @property
    def accounts(self) -> Accounts:
        """The accounts, in snapshot order."""
        return self.attribution.accounts

    def frame(self, name: str) -> Frame:
        """Return the typed rows of a table, refused ones too."""
        return self.references.tables[name].frame

    def rows(self, name: str) -> Places:
        """Return the rows of a table that are taken in."""
        return np.flatnonzero(self.references.standing(name))

    def named_accounts(self, name: str, rows: Places) -> Places:
        """Return the account of the premise and payer that each of these rows names; -1 where that
        is no account.
        """
        named = name_numbers(self.references, self.numbering, name)
        return self.accounts.find(named.premise[rows], named.payer[rows])

    def account_places(self, account: npt.NDArray) -> npt.NDArray[np.int32]:
        """Return each account's place within its bucket."""
        return self.places(account, account, self.accounts.offsets)

    def offsets(self, account: npt.NDArray) -> npt.NDArray[np.int64]:
        """Return where the buckets begin and end among rows that are sorted by account."""
        return np.searchsorted(account, self.accounts.offsets).astype(np.int64)

    def places(
        self, numbers: npt.NDArray, account: npt.NDArray, offsets: npt.NDArray
    ) -> npt.NDArray[np.int32]:
        """Return each row number of a table with these offsets as a place in the bucket of
        `account`; -1 stays.
        """
        return np.where(numbers >= 0, numbers - offsets[self.accounts.bucket[account]], -1).astype(
            np.int32
        )


def numbers_of(rows: Places, length: int) -> Places:
    """Return for each of `length` typed rows its place in `rows`, the sorted rows of a snapshot's
    table; -1 if none.
    """
    numbers = np.full(length, -1, np.int32)
    numbers[rows] = np.arange(len(rows))
    return numbers


def take(texts: pa.Array, rows: npt.NDArray) -> pa.Array:
    """Return the texts at these rows; -1 gives null."""
    rows = np.asarray(rows, np.int64)
    if rows.size and rows.min() < 0:
        return texts.take(pa.array(rows, mask=rows < 0))
    return texts.take(pa.array(rows))


def instants_to_arrow(seconds: npt.NDArray) -> pa.Array:
    """Return instants as timestamps; NO_INSTANT becomes null."""
    return pa.array(seconds, pa.int64(), mask=seconds == NO_INSTANT).cast(pa.timestamp("s"))
