"""Find the account of payments without a premise in the row or its invoice.

Such a payment goes to the bucket of its payer's only account.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Flags, Places
from dunning.core.ledger_tables import bit
from dunning.ledger.attribute.accounts import Accounts
from dunning.ledger.attribute.bucket_attribution import MISSING, name_payers
from dunning.ledger.attribute.references import take_or
from dunning.ledger.attribute.register import Register
from dunning.ledger.bucket_files import STORED_BUCKETS, UNKNOWN_BUCKET, BucketFile, sort_by_bucket
from dunning.ledger.check.row_checks import BGN, is_euro_too_early
from dunning.ledger.large_tables import LargeTable
from dunning.ledger.text_index import UNNAMED, find_places
from dunning.ledger.typed_tables import TypedTable, join_tables

FindPairs = Callable[[pa.Array], tuple[Places, Places]]
PREMISE, PAYER = "(premise)", "(payer)"


class PaymentsWithoutPremise:
    """Assigns payments that name no premise to their payer's only account.

    Attributes:
        without_account: payments without an account, and further copies, with the columns PREMISE
            (always UNNAMED) and PAYER.
        has_bgn: one of them in BGN is taken in.
    """

    def __init__(
        self,
        payments: LargeTable,
        without_premise: BucketFile,
        accounts: Accounts,
        register: Register,
        folder: Path,
    ) -> None:
        self._payments = payments
        self._without_premise = without_premise
        self._accounts = accounts
        self._register = register
        self._moved = BucketFile(folder / "moved.arrow", payments.raw)
        self._returned = BucketFile(folder / "returned.arrow", payments.raw)
        self.without_account: list[TypedTable] = []
        self.has_bgn = False

    def route(self, find_payment: FindPairs, *, refuses_early_euro: bool) -> None:
        """Move each payment to the bucket of its account, or to `without_account`.

        Args:
            find_payment: returns the (premise, payer) of payments by number where they have a
                premise, refused ones too; UNNAMED elsewhere.
            refuses_early_euro: EUR rows dated before the changeover are refused.
        """
        bare: list[TypedTable] = []
        for rows in self._all():
            if refuses_early_euro:
                rows.mark(is_euro_too_early(rows, "paid_on"), bit("eur_before_changeover"))
            payer = name_payers(rows, self._register)
            owner = self._find_only_accounts(payer)
            # A reversal with no payer: only the reversed payment names the account, and that may
            # be one that is still to come. So these wait until all others are moved.
            is_bare = (owner[0] < 0) & (payer == UNNAMED) & _is_filled(rows, "reverses")
            if is_bare.any():
                bare.append(rows.take(np.flatnonzero(is_bare)))
            self._send(rows, owner, payer, ~is_bare, self._moved)
        self._moved.close()
        if bare:
            self._send_bare(join_tables(self._payments.raw, bare), find_payment)
        self._returned.close()

    def read(self, buckets: range) -> list[TypedTable]:
        """Return those with an account in some buckets, with the columns PREMISE and PAYER.

        Both are numbers of the account.
        """
        bucket_files = (self._moved, self._returned)
        return [
            bucket_file.read(buckets)
            for bucket_file in bucket_files
            if bucket_file.rows[buckets.start : buckets.stop].any()
        ]

    def find_owners(self, names: pa.Array, premise: Places, payer: Places) -> None:
        """Fill in premise and payer of these payments where they are not known yet, in place.

        Only of payments that were moved to the bucket of their account.
        """
        # One bucket at a time, to hold little in memory.
        for bucket in np.flatnonzero(self._moved.rows).tolist():
            moved = self._moved.read(range(bucket, bucket + 1))
            at = find_places(names, moved.frame.text("payment_no"))
            here = (premise < 0) & (at >= 0)
            premise[here], payer[here] = (
                moved.frame[PREMISE][at[here]],
                moved.frame[PAYER][at[here]],
            )

    def remove(self) -> None:
        """Delete all files."""
        for bucket_file in (self._moved, self._returned):
            bucket_file.remove()

    def _all(self) -> Iterator[TypedTable]:
        """Yield the payments that never had a bucket, then those without an account in theirs."""
        for bucket_file in (self._payments.bucket_file, self._without_premise):
            for rows in bucket_file.stretches(range(UNKNOWN_BUCKET, STORED_BUCKETS)):
                yield bucket_file.typed([rows])

    def _find_only_accounts(self, payer: Places) -> tuple[Places, Places]:
        """Return premise and payer of each payer's only account.

        UNNAMED where the payer has none, or several.
        """
        accounts = self._accounts
        only = take_or(accounts.only_account, payer, UNNAMED)
        return take_or(accounts.premise, only, UNNAMED), take_or(accounts.payer, only, UNNAMED)

    def _send_bare(self, rows: TypedTable, find_payment: FindPairs) -> None:
        """Move reversals that name nothing else to the account of the payment that they reverse."""
        names = rows.frame.text("reverses")
        premise, payer = find_payment(names)
        self.find_owners(names, premise, payer)
        unnamed = np.full(len(rows), UNNAMED, np.int32)
        self._send(rows, (premise, payer), unnamed, np.ones(len(rows), bool), self._returned)

    def _send(
        self,
        rows: TypedTable,
        owner: tuple[Places, Places],
        payer: Places,
        chosen: Flags,
        into: BucketFile,
    ) -> None:
        premise, found = owner
        goes = chosen & (premise >= 0) & ~rows.is_repeated
        stays = chosen & ~goes
        # No second reason for a row that names a missing row.
        is_asked = stays & (rows.reasons & MISSING == 0) & ~rows.is_repeated
        is_bare = (payer == UNNAMED) & _is_filled(rows, "reverses")
        rows.mark(is_asked & ~is_bare, bit("unmatched_payment"))
        rows.mark(is_asked & is_bare, bit("bad_reversal"))
        is_plain = ~_is_filled(rows, "reverses")
        self.has_bgn |= bool(
            (goes & is_plain & rows.accepted & (rows.frame["currency"] == BGN)).any()
        )
        if goes.any():
            went = _with_numbers(rows, goes, premise, found)
            into.add(sort_by_bucket(went, self._register.numbering.bucket[premise[goes]]))
        self.without_account.append(_with_numbers(rows, stays, np.full(len(rows), UNNAMED), payer))


def _with_numbers(rows: TypedTable, chosen: Flags, premise: Places, payer: Places) -> TypedTable:
    some = rows.take(np.flatnonzero(chosen))
    numbers = {PREMISE: premise[chosen].astype(np.int32), PAYER: payer[chosen].astype(np.int32)}
    some.frame = some.frame.with_columns(**numbers)
    return some


def _is_filled(rows: TypedTable, column: str) -> Flags:
    return rows.frame.text(column).is_valid().to_numpy(zero_copy_only=False)
