"""Payments of the sample: each bill paid by its payer's behaviour, in one or two parts.

Each part is paid in the currency of its day.
"""

from dataclasses import dataclass, fields

import numpy as np

from dunning.core.arrays import Cents, Days, Flags, Ints
from dunning.core.money import convert_to_cents
from dunning.policy.ledger_dates import read_ledger_dates
from dunning.sample.accounts import SampleAccounts
from dunning.sample.behaviours import BEHAVIOURS
from dunning.sample.bills import KINDS, Bills, to_stotinki
from dunning.sample.dice import Dice

CHANNELS = ("easypay", "bank", "cash", "epay", "post")
_SECOND, _BOUNCED, _REVERSAL = 100, 200, 300
_INSTALMENTS = 400


@dataclass(frozen=True)
class SamplePayments:
    """Grain: one payment or reversal.

    `bill`: row of the bills or -1; `key`: 1000 * account number + place; `reverses`: key of
    another or -1. `minor`: cents, or stotinki where `is_bgn`.
    """

    account: Ints
    key: Ints
    bill: Ints
    paid_on: Days
    minor: Cents
    is_bgn: Flags
    reverses: Ints

    def __len__(self) -> int:
        return len(self.account)

    def take(self, rows: Ints) -> "SamplePayments":
        """Return these rows."""
        return SamplePayments(
            **{each.name: getattr(self, each.name)[rows] for each in fields(self)}
        )


def join_payments(*parts: SamplePayments) -> SamplePayments:
    """Return all payments, sorted by account, day and key."""
    names = [each.name for each in fields(SamplePayments)]
    whole = SamplePayments(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    )
    return whole.take(np.lexsort((whole.key, whole.paid_on, whole.account)))


def owed_per_bill(accounts: SampleAccounts, bills: Bills) -> Cents:
    """Return the sum paid for each bill by a payer who knows his balance.

    It is the bill less earlier credit notes, never below 0.

    Per account and currency: with D the running sum of what was invoiced, he has paid the running
    maximum of D.
    """
    # A group is an account and currency. Running sum D of the group, and its running maximum:
    #   bill        100   -30    50    40
    #   D           100    70   120   160
    #   maximum     100   100   120   160      paid: 100, 0, 20, 40 (differences)
    group = np.flatnonzero(
        np.append(
            True, (np.diff(bills.account) != 0) | (np.diff(bills.is_bgn.astype(np.int8)) != 0)
        )
    )
    length = np.diff(np.append(group, len(bills)))
    total = np.cumsum(bills.minor)
    before = np.repeat(total[group] - bills.minor[group], length)
    # One running maximum for all groups: each group is lifted above all earlier ones.
    step = np.repeat(np.arange(len(group)), length) * 10**12
    reached = np.maximum.accumulate(np.maximum(total - before, 0) + step) - step
    previous = np.append(0, reached[:-1])
    previous[group] = 0
    return reached - previous


def is_left_unpaid(accounts: SampleAccounts, bills: Bills) -> Flags:
    """Return a mask of the bills that are never paid."""
    starts, ends = accounts.unpaid_from[bills.account], accounts.unpaid_until[bills.account]
    stops = (bills.due_on >= starts) & (bills.due_on < ends)
    awarded = np.isin(
        bills.kind, [KINDS.index(kind) for kind in ("adjudged", "adjudged_interest", "court_costs")]
    )
    return (stops | awarded) & (bills.minor > 0)


