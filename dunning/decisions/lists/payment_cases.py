"""Cases for `minimum_payment`: the items that a list or a stage of one account counts."""

from dataclasses import dataclass

import numpy as np

from dunning.core.arrays import Days, Flags, Places
from dunning.core.frames import Bucket
from dunning.core.ladder import LAST_WARNING, RUNGS
from dunning.decisions.account.assessment import Assessment
from dunning.decisions.account.stages import Spells
from dunning.decisions.frames import Decision
from dunning.decisions.lists.disconnections import warnable_items, warned_items
from dunning.decisions.lists.minimum_payment import ConditionSet, Owed, PaymentCase, least_payment
from dunning.decisions.lists.reminders import counting_days
from dunning.policy.rules import Rules


@dataclass(frozen=True)
class LadderCondition:
    """One condition: the items that count for it, their age on a day, and the sum.

    counts: which of the account's items count. day, days_min: one of them must be that old on that
    day. cents: the sum from which on the condition holds.
    """

    counts: Flags
    day: int
    days_min: int
    cents: int


@dataclass(frozen=True)
class AssessedAccount:
    """One account of a bucket with its assessment and its decision."""

    bucket: Bucket
    decision: Decision
    assessment: Assessment
    rules: Rules
    account: int

    @property
    def rows(self) -> Places:
        """The account's rows of the open items, oldest first."""
        return np.flatnonzero(self.decision.open_items["account"] == self.account)

    @property
    def due_on(self) -> Days:
        """The due day of each of them."""
        return self.bucket.items["due_on"][self.decision.open_items["item"][self.rows]]

    def on(self, spells: Spells, day: int) -> Flags:
        """Return which of them count for a stage on a day."""
        return spells.on(day, len(self.assessment.items.account))[self.rows]


def stop_disconnection(asked: AssessedAccount) -> int:
    """Return the least payment on `as_of` that ends a disconnection of the account."""
    rule = asked.rules.disconnections
    given = (asked.bucket, asked.decision, asked.rules)
    counts = warnable_items(*given) & warned_items(*given, asked.assessment.history)
    condition = LadderCondition(
        counts[asked.rows], asked.decision.as_of, rule.days_overdue_min, rule.amount_cents_min
    )
    # A kept agreement with anything open bars the disconnection of the whole account.
    return _least(asked, [[condition]], condition.day, plans_bar=True)


def stop_last_warning(asked: AssessedAccount) -> int:
    """Return the least payment on `as_of` that prevents a last warning on that day."""
    rule, as_of = asked.rules.stages, asked.decision.as_of
    counts = asked.on(asked.assessment.ladder[LAST_WARNING], as_of)
    own, court = rule.of(LAST_WARNING), rule.court_bound
    warned = LadderCondition(counts, as_of, own.days_overdue_min, own.amount_cents_min)
    limitation_on = asked.decision.open_items["limitation_on"][asked.rows]
    first, last = counting_days("court_bound", asked.rules, as_of)
    # Only on these days can the condition of the court stage start to hold: the first day on which
    # the warning counts, and the days on which an item becomes old enough.
    days = {first, *(int(day) + court.days_overdue_min for day in asked.due_on)}
    alternatives = [
        [
            warned,
            LadderCondition(
                counts & (limitation_on > day), day, court.days_overdue_min, court.amount_cents_min
            ),
        ]
        for day in sorted(days)
        if first <= day <= last
    ]
    return _least(asked, alternatives, as_of)


def stop_stage(asked: AssessedAccount, stage: str, day: int) -> int:
    """Return the least payment on `as_of` with which the account is not at a stage on a day."""
    # Each rung that leads to the stage is enough alone.
    alternatives = []
    for rung in (rung for rung in RUNGS if rung.stage == stage):
        asks = asked.rules.stages.of(rung.name)
        spells = asked.assessment.ladder[rung.name]
        counts = asked.on(spells, day)
        alternatives.append(
            [LadderCondition(counts, day, asks.days_overdue_min, asks.amount_cents_min)]
        )
    return _least(asked, alternatives, day)


def _least(
    asked: AssessedAccount,
    alternatives: list[list[LadderCondition]],
    day: int,
    *,
    plans_bar: bool = False,
) -> int:
    """Return the least payment with which none of the alternatives holds any more on a day."""
    plans, shorts = _broken_plans(asked, day)
    conditions = [condition for alternative in alternatives for condition in alternative]
    # Conditions are numbered in the order of `conditions`; alternatives name them by number.
    numbered = iter(range(len(conditions)))
    thresholds = [
        ConditionSet(tuple((next(numbered), each.cents) for each in alternative))
        for alternative in alternatives
    ]
    owed = _describe_items(asked, conditions, plans)
    return least_payment(PaymentCase(owed, thresholds, shorts, plans_bar))


def _describe_items(
    asked: AssessedAccount, conditions: list[LadderCondition], plans: dict[int, int]
) -> list[Owed]:
    """Return the account's open items, oldest first, as `least_payment` takes them.

    Plain values: one account has few items, and the search tries many payments.
    """
    counts = [condition.counts for condition in conditions]
    old = [condition.day - asked.due_on >= condition.days_min for condition in conditions]
    items, cents = (asked.decision.open_items[name][asked.rows] for name in ("item", "open_cents"))
    agreed = asked.bucket.agreement_items
    return [
        Owed(
            int(cents[n]),
            tuple(bool(flags[n]) for flags in counts),
            tuple(bool(flags[n]) for flags in old),
            tuple(
                plans[plan]
                for plan in agreed["agreement"][agreed["item"] == item].tolist()
                if plan in plans
            ),
        )
        for n, item in enumerate(items.tolist())
    ]


def _broken_plans(asked: AssessedAccount, day: int) -> tuple[dict[int, int], list[int]]:
    """Return the plans of the account that are broken on a day, and what each lacks.

    The plans with their places; what must be paid for each to be kept on that day.
    """
    state, bucket = asked.assessment.protections.agreements, asked.bucket
    # Also plans that are kept on `as_of` and break before that day if nothing is paid.
    runs = (state.is_kept | state.is_broken) & (state.breaks_on <= day)
    plans = np.flatnonzero(runs & (bucket.agreements["account"] == asked.account)).tolist()
    instalments = bucket.instalments
    is_due = instalments["due_on"] + asked.rules.agreements.grace_days <= day
    due = [
        int(instalments["amount_cents"][is_due & (instalments["agreement"] == plan)].sum())
        for plan in plans
    ]
    shorts = [
        cents - int(state.settled_cents[plan]) for plan, cents in zip(plans, due, strict=True)
    ]
    return {plan: place for place, plan in enumerate(plans)}, shorts
