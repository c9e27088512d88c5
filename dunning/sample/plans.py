"""Agreements of the sample: their items, their instalments, and the payments on them."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Flags, Ints
from dunning.core.days import NEVER
from dunning.core.money import convert_to_cents
from dunning.policy.ledger_dates import read_ledger_dates
from dunning.sample.accounts import SampleAccounts
from dunning.sample.billing import invoice_numbers
from dunning.sample.bills import Bills
from dunning.sample.columns import days, money, words
from dunning.sample.dice import Dice
from dunning.sample.numbers import digits
from dunning.sample.payments import SamplePayments, is_left_unpaid, pay_instalments

_INSTALMENTS = 6
_FIRST_DUE, _STEP = 15, 30


@dataclass(frozen=True)
class Plans:
    """The tables of agreements, and the payments on instalments."""

    agreements: pa.Table
    items: pa.Table
    instalments: pa.Table
    payments: SamplePayments


def make_plans(dice: Dice, accounts: SampleAccounts, bills: Bills) -> Plans:
    """Return agreements over all that is owed, in six instalments each.

    One behaviour pays every instalment, the other only the first.
    """
    keeps, breaks = accounts.does("keeps_plan"), accounts.does("breaks_plan")
    row = np.flatnonzero(is_left_unpaid(accounts, bills) & (keeps | breaks)[bills.account])
    signs = np.zeros(len(accounts), bool)
    signs[bills.account[row]] = True
    # `unpaid_until` is the day of signing; NEVER: nothing is signed.
    signs &= accounts.unpaid_until < NEVER
    row = row[
        signs[bills.account[row]]
        & (bills.issued_on[row] <= accounts.unpaid_until[bills.account[row]])
    ]
    rows = np.flatnonzero(signs)
    is_bgn = accounts.unpaid_until[rows] < read_ledger_dates().euro_from_day
    owed = np.where(
        # An agreement signed in euro takes over older debts converted.
        bills.is_bgn[row] & ~is_bgn[np.searchsorted(rows, bills.account[row])],
        convert_to_cents(bills.minor[row]),
        bills.minor[row],
    )
    total = np.zeros(len(accounts), np.int64)
    np.add.at(total, bills.account[row], owed)
    instalments, payments = _instalments(accounts, rows, total[rows], is_bgn, keeps[rows])
    items = pa.table(
        {
            "agreement_no": _numbers(accounts, bills.account[row]),
            "invoice_no": invoice_numbers(dice, bills.key[row]),
        }
    )
    return Plans(_agreements(accounts, rows, breaks[rows]), items, instalments, payments)


def _numbers(accounts: SampleAccounts, rows: Ints) -> pa.Array:
    return digits(accounts.number[rows], 8, "S")


def _agreements(accounts: SampleAccounts, signing: Ints, breaks: Flags) -> pa.Table:
    """Grain: one agreement, signed or only applied for."""
    asking = np.flatnonzero(accounts.does("asks_for_plan"))
    rows = np.concatenate([signing, asking])
    signed = np.concatenate([accounts.unpaid_until[signing], np.full(len(asking), NEVER)])
    applied = np.concatenate(
        [accounts.unpaid_until[signing] - 9, np.full(len(asking), accounts.as_of - 7)]
    )
    ends = np.concatenate([breaks & (signing % 3 == 0), np.zeros(len(asking), bool)])
    return pa.table(
        {
            "agreement_no": _numbers(accounts, rows),
            "premise_no": accounts.premise_no.take(pa.array(rows)),
            "payer_code": accounts.payer_code.take(pa.array(rows)),
            "applied_on": days(applied),
            "contacted_on": days(applied + 4),
            "signed_on": days(signed),
            "cancelled_on": days(np.where(ends, signed + 90, NEVER)),
        }
    )


def _instalments(
    accounts: SampleAccounts, rows: Ints, total: Ints, is_bgn: Flags, keeps: Flags
) -> tuple[pa.Table, SamplePayments]:
    """Return the instalments and the payments on them up to the sample's date.

    The last instalment takes the odd cents.
    """
    each = np.repeat(np.arange(len(rows)), _INSTALMENTS)
    seq = np.tile(np.arange(_INSTALMENTS), len(rows))
    signed = accounts.unpaid_until[rows][each].astype(np.int64)
    due_on = signed + _FIRST_DUE + _STEP * seq
    share = total // _INSTALMENTS
    minor = np.where(
        seq == _INSTALMENTS - 1, (total - share * (_INSTALMENTS - 1))[each], share[each]
    )
    table = pa.table(
        {
            "agreement_no": _numbers(accounts, rows[each]),
            "seq": pa.array(seq + 1).cast(pa.string()),
            "due_on": days(due_on),
            "amount": money(minor),
            "currency": words(("EUR", "BGN"), is_bgn[each].astype(np.int64)),
        }
    )
    paid = np.flatnonzero((keeps[each] | (seq == 0)) & (due_on - 2 <= accounts.as_of) & (minor > 0))
    payments = pay_instalments(
        accounts, rows[each][paid], seq[paid], due_on[paid] - 2, minor[paid], is_bgn[each][paid]
    )
    return table, payments
