"""Build the snapshot's items, equalisations, payments, reversals and invoice lines.

Credit notes are among the payments: both reduce what is owed.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Places
from dunning.core.days import NEVER
from dunning.core.frames import BucketedTable, days_to_arrow
from dunning.ledger.attribute.attribution import find_named_items
from dunning.ledger.attribute.references import take_or
from dunning.ledger.build.build_accounts import bucketed
from dunning.ledger.build.build_context import BuildContext, numbers_of, take
from dunning.ledger.check.row_checks import BGN, EQUALISATION, FORECAST, is_note, seasons_of
from dunning.ledger.ordering import order_rows
from dunning.ledger.text_index import UNNAMED


@dataclass(frozen=True)
class Items:
    """The items of some buckets, sorted.

    Attributes:
        rows: rows of invoices, in the snapshot's order; `account` beside it.
        number: item number of each row of invoices; -1 where it is none.
        offsets: where the buckets begin.
    """

    rows: Places
    account: Places
    number: Places
    offsets: npt.NDArray[np.int64]


def sort_items(context: BuildContext) -> Items:
    """Return the items in the snapshot's order: account, due_on, issued_on, invoice_no."""
    frame, rows = context.frame("invoices"), context.rows("invoices")
    rows = rows[~is_note(context.references.tables["invoices"])[rows]]
    account = context.attribution.invoice_account[rows]
    keys = (account, frame["due_on"][rows], frame["issued_on"][rows])
    order = order_rows(keys, take(frame.text("invoice_no"), rows))
    rows, account = rows[order], account[order]
    return Items(rows, account, numbers_of(rows, len(frame)), context.offsets(account))


def build_items(context: BuildContext, items: Items) -> BucketedTable:
    """Return the table of items; season is -1 for kinds without a season."""
    frame, rows = context.frame("invoices"), items.rows
    kind, period_from = frame["kind"][rows], frame["period_from"][rows]
    is_seasonal = (kind == FORECAST) | (kind == EQUALISATION)
    columns = {
        "account": context.account_places(items.account),
        "invoice_no": take(frame.text("invoice_no"), rows),
        "kind": kind,
        "season": np.where(is_seasonal, seasons_of(period_from), -1),
        "period_from": days_to_arrow(period_from),
        "period_to": days_to_arrow(frame["period_to"][rows]),
        "issued_on": days_to_arrow(frame["issued_on"][rows]),
        "due_on": days_to_arrow(frame["due_on"][rows]),
        "amount_minor": frame["amount"][rows],
        "is_bgn": frame["currency"][rows] == BGN,
    }
    return bucketed("items", columns, items.offsets)


def build_equalisations(context: BuildContext) -> BucketedTable:
    """Return the table of equalisations, also negative and zero ones."""
    frame, rows = context.frame("invoices"), context.rows("invoices")
    rows = rows[frame["kind"][rows] == EQUALISATION]
    account = context.attribution.invoice_account[rows]
    season = seasons_of(frame["period_from"][rows])
    order = order_rows(
        (account, season, frame["due_on"][rows]), take(frame.text("invoice_no"), rows)
    )
    rows, account, season = rows[order], account[order], season[order]
    columns = {
        "account": context.account_places(account),
        "season": season,
        "invoice_no": take(frame.text("invoice_no"), rows),
        "issued_on": days_to_arrow(frame["issued_on"][rows]),
        "due_on": days_to_arrow(frame["due_on"][rows]),
    }
    return bucketed("equalisations", columns, context.offsets(account))