def make_payments(dice: Dice, accounts: SampleAccounts, bills: Bills) -> SamplePayments:
    """Return the payments for bills up to the sample's date."""
    owed = owed_per_bill(accounts, bills)
    rows = np.flatnonzero((owed > 0) & ~is_left_unpaid(accounts, bills))
    account = bills.account[rows]
    paid_on = _paid_on(dice, accounts, bills, rows)
    splits = accounts.does("in_parts")[account]
    minor, is_bgn = _in_currency_of(dice, bills, rows, owed[rows], paid_on, splits)
    first = np.where(splits, minor * 6 // 10, minor)
    place = bills.key[rows] % 100
    key = accounts.number[account] * 1000 + place
    none = np.full(len(rows), -1)
    single = SamplePayments(account, key, rows, paid_on, first, is_bgn, none)
    second = _second_parts(dice, single, splits, bills, owed[rows], first, minor)
    paid = join_payments(single, second)
    paid = paid.take(np.flatnonzero((paid.paid_on <= accounts.as_of) & (paid.minor > 0)))
    return join_payments(_overpaid(accounts, paid), _bounced(accounts, paid))


def _paid_on(dice: Dice, accounts: SampleAccounts, bills: Bills, rows: Ints) -> Days:
    account, keys = bills.account[rows], bills.key[rows]
    behaviour = accounts.behaviour[account]
    low = np.array([b.delay_days[0] for b in BEHAVIOURS])[behaviour]
    high = np.array([b.delay_days[1] for b in BEHAVIOURS])[behaviour]
    forgets = dice.chance(np.array([b.forgets for b in BEHAVIOURS])[behaviour], "forgets", keys)
    delay = np.where(
        forgets, dice.between(15, 45, "late", keys), dice.between(low, high, "pays", keys)
    )
    paid_on = np.maximum(bills.due_on[rows] + delay, bills.issued_on[rows] + 1)
    cut = accounts.does("reconnected")[account] & (bills.due_on[rows] > accounts.as_of - 240)
    return np.where(cut, np.maximum(paid_on, accounts.as_of - 118), paid_on).astype(np.int32)


def _in_currency_of(
    dice: Dice, bills: Bills, rows: Ints, owed: Cents, paid_on: Days, splits: Flags
) -> tuple[Cents, Flags]:
    """Return sums in the currency of their payment day.

    In January 2026 a third of them is still paid in BGN.
    """
    dates = read_ledger_dates()
    is_in_euro = paid_on >= dates.euro_from_day
    may_be_bgn = is_in_euro & (paid_on < dates.bgn_payments_until_day)
    is_bgn = ~is_in_euro | (may_be_bgn & ~splits & dice.chance(300, "old money", bills.key[rows]))
    was_bgn = bills.is_bgn[rows]
    minor = np.where(
        was_bgn & ~is_bgn,
        convert_to_cents(owed),
        np.where(~was_bgn & is_bgn, to_stotinki(owed), owed),
    )
    return minor, is_bgn


def _second_parts(
    dice: Dice,
    single: SamplePayments,
    splits: Flags,
    bills: Bills,
    owed: Cents,
    first: Cents,
    minor: Cents,
) -> SamplePayments:
    """Return the second parts of split payments, 10 to 35 days after the first parts."""
    rows = np.flatnonzero(splits)
    one = single.take(rows)
    paid_on = one.paid_on + dice.between(10, 35, "second part", one.key).astype(np.int32)
    is_bgn = paid_on < read_ledger_dates().euro_from_day
    rest = minor[rows] - first[rows]
    rest = np.where(one.is_bgn & ~is_bgn, convert_to_cents(rest), rest)
    return SamplePayments(
        one.account, one.key + _SECOND, one.bill, paid_on, rest, is_bgn, one.reverses
    )


def _overpaid(accounts: SampleAccounts, paid: SamplePayments) -> SamplePayments:
    """Return the payments; some first payments are increased by three average months."""
    first = np.append(True, np.diff(paid.account) != 0)[: len(paid)]
    generous = first & accounts.does("overpays")[paid.account]
    extra = np.where(generous, 3 * accounts.scale_cents[paid.account], 0)
    minor = paid.minor + np.where(paid.is_bgn, to_stotinki(extra), extra)
    return SamplePayments(
        paid.account, paid.key, paid.bill, paid.paid_on, minor, paid.is_bgn, paid.reverses
    )


def _bounced(accounts: SampleAccounts, paid: SamplePayments) -> SamplePayments:
    """Return payments five days before some accounts' last one, with reversals two days later."""
    last = np.append(np.diff(paid.account) != 0, True)[: len(paid)]
    good = paid.take(np.flatnonzero(last & accounts.does("payment_bounced")[paid.account]))
    bad_on, back_on = good.paid_on - np.int32(5), good.paid_on - np.int32(3)
    euro_from = read_ledger_dates().euro_from_day
    same = good.is_bgn & (back_on < euro_from) | ~good.is_bgn & (bad_on >= euro_from)
    good, bad_on, back_on = good.take(np.flatnonzero(same)), bad_on[same], back_on[same]
    bad = SamplePayments(
        good.account, good.key + _BOUNCED, good.bill, bad_on, good.minor, good.is_bgn, good.reverses
    )
    back = SamplePayments(
        good.account, good.key + _REVERSAL, good.bill, back_on, -good.minor, good.is_bgn, bad.key
    )
    return join_payments(bad, back)


def pay_instalments(
    accounts: SampleAccounts, account: Ints, place: Ints, paid_on: Days, minor: Cents, is_bgn: Flags
) -> SamplePayments:
    """Return payments that name an account and no bill.

    Instalments in BGN paid from 2026 on are converted.
    """
    converts = is_bgn & (paid_on >= read_ledger_dates().euro_from_day)
    return SamplePayments(
        account=account,
        key=accounts.number[account] * 1000 + _INSTALMENTS + place,
        bill=np.full(len(account), -1),
        paid_on=paid_on.astype(np.int32),
        minor=np.where(converts, convert_to_cents(minor), minor),
        is_bgn=is_bgn & ~converts,
        reverses=np.full(len(account), -1),
    )
