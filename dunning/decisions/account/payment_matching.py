"""Settle debts by money within accounts: contract, section 3, rule 1, for one currency.

Within an account the debts and the money are two rows of intervals on the same line; where they
overlap, a piece is settled. Open amounts need only running sums. The pieces need the whole line,
which is built only for the few accounts that show their pieces.
"""

from dataclasses import dataclass

import numpy as np

from dunning.core.arrays import Cents, Codes, Places
from dunning.core.words import RULES, code
from dunning.decisions.segments import merge_sorted, running_sum, sum_by

NAMED, OLDEST, CARRIED = (code(RULES, rule) for rule in ("named", "oldest", "carried"))


@dataclass(frozen=True)
class Pieces:
    """Settled amounts, one row per piece.

    debt, money: rows of the arguments. amount: minor units. rule: code of words.RULES that joined
    the two.
    """

    debt: Places
    money: Places
    amount: Cents
    rule: Codes


def leave_open(
    debt_account: Places, debt: Cents, paid: Cents, named: Places, naming: Cents
) -> Cents:
    """Return what is left of each debt after money settled named debts, then the oldest.

    Args:
        debt_account, debt: one row per debt, ascending by account, oldest first within it; minor
            units, >= 0.
        paid: all money per account, that which names a debt included.
        named, naming: row of the debt (or -1) and amount of each payment that may name one.
    """
    names = named >= 0
    # A payment settles the debt that it names at most in full; the rest of it goes to the oldest.
    by_name = np.minimum(sum_by(named[names], naming[names], len(debt)), debt)
    rest = debt - by_name
    money = paid - sum_by(debt_account, by_name, len(paid))
    # debts, oldest first   |---- A ----|-- B --|------ C ------|
    # money, as one sum     |=================|
    # `before` is where a debt starts; it is settled as far as the money reaches past that point.
    before = running_sum(debt_account, rest) - rest
    return rest - np.clip(money[debt_account] - before, 0, rest)


def settle(
    debt_account: Places, debt: Cents, money_account: Places, money: Cents, named: Places
) -> Pieces:
    """Return the pieces that money settles within accounts.

    Named debts come first, then the oldest first in the order given.

    Args:
        debt_account, debt: one row per debt, ascending by account, oldest first within it; minor
            units, >= 0.
        money_account, money: one row per payment, ascending by account, in the order in which money
            counts.
        named: row of the debt that a payment names, or -1.
    """
    by_name = _settle_named(debt, money, named)
    debt_left = debt - sum_by(by_name.debt, by_name.amount, len(debt))
    money_left = money - sum_by(by_name.money, by_name.amount, len(money))
    rest = _settle_oldest(debt_account, debt_left, money_account, money_left)
    return Pieces(
        np.r_[by_name.debt, rest.debt],
        np.r_[by_name.money, rest.money],
        np.r_[by_name.amount, rest.amount],
        np.r_[by_name.rule, rest.rule],
    )


def _settle_named(debt: Cents, money: Cents, named: Places) -> Pieces:
    naming = np.flatnonzero(named >= 0)
    # The sort is stable: payments that name the same debt keep the order in which they count.
    naming = naming[np.argsort(named[naming], kind="stable")]
    target = named[naming]
    reached = running_sum(target, money[naming])
    # What this payment adds to the running sum, cut off where the debt is settled in full.
    amount = np.minimum(reached, debt[target]) - np.minimum(reached - money[naming], debt[target])
    some = amount > 0
    return Pieces(
        target[some], naming[some], amount[some], np.full(int(some.sum()), NAMED, np.int8)
    )


def _settle_oldest(
    debt_account: Places, debt: Cents, money_account: Places, money: Cents
) -> Pieces:
    """Return the overlaps of the debts and the money of each account."""
    accounts = int(max(debt_account[-1:].max(initial=-1), money_account[-1:].max(initial=-1))) + 1
    owed = sum_by(debt_account, debt, accounts)
    paid = sum_by(money_account, money, accounts)
    # Each account has its own stretch of one line, as wide as the larger of its two sums:
    #
    # debts, oldest first   |---- A ----|-- B --|     |------ C ------|
    # money, oldest first   |------ 1 ------|-- 2 --| |---- 3 ----|
    # ends of pieces                    ^   ^   ^                 ^
    #
    # A piece ends where a debt or a payment ends, at most at the smaller sum (`limit`).
    width = np.maximum(owed, paid)
    origin = np.cumsum(width) - width
    limit = origin + np.minimum(owed, paid)
    debt_end = origin[debt_account] + running_sum(debt_account, debt)
    money_end = origin[money_account] + running_sum(money_account, money)
    ends = merge_sorted(
        np.minimum(debt_end, limit[debt_account]), np.minimum(money_end, limit[money_account])
    )
    # The first debt, and the first payment, that does not end before the piece does.
    debt_row = np.searchsorted(debt_end, ends)
    money_row = np.searchsorted(money_end, ends)
    inside = (debt_row < len(debt)) & (money_row < len(money))
    ends, debt_row, money_row = ends[inside], debt_row[inside], money_row[inside]
    account = debt_account[debt_row]
    # A piece starts where the one before it ends, but not before its account.
    amount = ends - np.maximum(np.r_[np.int64(-1), ends[:-1]], origin[account])
    # What only debts or only money cover, and pieces across two accounts, are dropped.
    some = (
        (ends > origin[account])
        & (account == money_account[money_row])
        & (ends <= limit[account])
        & (amount > 0)
    )
    return Pieces(
        debt_row[some], money_row[some], amount[some], np.full(int(some.sum()), OLDEST, np.int8)
    )
