"""Stages of accounts: contract, section 4: the stage on `as_of` and the first day of a higher one.

Every condition of a stage holds for an open item from one day to another: it is overdue,
unprotected, not expired, named by a notice that counts. So an item counts during intervals of days,
the amount of an account is a sum that steps up and down at their ends, and one sweep over these
steps gives the first day on which a stage is reached, `as_of` included.
"""

from dataclasses import dataclass

import numpy as np

from dunning.core.arrays import Cents, Codes, Days, Flags, Ints, Places
from dunning.core.days import NEVER
from dunning.core.frames import Bucket, Frame
from dunning.core.ladder import RUNGS, Rung, Sight
from dunning.core.words import ITEM_KINDS, NOTICE_STAGES, PAYOUT, code
from dunning.decisions.segments import any_by, pair_up, running_sum, sum_by
from dunning.policy.rules import Rules, StageRule, Stages


@dataclass(frozen=True)
class OpenItems:
    """What the stage rules need of open items; one row per item, ascending by account.

    Attributes:
        account, due_on, open_cents: of the item.
        overdue_from: first day on which it is overdue and unprotected (`NEVER` in a court case, and
            for money paid back).
        limitation_on: first day on which it has expired.
        is_claimable_kind: may be claimed as far as its kind and its season's equalisation bill go.
    """

    account: Places
    due_on: Days
    open_cents: Cents
    overdue_from: Days
    limitation_on: Days
    is_claimable_kind: Flags


@dataclass(frozen=True)
class Spells:
    """Half-open intervals of days during which an item counts for a rung.

    row: of the open item. from_on: inclusive. until_on: exclusive.
    """

    row: Places
    from_on: Days
    until_on: Days

    def on(self, day: int, rows: int) -> Flags:
        """Return which of `rows` open items count on a day."""
        found = np.zeros(rows, np.bool_)
        found[self.row[(self.from_on <= day) & (day < self.until_on)]] = True
        return found


# By name of a rung: which items count for it, and when.
Ladder = dict[str, Spells]
# The lower half of a number that holds an account, or an item, and a day.
_DAY = 2**32 - 1


def claimable_kinds(kind: Codes, equalised_on: Days, rule: Stages) -> Flags:
    """Return which items may be claimed as far as their kind allows.

    A heat forecast needs its season's equalisation. Money paid back is never claimed.
    """
    enforced = np.isin(kind, [code(ITEM_KINDS, name) for name in (*rule.kinds_enforced, PAYOUT)])
    waiting = np.isin(kind, [code(ITEM_KINDS, name) for name in rule.kinds_after_equalisation])
    return ~enforced & (~waiting | (equalised_on < NEVER))


def climb(bucket: Bucket, items: OpenItems, history: Frame, rules: Rules, as_of: int) -> Ladder:
    """Return for each rung on which days from `as_of` on each item counts."""
    everything = np.arange(len(items.account))
    claimable = everything[items.is_claimable_kind]
    near_from = np.maximum(
        items.overdue_from, items.limitation_on - rules.stages.limitation_near_days
    )

    def spells_of(rung: Rung) -> Spells:
        if rung.sight is Sight.NAMED:
            return named_spells(bucket, items, history, rules.stages.of(rung.name), rules, as_of)
        if rung.sight is Sight.EXPIRING:
            return _spells(claimable, near_from[claimable], items.limitation_on[claimable])
        never = np.full(len(everything), NEVER, np.int32)
        return _spells(everything, items.overdue_from, never)

    return {rung.name: spells_of(rung) for rung in RUNGS}


def named_spells(
    bucket: Bucket, items: OpenItems, history: Frame, rule: StageRule, rules: Rules, as_of: int
) -> Spells:
    """Return when each claimable item counts for a rung that needs a notice.

    That is while it is overdue, not expired, and named by a notice of the stage below that counts.
    """
    stage = code(NOTICE_STAGES, rule.after_notice)
    spells = counting_spells(
        bucket,
        items.account,
        items.due_on,
        history,
        stage,
        rule.served_days_min,
        rules.stages.notice_valid_days,
        as_of,
    )
    row = spells.row
    from_on = np.maximum(spells.from_on, items.overdue_from[row])
    until_on = np.minimum(spells.until_on, items.limitation_on[row])
    kept = items.is_claimable_kind[row]
    return _merge(_spells(row[kept], from_on[kept], until_on[kept]))


def counting_spells(
    bucket: Bucket,
    account: Places,
    due_on: Days,
    history: Frame,
    stage: int,
    served_days_min: int,
    valid_days: int,
    as_of: int,
) -> Spells:
    """Return when a notice of `stage` that names an item counts, one interval per pair.

    A notice names an item if it was sent after the item's due day.

    A notice counts from `served_days_min` through `valid_days` days after it was served. A ledger
    notice served after `as_of` has not happened yet; a notice that we sent is served by the
    policy's rule, also on a day to come.
    """
    known = (
        (history["stage"] == stage) & (history["sent_on"] <= as_of) & (history["served_on"] < NEVER)
    )
    notices = history.take(known & ((history["served_on"] <= as_of) | history["is_ours"]))
    row, notice = pair_up(account, notices["account"])
    names = due_on[row] < notices["sent_on"][notice]
    row, notice = row[names], notice[names]
    served_on = notices["served_on"][notice]
    # `valid_days` is the last day that counts; + 1 for the exclusive end.
    return _spells(row, served_on + served_days_min, served_on + valid_days + 1)


