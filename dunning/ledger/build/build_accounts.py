"""Build the snapshot's premises, payers, accounts, tenancies and contacts."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core import words
from dunning.core.arrays import Places
from dunning.core.frames import SCHEMAS, BucketedTable, days_to_arrow
from dunning.ledger.attribute.accounts import spread
from dunning.ledger.attribute.dead_channels import end_older_contacts
from dunning.ledger.attribute.incomplete_accounts import Evidence
from dunning.ledger.attribute.references import take_or
from dunning.ledger.buckets import bucket_offsets
from dunning.ledger.build.build_context import Ground, instants_to_arrow, take
from dunning.ledger.check.identifiers import check_identifiers
from dunning.ledger.check.quarantine import Cells
from dunning.ledger.ordering import order_rows

_LANGUAGES = pa.array(words.LANGUAGES)
_PERSON = words.code(words.PAYER_KINDS, "person")


class Parties:
    """Builds the five tables; payers and contacts are copied into every bucket that needs them.

    A bucket needs a payer if the payer has an account in it. The payer's row in one bucket is
    called a seat; seats are numbered by bucket and payer:

        accounts   bucket 3: (Q1, P7) (Q2, P7) (Q5, P9)     bucket 8: (Q4, P7)
        seats      bucket 3: P7 = 0, P9 = 1                 bucket 8: P7 = 2

    Attributes:
        payers_left_out: payers that are taken in but have no account, and so are in no bucket.
    """

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        accounts, payers = ground.accounts, max(len(ground.numbering.payer), 1)
        # One whole number for (bucket, payer): sorted, it is the order of the seats.
        keys = accounts.bucket.astype(np.int64) * payers + accounts.payer
        self._seats, self._seat_of_account = np.unique(keys, return_inverse=True)
        self._seat_bucket, self._seat_payer = self._seats // payers, self._seats % payers
        self._seat_offsets = bucket_offsets(self._seat_bucket)
        has_seat = np.bincount(self._seat_payer, minlength=payers) > 0
        self.payers_left_out = len(ground.rows("payers")) - int(has_seat.sum())

    def build(
        self, began_on: npt.NDArray, evidence: Evidence, cells: Cells
    ) -> dict[str, BucketedTable]:
        """Return premises, payers, accounts, tenancies and contacts.

        Args:
            began_on: first day of each account.
            evidence: accounts and premises that refused rows concern.
            cells: refused contacts as read.
        """
        return {
            "premises": self._premises(evidence.premises),
            "payers": self._payers(),
            "accounts": self._accounts(began_on, evidence.accounts),
            "tenancies": self._tenancies(),
            "contacts": self._contacts(cells),
        }

    def _premise_rows(self) -> tuple[Places, npt.NDArray]:
        numbering, accepted = self.ground.numbering, self.ground.references.accepted("premises")
        is_in = accepted[numbering.premise_row]
        return numbering.premise_row[is_in], numbering.bucket[is_in]

    def _premises(self, has_refused_evidence: npt.NDArray) -> BucketedTable:
        frame = self.ground.frame("premises")
        rows, buckets = self._premise_rows()
        texts = ("premise_no", "district", "route", "address", "settlement", "postcode", "meter_no")
        columns = {name: take(frame.text(name), rows) for name in texts} | {
            "service": frame["service"][rows],
            "is_disconnectable": frame["disconnectable"][rows],
            "is_vulnerable": frame["vulnerable"][rows],
            "is_life_support": frame["life_support"][rows],
            "has_refused_evidence": has_refused_evidence[self.ground.numbering.premise[rows]],
        }
        return bucketed("premises", columns, bucket_offsets(buckets))

    def _payers(self) -> BucketedTable:
        frame = self.ground.frame("payers")
        rows = self.ground.numbering.payer_row[self._seat_payer]
        # Check digits once per payer, not once per bucket, and only for payers with a seat.
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
        return bucketed("payers", columns, self._seat_offsets)

    def _accounts(self, began_on: npt.NDArray, has_refused_evidence: npt.NDArray) -> BucketedTable:
        ground, accounts = self.ground, self.ground.accounts
        accepted = ground.references.accepted("premises")[ground.numbering.premise_row]
        # Number of each premise among those taken in: 1 0 1 1 -> 0 0 1 2 (a refused one is never
        # named).
        premise_number = np.cumsum(accepted) - 1
        everyone = np.arange(len(accounts))
        columns = {
            "premise_no": take(
                ground.frame("premises").text("premise_no"),
                ground.numbering.premise_row[accounts.premise],
            ),
            "payer_code": take(
                ground.frame("payers").text("payer_code"),
                ground.numbering.payer_row[accounts.payer],
            ),
            "premise": ground.places(
                premise_number[accounts.premise], everyone, bucket_offsets(self._premise_rows()[1])
            ),
            "payer": ground.places(self._seat_of_account, everyone, self._seat_offsets),
            "began_on": days_to_arrow(began_on),
            "has_refused_evidence": has_refused_evidence,
        }
        return bucketed("accounts", columns, accounts.offsets)

    def _tenancies(self) -> BucketedTable:
        ground = self.ground
        frame = self.ground.frame("tenancies")
        rows = self.ground.rows("tenancies")
        account = ground.named_accounts("tenancies", rows)
        order = order_rows((account, frame["valid_from"][rows]))
        rows, account = rows[order], account[order]
        columns = {
            "account": ground.account_places(account),
            "valid_from": days_to_arrow(frame["valid_from"][rows]),
            "valid_until": days_to_arrow(frame["valid_until"][rows]),
            "share": take(frame.text("share"), rows),
        }
        return bucketed("tenancies", columns, ground.offsets(account))

    def _contacts(self, cells: Cells) -> BucketedTable:
        ground = self.ground
        frame = self.ground.frame("contacts")
        rows = self.ground.rows("contacts")
        # Earlier than in the file, where a refused contact may have replaced this one.
        revoked_at = end_older_contacts(ground.references, ground.numbering, cells)
        payer = take_or(
            ground.numbering.payer, ground.references.places("contacts", "payer_code")[rows], -1
        )
        at, seats = self.seats_of(payer)
        rows = rows[at]
        keys = (seats, frame["channel"][rows], frame["registered_at"][rows])
        order = order_rows(keys, take(frame.text("address"), rows))
        rows, seats = rows[order], seats[order]
        columns = {
            "payer": self.seat_places(seats),
            "channel": frame["channel"][rows],
            "address": take(frame.text("address"), rows),
            "registered_at": instants_to_arrow(frame["registered_at"][rows]),
            "revoked_at": instants_to_arrow(revoked_at[rows]),
            "source": take(frame.text("source"), rows),
        }
        return bucketed("contacts", columns, bucket_offsets(self.seat_buckets(seats)))

    def seats_of(self, payers: npt.NDArray) -> tuple[Places, Places]:
        """Return (place in `payers`, seat), one row for every seat of each payer number.

        A number below 0 has no seats.
        """
        # Seats are sorted by bucket; here by payer, so that the seats of a payer are neighbours.
        by_payer = order_rows((self._seat_payer,))
        first = np.searchsorted(
            self._seat_payer[by_payer], np.arange(len(self.ground.numbering.payer) + 1)
        )
        at, seats = spread(payers, first)
        return at, by_payer[seats]

    def seat_buckets(self, seats: npt.NDArray) -> npt.NDArray:
        """Return the bucket of each seat."""
        return self._seat_bucket[seats]

    def seat_places(self, seats: npt.NDArray) -> npt.NDArray[np.int32]:
        """Return each seat's place in its bucket's payers."""
        return (seats - self._seat_offsets[self._seat_bucket[seats]]).astype(np.int32)

    def premise_places(self, premises: npt.NDArray) -> npt.NDArray[np.int32]:
        """Return the place of each premise number in its bucket's premises.

        All of the premises must be taken in.
        """
        numbering = self.ground.numbering
        number = np.cumsum(self.ground.references.accepted("premises")[numbering.premise_row]) - 1
        return (
            number[premises] - bucket_offsets(self._premise_rows()[1])[numbering.bucket[premises]]
        ).astype(np.int32)


def add_first_tenancies(ground: Ground, began_on: npt.NDArray) -> None:
    """Lower the first day of each account to that of its first tenancy, in place."""
    rows = ground.rows("tenancies")
    account = ground.named_accounts("tenancies", rows)
    day = ground.frame("tenancies")["valid_from"][rows]
    np.minimum.at(began_on, account[account >= 0], day[account >= 0])


def bucketed(
    name: str, columns: dict[str, npt.NDArray | pa.Array], offsets: npt.NDArray
) -> BucketedTable:
    """Return a snapshot table from its columns, put into the schema's order and types."""
    schema = SCHEMAS[name]
    arrays = [pa.array(columns[field.name], field.type) for field in schema]
    return BucketedTable(pa.Table.from_arrays(arrays, schema=schema), offsets)
