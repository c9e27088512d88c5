"""The circuit breaker: which nights are compared, and what is unusual about one, on both sides of
each limit.
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from dunning.decisions.lists.circuit_breaker import Unusual, comparable_nights, find_unusual
from dunning.policy.policies import load_policy

AS_OF = date(2026, 11, 22)
RULE = load_policy().at(AS_OF).release


def nights(rows: int, count: int, measure: str = "sms") -> dict[date, dict[str, tuple[int, int]]]:
    """So many nights before AS_OF, each with the same rows and ten cents a row."""
    return {AS_OF - timedelta(days=n): {measure: (rows, 10 * rows)} for n in range(1, count + 1)}


def judge(rows: int, cents: int, past: dict, payments: tuple[int, ...] = ()) -> list[Unusual]:
    return find_unusual(AS_OF, {"sms": (rows, cents)}, past, payments, RULE)


def test_a_first_night_knows_absolute_limits_only() -> None:
    assert judge(150_000, 3_000_000_000, {}) == []
    assert judge(150_001, 3_000_000_001, {}) == [
        Unusual("sms", "rows", 150_001, None, 150_000),
        Unusual("sms", "cents", 3_000_000_001, None, 3_000_000_000),
    ]


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (1000, []),
        (1500, []),
        (500, []),
        (1501, [Unusual("sms", "rows", 1501, 1000, 1500)]),
        (499, [Unusual("sms", "rows", 499, 1000, 500)]),
    ],
)
def test_half_more_or_less_than_usual_waits(rows: int, found: list[Unusual]) -> None:
    assert judge(rows, 10_000, nights(1000, 3)) == found


def test_sums_have_a_band_of_their_own() -> None:
    assert judge(1000, 15_001, nights(1000, 7)) == [Unusual("sms", "cents", 15_001, 10_000, 15_000)]


def test_two_nights_are_no_measure_and_few_rows_are_none() -> None:
    assert judge(9000, 10_000, nights(1000, 2)) == []
    assert judge(199, 1, nights(10, 7)) == []
    assert judge(200, 100, nights(10, 7)) == [Unusual("sms", "rows", 200, 10, 15)]


def test_a_list_that_is_missing_tonight_is_unusual() -> None:
    assert find_unusual(AS_OF, {}, nights(1000, 3), (), RULE) == [
        Unusual("sms", "rows", 0, 1000, 500),
        Unusual("sms", "cents", 0, 10_000, 5000),
    ]


def test_the_same_day_of_earlier_months_counts_where_there_are_three() -> None:
    monthly = {date(2026, month, 22): {"sms": (9000, 90_000)} for month in (8, 9, 10)}
    assert judge(9000, 90_000, {**nights(1000, 7), **monthly}) == []
    two = {day: night for day, night in monthly.items() if day.month > 8}
    assert [each.what for each in judge(9000, 90_000, {**nights(1000, 7), **two})] == [
        "rows",
        "cents",
    ]


def test_the_end_of_one_month_lies_beside_the_begin_of_the_next() -> None:
    past = {
        day: {"sms": (day.month, 0)}
        for day in (date(2026, 8, 31), date(2026, 10, 1), date(2026, 9, 30))
    }
    found = comparable_nights(date(2026, 10, 31), {**past, date(2026, 10, 30): {}}, RULE)
    assert found == [past[date(2026, 10, 1)], past[date(2026, 9, 30)], past[date(2026, 8, 31)]]


def test_later_nights_are_not_looked_at() -> None:
    later = {AS_OF + timedelta(days=n): {"sms": (9000, 0)} for n in range(9)}
    assert comparable_nights(AS_OF, later, RULE) == []


@pytest.mark.parametrize(
    ("payments", "found"),
    [
        ((500, 1000, 1000), []),
        ((499, 1000, 1000), [Unusual("payments", "rows", 499, 1000, 500)]),
        ((0, 999, 999), []),
        ((0,), []),
    ],
)
def test_fewer_than_half_of_the_usual_payments_look_like_a_cut_file(
    payments: tuple[int, ...], found: list[Unusual]
) -> None:
    assert judge(0, 0, {}, payments) == found


def test_a_wider_band_says_less() -> None:
    assert (
        find_unusual(
            AS_OF, {"sms": (1900, 10_000)}, nights(1000, 3), (), replace(RULE, band_percent=100)
        )
        == []
    )
