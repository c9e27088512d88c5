"""Decide which reversals (payments that take another payment back) are good."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Cents, Codes, Days, Flags, Places
from dunning.core.money import convert_to_cents
from dunning.ledger.check.row_checks import BGN, EUR
from dunning.ledger.ordering import order_rows
from dunning.policy.ledger_dates import read_ledger_dates


@dataclass(frozen=True)
class PaymentRows:
    """The columns by which a reversal is judged, one row per payment of the extract.

    Attributes:
        reverses: the row it names; -1 none, -2 not in the extract. A row that names one is a
            reversal.
        amount, currency, paid_on: as typed.
        is_readable: amount and currency could be read.
        payment_no: its number.
    """

    reverses: Places
    amount: Cents
    currency: Codes
    paid_on: Days
    is_readable: Flags
    payment_no: pa.Array

    @property
    def is_reversal(self) -> Flags:
        """Which rows take another payment back."""
        return self.reverses != -1


def find_bad_reversals(payments: PaymentRows, account: Places, accepted: Flags) -> Flags:
    """Return which rows are `bad_reversal`.

    A good reversal names a payment that is taken in, is no reversal itself, and has the same
    account and exactly the opposite amount: in its own currency or, in euro dated from 2026 on,
    its euro value. If several good ones name one payment, the first by (paid_on, payment_no) is
    good and the others are bad. A row that is refused for another reason never counts as the
    first; it is bad too where its own cells show it.

    Args:
        account: each row's account; below 0 where it has none.
        accepted: rows that are not refused for another reason.
    """
    rows = np.flatnonzero(payments.is_reversal)
    target = np.maximum(payments.reverses[rows], 0)
    is_there = (
        (payments.reverses[rows] >= 0)
        & accepted[target]
        & ~payments.is_reversal[target]
        & (account[target] >= 0)
    )
    same = is_there & (account[rows] == account[target])
    # An unreadable amount has its own reason; it is not called bad here as well.
    fits = same & (_is_opposite(payments, rows, target) | ~payments.is_readable[rows])
    good = rows[fits & accepted[rows]]
    numbers = payments.payment_no.take(pa.array(good))
    order = good[order_rows((payments.reverses[good], payments.paid_on[good]), numbers)]
    is_later = np.zeros(len(order), bool)
    # Sorted by reversed payment: each row with the same target as the row before comes later.
    is_later[1:] = payments.reverses[order][1:] == payments.reverses[order][:-1]
    bad = np.zeros(len(account), bool)
    bad[rows[~fits]] = True
    bad[order[is_later]] = True
    return bad


def _is_opposite(payments: PaymentRows, rows: Places, target: Places) -> Flags:
    amount, paid = payments.amount[rows], payments.amount[target]
    currency, paid_currency = payments.currency[rows], payments.currency[target]
    in_euro = (
        (currency == EUR)
        & (paid_currency == BGN)
        & (payments.paid_on[rows] >= read_ledger_dates().euro_from_day)
    )
    expected = np.where(in_euro, convert_to_cents(paid), paid)
    return (in_euro | (currency == paid_currency)) & (amount == -expected)
