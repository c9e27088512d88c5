"""Crowds of accounts that a careful adversary would invent, and policies with other values.

They are drawn through `random.Random`, so that the same code serves seeded crowds and Hypothesis,
which shrinks them.
"""

from datetime import date, timedelta
from fractions import Fraction
from random import Random

from tests.oracle.facts import Facts, Policy
from tests.properties import hard_accounts
from tests.properties.accounts import Account

NIGHTS = tuple(
    date.fromisoformat(day)
    for day in (
        "2024-02-29",
        "2025-06-30",
        "2025-12-31",
        "2026-01-01",
        "2026-01-15",
        "2026-01-31",
        "2026-02-01",
        "2026-03-31",
        "2026-06-30",
        "2026-11-22",
        "2026-11-22",
        "2027-03-01",
        "2028-02-29",
    )
)


def draw_crowd(random: Random, size: int, as_of: date) -> list[Facts]:
    """Return `size` accounts, two on each premise."""
    return [draw_account(random, number, as_of) for number in range(size)]


def draw_account(random: Random, number: int, as_of: date) -> Facts:
    """Return one account whose days crowd around the edges that matter on `as_of`; every third is
    of a hard kind.
    """
    account = Account(random, number, as_of)
    if random.random() < 0.35:
        draw = random.choice(
            (
                hard_accounts.draw_old_debt,
                hard_accounts.draw_plan,
                hard_accounts.draw_for_the_court,
                hard_accounts.draw_season,
                hard_accounts.draw_changeover,
            )
        )
        return draw(account)
    return account.draw()


def draw_policy(random: Random) -> Policy:
    """Return a policy with other values, each of them possible: what a rule does must not hang on
    the defaults.
    """

    def pick(*values: int) -> int:
        return random.choice(values)

    suspended_from = random.choice((date(2020, 3, 13), date(2025, 12, 1), date(2028, 2, 1)))
    return Policy(
        rates=random.choice(
            (
                Policy().rates,
                ((date(1990, 1, 1), Fraction(10)), (date(2026, 3, 1), Fraction("7.77"))),
            )
        ),
        day_count=pick(360, 365),
        kinds_interest=random.choice((Policy().kinds_interest, ("bill", "fee", "court_costs"))),
        years=pick(2, 3),
        years_long=pick(4, 5),
        kinds_long=random.choice((Policy().kinds_long, ("adjudged", "bill"))),
        years_absolute=pick(5, 10),
        suspended_from=suspended_from,
        suspended_until=suspended_from + timedelta(pick(1, 69)),
        grace_days=pick(0, 3, 10),
        overdue_days=pick(1, 5),
        overdue_cents=pick(1, 100, 5000),
        final_warning_days=pick(30, 60),
        final_warning_cents=pick(100, 5000, 9999),
        final_warning_served_days=pick(0, 15),
        court_days=pick(90, 180),
        court_cents=pick(5000, 10000, 20000),
        court_served_days=pick(15, 30),
        notice_valid_days=pick(60, 180),
        near_days=pick(0, 30, 120),
        near_cents=pick(100, 10000),
        kinds_enforced=random.choice((Policy().kinds_enforced, ("adjudged", "fee"))),
    )
