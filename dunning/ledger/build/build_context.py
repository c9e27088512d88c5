"""The attributed rows from which the snapshot tables are built, and their places in buckets."""

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
class BuildContext:
    """All decisions about the rows of an extract; no row is marked any more."""

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
        return np.flatnonzero(self.references.accepted(name))

    def named_accounts(self, name: str, rows: Places) -> Places:
        """Return the account that each row names by premise and payer; -1 where there is none."""
        named = name_numbers(self.references, self.numbering, name)
        return self.accounts.find(named.premise[rows], named.payer[rows])

    def account_places(self, account: npt.NDArray) -> npt.NDArray[np.int32]:
        """Return each account's place in its bucket."""
        return self.places(account, account, self.accounts.offsets)

    def offsets(self, account: npt.NDArray) -> npt.NDArray[np.int64]:
        """Return the 65 places where buckets begin and end in rows sorted by account."""
        # The bucket of an account is where its number lies between two offsets; rows follow the
        # accounts.
        return np.searchsorted(account, self.accounts.offsets).astype(np.int64)

    def places(
        self, numbers: npt.NDArray, account: npt.NDArray, offsets: npt.NDArray
    ) -> npt.NDArray[np.int32]:
        """Return each row number as a place in the bucket of `account`; -1 stays.

        Place = row number minus the first row number of the bucket (`offsets`).
        """
        return np.where(numbers >= 0, numbers - offsets[self.accounts.bucket[account]], -1).astype(
            np.int32
        )


def numbers_of(rows: Places, length: int) -> Places:
    """Return the place of each of `length` typed rows in `rows`; -1 if it is not there.

    `rows` are the sorted rows of a snapshot's table.
    """
    numbers = np.full(length, -1, np.int32)
    # The inverse of an order: rows 4 0 2 -> numbers 1 -1 2 -1 0.
    numbers[rows] = np.arange(len(rows))
    return numbers


def take(texts: pa.Array, rows: npt.NDArray) -> pa.Array:
    """Return the texts at these rows; -1 gives null."""
    rows = np.asarray(rows, np.int64)
    if rows.size and rows.min() < 0:
        # Arrow does not know -1 as "none"; a masked place gives null.
        return texts.take(pa.array(rows, mask=rows < 0))
    return texts.take(pa.array(rows))


def instants_to_arrow(seconds: npt.NDArray) -> pa.Array:
    """Return instants as timestamps; NO_INSTANT becomes null."""
    return pa.array(seconds, pa.int64(), mask=seconds == NO_INSTANT).cast(pa.timestamp("s"))