def first_day(
    items: OpenItems, spells: Spells, amount_min: int, days_min: int, accounts: int, start_on: int
) -> Days:
    """Return per account the first day, not before `start_on`, that meets amount and age.

    The age is that of the oldest item that counts, so it is reached as soon as one item is old
    enough. `NEVER` where that never happens.
    """
    row = spells.row
    from_on = np.maximum(spells.from_on, start_on).astype(np.int64)
    old_from = np.maximum(from_on, items.due_on[row].astype(np.int64) + days_min)
    key, amount, old = _sweep(
        items.account[row], items.open_cents[row], from_on, old_from, spells.until_on
    )
    # Only after the last step of a day are its sums complete.
    is_complete = np.r_[key[1:] != key[:-1], np.ones(min(len(key), 1), np.bool_)]
    reached = is_complete & (amount >= amount_min) & (old >= 1)
    days = np.full(accounts, NEVER, np.int32)
    np.minimum.at(days, key[reached] >> 32, (key[reached] & _DAY).astype(np.int32))
    return days


def _sweep(
    account: Places, cents: Cents, from_on: Ints, old_from: Ints, until_on: Days
) -> tuple[Ints, Cents, Ints]:
    """Return account and day of each step, in this order, with sum and age after it.

    A step is a day on which an item begins or ends to count, or becomes old enough. Account and day
    are one number (the day in its lower 32 bits); the age is the number of items old enough.

    Args:
        account, cents: of each interval's item.
        from_on, old_from, until_on: days on which it begins to count, is old enough, and ends.
    """
    # Each interval gives two steps, +cents at its start and -cents at its end:
    #
    # item 1       |==========|
    # item 2            |===========|
    # amount    0  |-c1-|c1+c2|-c2--| 0    running sum of the steps of an account
    #
    # `old` counts in the same way the items that are old enough.
    at, until = account.astype(np.int64) << 32, until_on.astype(np.int64)
    counts, grows_old = from_on < until, old_from < until
    cents, one = cents[counts], np.ones(int(grows_old.sum()), np.int64)
    key = np.r_[
        at[counts] | from_on[counts],
        at[counts] | until[counts],
        at[grows_old] | old_from[grows_old],
        at[grows_old] | until[grows_old],
    ]
    # The first two kinds of steps change the sum alone, the others the age alone.
    amount = np.r_[cents, -cents, np.zeros(2 * len(one), np.int64)]
    old = np.r_[np.zeros(2 * len(cents), np.int64), one, -one]
    order = np.argsort(key, kind="stable")
    owner = key[order] >> 32
    return key[order], running_sum(owner, amount[order]), running_sum(owner, old[order])


def stage_days(
    items: OpenItems, ladder: Ladder, rule: Stages, accounts: int, start_on: int
) -> dict[str, Days]:
    """Return per rung the first day, not before `start_on`, on which accounts reach it."""
    return {
        name: first_day(
            items,
            spells,
            rule.of(name).amount_cents_min,
            rule.of(name).days_overdue_min,
            accounts,
            start_on,
        )
        for name, spells in ladder.items()
    }


def find_reached(
    items: OpenItems, ladder: Ladder, rule: Stages, accounts: int, day: int
) -> dict[str, Flags]:
    """Return per rung which accounts reach it on a day.

    They are the accounts for which `stage_days` gives the day itself; no sweep is needed.
    """
    reached = {}
    for name, spells in ladder.items():
        asks = rule.of(name)
        row = np.flatnonzero(spells.on(day, len(items.account)))
        amount = sum_by(items.account[row], items.open_cents[row], accounts)
        is_old = any_by(
            items.account[row],
            items.due_on[row].astype(np.int64) + asks.days_overdue_min <= day,
            accounts,
        )
        reached[name] = is_old & (amount >= asks.amount_cents_min)
    return reached


def _spells(row: Places, from_on: Days, until_on: Days) -> Spells:
    runs = from_on < until_on
    return Spells(
        row[runs], np.asarray(from_on[runs], np.int32), np.asarray(until_on[runs], np.int32)
    )


def _merge(spells: Spells) -> Spells:
    """Join overlapping intervals of the same item, so that no amount counts twice."""
    if len(spells.row) == 0:
        return spells
    order = np.lexsort((spells.from_on, spells.row))
    row = spells.row[order]
    from_on = spells.from_on[order]
    until_on = spells.until_on[order]
    # The latest end so far; the item in the upper bits lets each item start anew.
    reach = np.maximum.accumulate(row.astype(np.int64) << 32 | until_on) & _DAY
    begins = np.r_[True, (row[1:] != row[:-1]) | (from_on[1:] > reach[:-1])]
    last = np.r_[np.flatnonzero(begins)[1:] - 1, len(row) - 1]
    return Spells(row[begins], from_on[begins], reach[last].astype(np.int32))
