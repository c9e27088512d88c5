"""Stages: contract, section 4. Tonight's, and the first night of a higher one.

Every condition of a stage holds for an open item from one day to another: it is overdue, free of
shields, not expired, named by a notice that counts. So an item is looked at during intervals of
days, the amount of an account is a sum that steps up and down at their ends, and one sweep over
these steps tells the first day on which a stage is reached, tonight included.
"""

from dataclasses import dataclass

import numpy as np

from dunning.core.arrays import Cents, Codes, Days, Flags, Places
from dunning.core.days import NEVER, to_day
from dunning.core.frames import Bucket, Frame
from dunning.core.ladder import RUNGS, Rung, Sight
from dunning.core.words import ITEM_KINDS, NOTICE_STAGES, PAYOUT, code
from dunning.decisions.segments import any_by, pair_up, running_sum, sum_by
from dunning.policy.rules import Rules, StageRule, Stages


@dataclass(frozen=True)
class OpenItems:
    """What the stages need to know of open items; one row each, ascending by account.

    Attributes:
        account, due_on, open_cents: of the item.
        overdue_from: first day on which it is overdue and unshielded (`NEVER` under a case, and of
            money paid back).
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
    """Half-open intervals of days during which an item is looked at: row of the open item, from,
    until.
    """

    row: Places
    from_on: Days
    until_on: Days

    def on(self, day: int, rows: int) -> Flags:
        """Return which of `rows` open items are looked at on a day."""
        found = np.zeros(rows, np.bool_)
        found[self.row[(self.from_on <= day) & (day < self.until_on)]] = True
        return found


# By name of a rung: when it looks at which items.
Ladder = dict[str, Spells]


def claimable_kinds(kind: Codes, equalised_on: Days, rule: Stages) -> Flags:
    """Return which items may be claimed as far as their kind goes; a heat forecast needs its
    season's equalisation.

    Money paid back is nothing that could be claimed.
    """
    enforced = np.isin(kind, [code(ITEM_KINDS, name) for name in (*rule.kinds_enforced, PAYOUT)])
    waiting = np.isin(kind, [code(ITEM_KINDS, name) for name in rule.kinds_after_equalisation])
    return ~enforced & (~waiting | (equalised_on < NEVER))


def climb(bucket: Bucket, items: OpenItems, history: Frame, rules: Rules) -> Ladder:
    """Return the days on which each rung looks at each item, from `as_of` on."""
    everything = np.arange(len(items.account))
    claimable = everything[items.is_claimable_kind]
    near_from = np.maximum(
        items.overdue_from, items.limitation_on - rules.stages.limitation_near_days
    )

    def spells_of(rung: Rung) -> Spells:
        if rung.sight is Sight.NAMED:
            return named_spells(bucket, items, history, rules.stages.of(rung.name), rules)
        if rung.sight is Sight.EXPIRING:
            return _spells(claimable, near_from[claimable], items.limitation_on[claimable])
        never = np.full(len(everything), NEVER, np.int32)
        return _spells(everything, items.overdue_from, never)

    return {rung.name: spells_of(rung) for rung in RUNGS}


def named_spells(
    bucket: Bucket, items: OpenItems, history: Frame, rule: StageRule, rules: Rules
) -> Spells:
    """Return when each claimable item is overdue, not expired and named by a notice of the stage
    below that counts.
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
        to_day(rules.as_of),
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
    """Return when a notice of `stage` that names an item (sent after its due day) counts, one spell
    per pair.

    A notice counts from `served_days_min` through `valid_days` days after it was served. What the
    ledger says was served after `as_of` has not happened; what we sent ourselves is served by the
    policy's rule, also on a day to come.
    """
    told = (
        (history["stage"] == stage) & (history["sent_on"] <= as_of) & (history["served_on"] < NEVER)
    )
    notices = history.take(told & ((history["served_on"] <= as_of) | history["is_ours"]))
    row, notice = pair_up(account, notices["account"])
    names = due_on[row] < notices["sent_on"][notice]
    row, notice = row[names], notice[names]
    served_on = notices["served_on"][notice]
    return _spells(row, served_on + served_days_min, served_on + valid_days + 1)


def first_day(
    items: OpenItems, spells: Spells, amount_min: int, days_min: int, accounts: int, start_on: int
) -> Days:
    """Return per account the first day, not before `start_on`, on which a stage's amount and age
    are reached.

    The age is that of the oldest item looked at, so it is reached as soon as one item is old
    enough. `NEVER` where that never happens.
    """
    row = spells.row
    from_on = np.maximum(spells.from_on, start_on).astype(np.int64)
    old_from = np.maximum(from_on, items.due_on[row].astype(np.int64) + days_min)
    until_on = spells.until_on.astype(np.int64)
    runs, grows_old = from_on < until_on, old_from < until_on
    account, cents, one = (
        items.account[row].astype(np.int64),
        items.open_cents[row],
        np.ones(len(row), np.int64),
    )
    key = np.r_[
        account[runs] << 32 | from_on[runs],
        account[runs] << 32 | until_on[runs],
        account[grows_old] << 32 | old_from[grows_old],
        account[grows_old] << 32 | until_on[grows_old],
    ]
    none = np.zeros(len(row), np.int64)
    amount = np.r_[cents[runs], -cents[runs], none[grows_old], none[grows_old]]
    old = np.r_[none[runs], none[runs], one[grows_old], -one[grows_old]]
    order = np.argsort(key, kind="stable")
    key, owner = key[order], key[order] >> 32
    amount, old = running_sum(owner, amount[order]), running_sum(owner, old[order])
    settled = np.r_[key[1:] != key[:-1], np.ones(min(len(key), 1), np.bool_)]
    reached = settled & (amount >= amount_min) & (old >= 1)
    days = np.full(accounts, NEVER, np.int32)
    np.minimum.at(days, owner[reached], (key[reached] & (2**32 - 1)).astype(np.int32))
    return days


def stage_days(
    items: OpenItems, ladder: Ladder, rule: Stages, accounts: int, start_on: int
) -> dict[str, Days]:
    """Return per rung the first day, not before `start_on`, on which each account reaches it."""
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
    """Return per rung which accounts reach it on a day: what `stage_days` begins with, without its
    sweep.
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
    """Join overlapping spells of one item, so that no amount counts twice."""
    if len(spells.row) == 0:
        return spells
    order = np.lexsort((spells.from_on, spells.row))
    row, from_on, until_on = spells.row[order], spells.from_on[order], spells.until_on[order]
    reach = np.maximum.accumulate(row.astype(np.int64) << 32 | until_on) & (2**32 - 1)
    begins = np.r_[True, (row[1:] != row[:-1]) | (from_on[1:] > reach[:-1])]
    last = np.r_[np.flatnonzero(begins)[1:] - 1, len(row) - 1]
    return Spells(row[begins], from_on[begins], reach[last].astype(np.int32))
