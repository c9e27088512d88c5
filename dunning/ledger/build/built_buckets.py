"""What the building of some consecutive buckets gives: tables to write, and totals of them."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from dunning.core.arrays import Places
from dunning.core.days import NEVER
from dunning.core.frames import BucketedTable
from dunning.core.ledger_tables import LARGE_TABLES
from dunning.ledger.attribute.bucket_attribution import Attributed
from dunning.ledger.build.build_context import BuildContext
from dunning.ledger.check.control_totals import Amounts, EntryCounts, count_rows, sum_amounts
from dunning.ledger.typed_tables import TypedTable


@dataclass(frozen=True)
class Refused:
    """Refused rows of a table in some buckets, with the premise and payer numbers of each row."""

    rows: TypedTable
    premise: Places
    payer: Places


@dataclass(frozen=True)
class NewestDays:
    """The newest day of an invoice and of a payment; None where there is none."""

    invoice: date | None = None
    payment: date | None = None

    def join(self, other: "NewestDays") -> "NewestDays":
        """Return the newest days of both."""
        return NewestDays(_later(self.invoice, other.invoice), _later(self.payment, other.payment))


@dataclass(frozen=True)
class Built:
    """Some consecutive buckets, ready to be written, with totals for the rest of the load.

    Attributes:
        tables: items, equalisations, payments, reversals and invoice_lines; empty outside of
            `buckets`.
        began_on: first day of each account, of its invoices and payments.
        refused: by table.
        rows, amounts: for the control totals.
        dropped: how many names of invoices were dropped, by table.
    """

    buckets: range
    tables: dict[str, BucketedTable]
    began_on: npt.NDArray[np.int32]
    refused: dict[str, Refused]
    rows: dict[str, EntryCounts]
    amounts: Amounts
    dropped: dict[str, int]
    newest: NewestDays


def summarise(
    buckets: range,
    context: BuildContext,
    owners: dict[str, Attributed],
    written: dict[str, BucketedTable],
    dropped: dict[str, int],
) -> Built:
    """Return built tables with what the rest of the load needs of their rows.

    Args:
        owners: premise and payer of the rows of each large table.
        written: the built tables.
        dropped: how many names of invoices were dropped, by table.
    """
    tables = context.references.tables
    return Built(
        buckets=buckets,
        tables=written,
        began_on=_find_first_days(context),
        refused={name: _refused(tables[name], owners[name]) for name in LARGE_TABLES},
        rows={name: count_rows(tables[name]) for name in LARGE_TABLES},
        amounts=sum_amounts(tables["invoices"], tables["payments"], written),
        dropped=dropped,
        newest=_find_newest(written),
    )


def _find_first_days(context: BuildContext) -> npt.NDArray[np.int32]:
    """Return the first day of each account's invoices and payments; NEVER where it has none."""
    began_on = np.full(len(context.accounts), NEVER, np.int32)
    dated = (
        (context.attribution.invoice_account, context.frame("invoices")["issued_on"]),
        (context.attribution.payment_account, context.frame("payments")["paid_on"]),
    )
    for account, day in dated:
        has = account >= 0
        # `minimum.at` also works where an account has several rows; plain indexing keeps only one.
        np.minimum.at(began_on, account[has], day[has])
    return began_on


def _find_newest(written: dict[str, BucketedTable]) -> NewestDays:
    payments = written["payments"].rows
    return NewestDays(
        pc.max(written["items"].rows["issued_on"]).as_py(),
        pc.max(payments["paid_on"].filter(pc.invert(payments["is_note"]))).as_py(),
    )


def _later(one: date | None, other: date | None) -> date | None:
    return max((day for day in (one, other) if day is not None), default=None)


def _refused(table: TypedTable, of: Attributed) -> Refused:
    rows = np.flatnonzero(table.is_refused)
    return Refused(table.take(rows), of.premise[rows], of.payer[rows])