class Payments:
    """The sorted payments and credit notes, and the reversals.

    Attributes:
        dropped: how many named invoices were ignored, of payments and of credit notes.
    """

    def __init__(self, context: BuildContext, items: Items) -> None:
        self.context, self.items = context, items
        references, rows = context.references, context.rows("payments")
        self._reverses = references.places("payments", "reverses")
        is_plain = self._reverses[rows] == UNNAMED
        self._paid, self._reversals = rows[is_plain], rows[~is_plain]
        rows = context.rows("invoices")
        self._notes = rows[is_note(references.tables["invoices"])[rows]]
        self._by_payment, self._by_note = find_named_items(references, context.attribution)
        self.dropped = {
            "payments": self._count_dropped("payments", "invoice_no", self._paid, self._by_payment),
            "credit_notes": self._count_dropped(
                "invoices", "refers_to", self._notes, self._by_note
            ),
        }
        self.account = np.concatenate(
            (
                context.attribution.payment_account[self._paid],
                context.attribution.invoice_account[self._notes],
            )
        )
        # One array for both, payments first; then sorted together:
        # rows     |--- plain payments ---|-- credit notes --|
        # is_note   0 0 0 0 0 0 0 0 0 0 0  1 1 1 1 1 1 1 1 1
        self._is_note = np.arange(len(self.account)) >= len(self._paid)
        self._day = self._join("paid_on", "issued_on")
        self._number = self._join_texts("payment_no", "invoice_no")
        # `~is_note`: on one day credit notes come before payments.
        self._order = order_rows((self.account, self._day, ~self._is_note), self._number)
        self._offsets = context.offsets(self.account[self._order])

    def build_payments(self) -> BucketedTable:
        """Return the table of payments: account, paid_on, notes first, payment_no."""
        order, context = self._order, self.context
        account = self.account[order]
        item = take_or(
            self.items.number,
            np.concatenate((self._by_payment[self._paid], self._by_note[self._notes]))[order],
            -1,
        )
        columns = {
            "account": context.account_places(account),
            "payment_no": take(self._number, order),
            "paid_on": days_to_arrow(self._day[order]),
            "is_note": self._is_note[order],
            # Credit notes are negative in the ledger; here both are money that settles.
            "amount_minor": np.abs(self._join("amount", "amount"))[order],
            "is_bgn": self._join("currency", "currency")[order] == BGN,
            "item": context.places(item, account, self.items.offsets),
            "named_no": self._named_numbers(item),
            "channel": take(
                context.frame("payments").text("channel"),
                np.where(self._is_note, -1, self._padded(self._paid))[order],
            ),
            "reversed_on": days_to_arrow(self._reversal_days()[order]),
        }
        return bucketed("payments", columns, self._offsets)

    def build_reversals(self) -> BucketedTable:
        """Return the table of reversals: account, paid_on, payment_no."""
        context, frame, rows = self.context, self.context.frame("payments"), self._reversals
        account = context.attribution.payment_account[rows]
        order = order_rows((account, frame["paid_on"][rows]), take(frame.text("payment_no"), rows))
        rows, account = rows[order], account[order]
        number = np.full(len(frame), -1, np.int32)
        # Payments come first in the joined rows, so their places are the first ones.
        number[self._paid] = numbers_of(self._order, len(self.account))[: len(self._paid)]
        columns = {
            "account": context.account_places(account),
            "payment_no": take(frame.text("payment_no"), rows),
            "payment": context.places(number[self._reverses[rows]], account, self._offsets),
            "paid_on": days_to_arrow(frame["paid_on"][rows]),
            "amount_minor": frame["amount"][rows],
            "is_bgn": frame["currency"][rows] == BGN,
        }
        return bucketed("reversals", columns, context.offsets(account))

    def _count_dropped(self, name: str, column: str, rows: Places, kept: Places) -> int:
        return int(
            (
                (self.context.references.places(name, column)[rows] != UNNAMED)
                & (kept[rows] == UNNAMED)
            ).sum()
        )

    def _join(self, of_payments: str, of_invoices: str) -> npt.NDArray:
        paid = self.context.frame("payments")[of_payments]
        notes = self.context.frame("invoices")[of_invoices]
        return np.concatenate((paid[self._paid], notes[self._notes]))

    def _join_texts(self, of_payments: str, of_invoices: str) -> pa.Array:
        return pa.concat_arrays(
            [
                take(self.context.frame("payments").text(of_payments), self._paid),
                take(self.context.frame("invoices").text(of_invoices), self._notes),
            ]
        )

    def _padded(self, rows: Places) -> Places:
        return np.concatenate((rows, np.full(len(self.account) - len(rows), -1, np.int64)))

    def _named_numbers(self, item: Places) -> pa.Array:
        """Return the invoice number that each sorted payment names.

        Null where it names none, or where it settles that invoice as `item`.
        """
        named = self._join_texts("invoice_no", "refers_to").take(pa.array(self._order))
        return pc.if_else(pa.array(item < 0), named, pa.scalar(None, pa.string()))

    def _reversal_days(self) -> npt.NDArray[np.int32]:
        paid_on = self.context.frame("payments")["paid_on"]
        reversed_on = np.full(len(paid_on), NEVER, np.int32)
        reversed_on[self._reverses[self._reversals]] = paid_on[self._reversals]
        return np.concatenate((reversed_on[self._paid], np.full(len(self._notes), NEVER, np.int32)))


def build_invoice_lines(context: BuildContext) -> BucketedTable:
    """Return the table of invoice lines: account, invoice_no, seq."""
    frame, rows = context.frame("invoice_lines"), context.rows("invoice_lines")
    invoice = context.references.places("invoice_lines", "invoice_no")[rows]
    account = context.attribution.invoice_account[invoice]
    # Rank each invoice once, not each of its lines: there are many lines to a bill.
    lined, bill = np.unique(invoice, return_inverse=True)
    numbers = take(context.frame("invoices").text("invoice_no"), lined)
    # Place of each invoice in the order (account, invoice_no).
    rank = numbers_of(
        order_rows((context.attribution.invoice_account[lined],), numbers), len(lined)
    )
    order = order_rows((rank[bill], frame["seq"][rows]))
    rows, account = rows[order], account[order]
    texts = ("invoice_no", "label", "unit", "quantity", "unit_price")
    columns = {name: take(frame.text(name), rows) for name in texts} | {
        "account": context.account_places(account),
        "seq": frame["seq"][rows],
        "amount_minor": frame["amount"][rows],
    }
    return bucketed("invoice_lines", columns, context.offsets(account))
