"""Minimum payment: the least amount that stops the next step; for questions on the phone."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise


@dataclass(frozen=True)
class Owed:
    """Open amount of one item, and the conditions for which it counts.

    counts, is_old: for each condition, whether the item counts for it, and whether the item is as
    old as it requires.
    plans: the broken plans (places) that the item belongs to.
    """

    open_cents: int
    counts: tuple[bool, ...]
    is_old: tuple[bool, ...]
    plans: tuple[int, ...] = ()


@dataclass(frozen=True)
class ConditionSet:
    """One of several sets of conditions that put an account on a list or at a stage.

    All conditions of the set must hold.

    conditions: (place of the condition, cents from which on it holds).
    """

    conditions: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class PaymentCase:
    """All facts that decide whether an account is on a list or at a stage.

    owed: its open items, oldest first. alternatives: any of them is enough. shorts: of each broken plan,
    what must be settled on its items for it to be kept again. plans_bar: whether a kept plan with
    something open bars the whole account.
    """

    owed: Sequence[Owed]
    alternatives: Sequence[ConditionSet]
    shorts: Sequence[int] = ()
    plans_bar: bool = False


def least_payment(case: PaymentCase) -> int:
    """Return the least payment that takes the account off the list or stage; 0: already off.

    Paid on `as_of`, naming no invoice.

    Such a payment settles the oldest item first (contract, section 3, rule 1), also items that do
    not count. It may also make a broken plan kept again; the items of that plan then count nowhere.

    >>> both = (Owed(500, (False,), (True,)), Owed(900, (True,), (True,)))
    >>> least_payment(PaymentCase(both, (ConditionSet(((0, 600),)),)))
    801
    >>> old_and_new = (Owed(500, (True,), (True,)), Owed(900, (True,), (False,)))
    >>> least_payment(PaymentCase(old_and_new, (ConditionSet(((0, 600),)),)))  # what is left is too young
    500
    """
    total = sum(item.open_cents for item in case.owed)
    for first, end in pairwise(_turning_points(case, total)):
        # paid       0 ......... first ......... end
        # listed?    yes  yes  | yes yes no no | yes ...
        #
        # Between two points there is one change at most, so bisection finds it.
        if not _is_listed(case, first):
            return first
        if end - 1 > first and not _is_listed(case, end - 1):
            return first + bisect_left(
                range(first, end), True, key=lambda paid: not _is_listed(case, paid)
            )
    return total


def _turning_points(case: PaymentCase, total: int) -> list[int]:
    """Return the payments at which the state of a plan changes.

    Between two of them paying more never puts an account back.
    """
    before = list(accumulate((item.open_cents for item in case.owed), initial=0))
    points = {0, total}
    for plan, short in enumerate(case.shorts):
        missing = short
        for item, start in zip(case.owed, before, strict=False):
            if plan in item.plans:
                if 0 < missing <= item.open_cents:
                    points.add(start + missing)
                missing -= item.open_cents
                points.add(start + item.open_cents)
    return sorted(points)


def _is_listed(case: PaymentCase, paid: int) -> bool:
    left = _pay(case.owed, paid)
    settled = [
        sum(
            was.open_cents - now.open_cents
            for was, now in zip(case.owed, left, strict=True)
            if plan in was.plans
        )
        for plan in range(len(case.shorts))
    ]
    kept = {plan for plan, short in enumerate(case.shorts) if settled[plan] >= short}
    protected = [item for item in left if item.open_cents and kept.intersection(item.plans)]
    if protected and case.plans_bar:
        return False
    counted = [item for item in left if item.open_cents and not kept.intersection(item.plans)]
    return any(
        all(_holds(counted, at, cents) for at, cents in each.conditions)
        for each in case.alternatives
    )


def _holds(counted: Sequence[Owed], at: int, cents: int) -> bool:
    counting = [item for item in counted if item.counts[at]]
    return (
        any(item.is_old[at] for item in counting)
        and sum(item.open_cents for item in counting) >= cents
    )


def _pay(owed: Sequence[Owed], paid: int) -> list[Owed]:
    """Return what is left of each item after a payment that settles the oldest first."""
    left = []
    for item in owed:
        part = min(item.open_cents, paid)
        paid -= part
        left.append(replace(item, open_cents=item.open_cents - part))
    return left
