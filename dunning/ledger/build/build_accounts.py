"""Build the snapshot's premises, payers, accounts, tenancies and contacts."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core import words
from dunning.core.arrays import Places
from dunning.core.frames import SCHEMAS, BucketedTable, days_to_arrow
from dunning.ledger.attribute.accounts import spread
from dunning.ledger.attribute.dead_channels import end_older_contacts
from dunning.ledger.attribute.incomplete_accounts import IncompleteAccounts
from dunning.ledger.attribute.references import take_or
from dunning.ledger.buckets import bucket_offsets
from dunning.ledger.build.build_context import BuildContext, instants_to_arrow, take
from dunning.ledger.check.identifiers import check_identifiers
from dunning.ledger.check.quarantine import Cells
from dunning.ledger.ordering import order_rows

_LANGUAGES = pa.array(words.LANGUAGES)
_PERSON = words.code(words.PAYER_KINDS, "person")


class AccountTables:
    """Builds the five tables; payers and contacts are copied into every bucket that needs them.

    A bucket needs a payer if the payer has an account in it. The payer's row in one bucket is
    called a copy; copies are numbered by bucket and payer:

        accounts   bucket 3: (Q1, P7) (Q2, P7) (Q5, P9)     bucket 8: (Q4, P7)
        copies     bucket 3: P7 = 0, P9 = 1                 bucket 8: P7 = 2

    Attributes:
        payers_left_out: payers that are taken in but have no account, and so are in no bucket.
    """

    def __init__(self, context: BuildContext) -> None:
        self.context = context
        accounts, payers = context.accounts, max(len(context.numbering.payer), 1)
        # One whole number for (bucket, payer): sorted, it is the order of the copies.
        keys = accounts.bucket.astype(np.int64) * payers + accounts.payer
        self._copies, self._copy_of_account = np.unique(keys, return_inverse=True)
        self._copy_bucket, self._copy_payer = self._copies // payers, self._copies % payers
        self._copy_offsets = bucket_offsets(self._copy_bucket)
        has_copy = np.bincount(self._copy_payer, minlength=payers) > 0
        self.payers_left_out = len(context.rows("payers")) - int(has_copy.sum())

    def build(
        self, began_on: npt.NDArray, incomplete: IncompleteAccounts, cells: Cells
    ) -> dict[str, BucketedTable]:
        """Return premises, payers, accounts, tenancies and contacts.

        Args:
            began_on: first day of each account.
            incomplete: accounts and premises that refused rows concern.
            cells: refused contacts as read.
        """
        return {
            "premises": self._premises(incomplete.premises),
            "payers": self._payers(),
            "accounts": self._accounts(began_on, incomplete.accounts),
            "tenancies": self._tenancies(),
            "contacts": self._contacts(cells),
        }

    def _premise_rows(self) -> tuple[Places, npt.NDArray]:
        numbering, accepted = self.context.numbering, self.context.references.accepted("premises")
        is_in = accepted[numbering.premise_row]
        return numbering.premise_row[is_in], numbering.bucket[is_in]

    def _premises(self, has_refused_evidence: npt.NDArray) -> BucketedTable:
        frame = self.context.frame("premises")
        rows, buckets = self._premise_rows()
        texts = ("premise_no", "district", "route", "address", "settlement", "postcode", "meter_no")
        columns = {name: take(frame.text(name), rows) for name in texts} | {
            "service": frame["service"][rows],
            "is_disconnectable": frame["disconnectable"][rows],
            "is_vulnerable": frame["vulnerable"][rows],
            "is_life_support": frame["life_support"][rows],
            "has_refused_evidence": has_refused_evidence[self.context.numbering.premise[rows]],
        }
        return bucketed("premises", columns, bucket_offsets(buckets))

    def _payers(self) -> BucketedTable:
        frame = self.context.frame("payers")
        rows = self.context.numbering.payer_row[self._copy_payer]
        # Check digits once per payer, not once per bucket, and only for payers with a copy.
        used = np.flatnonzero(np.bincount(rows, minlength=len(frame)))
        is_person = frame["kind"] == _PERSON
        identifier = np.zeros(len(is_person), np.int8)
        identifier[used] = check_identifiers(take(frame.text("national_id"), used), is_person[used])
        texts = (
            "payer_code",
            "name",
            "national_id",
            "postal_address",
            "postal_settlement",
            "postal_postcode",
        )
        columns = {name: take(frame.text(name), rows) for name in texts} | {
            "is_person": is_person[rows],
            "identifier": identifier[rows],
            # An empty language is -1; it becomes the first language of the list.
            "language": take(_LANGUAGES, np.maximum(frame["language"][rows], 0)),
            "is_vulnerable": frame["vulnerable"][rows],
            "is_life_support": frame["life_support"][rows],
        }
        return bucketed("payers", columns, self._copy_offsets)

    def _accounts(self, began_on: npt.NDArray, has_refused_evidence: npt.NDArray) -> BucketedTable:
        context, accounts = self.context, self.context.accounts
        accepted = context.references.accepted("premises")[context.numbering.premise_row]
        # Number of each premise among those taken in: 1 0 1 1 -> 0 0 1 2 (a refused one is never
        # named).
        premise_number = np.cumsum(accepted) - 1
        everyone = np.arange(len(accounts))
        columns = {
            "premise_no": take(
                context.frame("premises").text("premise_no"),
                context.numbering.premise_row[accounts.premise],
            ),
            "payer_code": take(
                context.frame("payers").text("payer_code"),
                context.numbering.payer_row[accounts.payer],
            ),
            "premise": context.places(
                premise_number[accounts.premise], everyone, bucket_offsets(self._premise_rows()[1])
            ),
            "payer": context.places(self._copy_of_account, everyone, self._copy_offsets),
            "began_on": days_to_arrow(began_on),
            "has_refused_evidence": has_refused_evidence,
        }
        return bucketed("accounts", columns, accounts.offsets)

    def _tenancies(self) -> BucketedTable:
        context = self.context
        frame = self.context.frame("tenancies")
        rows = self.context.rows("tenancies")
        account = context.named_accounts("tenancies", rows)
        order = order_rows((account, frame["valid_from"][rows]))
        rows, account = rows[order], account[order]
        columns = {
            "account": context.account_places(account),
            "valid_from": days_to_arrow(frame["valid_from"][rows]),
            "valid_until": days_to_arrow(frame["valid_until"][rows]),
            "share": take(frame.text("share"), rows),
        }
        return bucketed("tenancies", columns, context.offsets(account))

    def _contacts(self, cells: Cells) -> BucketedTable:
        context = self.context
        frame = self.context.frame("contacts")
        rows = self.context.rows("contacts")
        # Earlier than in the file, where a refused contact may have replaced this one.
        revoked_at = end_older_contacts(context.references, context.numbering, cells)
        payer = take_or(
            context.numbering.payer, context.references.places("contacts", "payer_code")[rows], -1
        )
        at, copies = self.copies_of(payer)
        rows = rows[at]
        keys = (copies, frame["channel"][rows], frame["registered_at"][rows])
        order = order_rows(keys, take(frame.text("address"), rows))
        rows, copies = rows[order], copies[order]
        columns = {
            "payer": self.copy_places(copies),
            "channel": frame["channel"][rows],
            "address": take(frame.text("address"), rows),
            "registered_at": instants_to_arrow(frame["registered_at"][rows]),
            "revoked_at": instants_to_arrow(revoked_at[rows]),
            "source": take(frame.text("source"), rows),
        }
        return bucketed("contacts", columns, bucket_offsets(self.copy_buckets(copies)))

    def copies_of(self, payers: npt.NDArray) -> tuple[Places, Places]:
        """Return (place in `payers`, copy), one row for every copy of each payer number.

        A number below 0 has no copies.
        """
        # Copies are sorted by bucket; here by payer, so that the copies of a payer are neighbours.
        by_payer = order_rows((self._copy_payer,))
        first = np.searchsorted(
            self._copy_payer[by_payer], np.arange(len(self.context.numbering.payer) + 1)
        )
        at, copies = spread(payers, first)
        return at, by_payer[copies]

    def copy_buckets(self, copies: npt.NDArray) -> npt.NDArray:
        """Return the bucket of each copy."""
        return self._copy_bucket[copies]

    def copy_places(self, copies: npt.NDArray) -> npt.NDArray[np.int32]:
        """Return each copy's place in its bucket's payers."""
        return (copies - self._copy_offsets[self._copy_bucket[copies]]).astype(np.int32)

    def premise_places(self, premises: npt.NDArray) -> npt.NDArray[np.int32]:
        """Return the place of each premise number in its bucket's premises.

        All of the premises must be taken in.
        """
        numbering = self.context.numbering
        number = np.cumsum(self.context.references.accepted("premises")[numbering.premise_row]) - 1
        return (
            number[premises] - bucket_offsets(self._premise_rows()[1])[numbering.bucket[premises]]
        ).astype(np.int32)


def add_first_tenancies(context: BuildContext, began_on: npt.NDArray) -> None:
    """Lower the first day of each account to that of its first tenancy, in place."""
    rows = context.rows("tenancies")
    account = context.named_accounts("tenancies", rows)
    day = context.frame("tenancies")["valid_from"][rows]
    np.minimum.at(began_on, account[account >= 0], day[account >= 0])


def bucketed(
    name: str, columns: dict[str, npt.NDArray | pa.Array], offsets: npt.NDArray
) -> BucketedTable:
    """Return a snapshot table from its columns, put into the schema's order and types."""
    schema = SCHEMAS[name]
    arrays = [pa.array(columns[field.name], field.type) for field in schema]
    return BucketedTable(pa.Table.from_arrays(arrays, schema=schema), offsets)
