"""Working days and disconnection windows against the published calendar."""

from datetime import date, timedelta

import pytest

from dunning.decisions.lists.working_days import (
    Window,
    add_working_days,
    disconnection_window,
    is_working_day,
    may_cut_on,
)
from dunning.policy.policies import load_policy
from dunning.policy.rules import Calendar

RULES = load_policy().at(date(2026, 11, 22))
BY_LAW = Calendar((), ())


def test_days_of_december_2026_on_which_a_supply_may_be_cut() -> None:
    lawful = [day for day in range(1, 32) if may_cut_on(date(2026, 12, day), RULES.calendar)]

    assert [1, 2, 3, 7, 8, 9, 10, 14, 15, 16, 17, 21, 22, 29, 30] == lawful


def test_never_on_a_friday_a_weekend_or_the_eve_of_a_holiday() -> None:
    days = [date(2025, 1, 1) + timedelta(number) for number in range(6 * 365)]

    assert {0, 1, 2, 3} == {on.weekday() for on in days if may_cut_on(on, RULES.calendar)}


@pytest.mark.parametrize(
    "easter_friday", ["2025-04-18", "2026-04-10", "2027-04-30", "2028-04-14", "2029-04-06"]
)
def test_orthodox_easter_from_friday_to_monday(easter_friday: str) -> None:
    friday = date.fromisoformat(easter_friday)

    assert [False] * 4 == [
        is_working_day(friday + timedelta(number), BY_LAW) for number in range(4)
    ]


@pytest.mark.parametrize(
    "compensation",
    [
        "2025-05-26",
        "2025-09-08",
        "2026-05-25",
        "2026-09-07",
        "2026-12-28",
        "2027-05-04",
        "2027-12-27",
        "2027-12-28",
    ],
)
def test_a_holiday_on_a_weekend_gives_the_next_working_day_free(compensation: str) -> None:
    assert not is_working_day(date.fromisoformat(compensation), BY_LAW)


@pytest.mark.parametrize(
    "worked", ["2026-11-02", "2024-11-01", "2026-05-26", "2027-05-05", "2027-12-29", "2026-04-14"]
)
def test_days_that_are_worked(worked: str) -> None:
    assert is_working_day(date.fromisoformat(worked), BY_LAW)


def test_what_the_government_decides_stands_in_the_policy_alone() -> None:
    on = date(2026, 1, 2)

    assert (False, True) == (is_working_day(on, RULES.calendar), is_working_day(on, BY_LAW))
    assert is_working_day(date(2026, 11, 28), Calendar((), (date(2026, 11, 28),)))


def test_working_days_are_counted_after_the_day_itself() -> None:
    # 20.11.2026 is a Friday: Monday, Tuesday.
    assert date(2026, 11, 24) == add_working_days(date(2026, 11, 20), 2, RULES.calendar)
    assert date(2026, 11, 20) == add_working_days(date(2026, 11, 20), 0, RULES.calendar)


def window(as_of: str, paid_on: str | None) -> Window | None:
    newest = None if paid_on is None else date.fromisoformat(paid_on)
    return disconnection_window(
        date.fromisoformat(as_of), newest, RULES.disconnections, RULES.calendar
    )


@pytest.mark.parametrize(
    ("as_of", "paid_on", "not_before", "not_after"),
    [
        # Sunday 22.11., paid on Friday: two working days later is Tuesday 24.11.; 2.12. is the
        # tenth day, a Wednesday.
        ("2026-11-22", "2026-11-20", "2026-11-24", "2026-12-02"),
        # Paid long ago: the first lawful day after as_of.
        ("2026-11-22", "2026-11-02", "2026-11-23", "2026-12-02"),
        ("2026-11-22", None, "2026-11-23", "2026-12-02"),
        # Paid on Wednesday 25.11.: two working days later is a Friday, on which nothing may be cut;
        # Monday 30.11.
        ("2026-11-25", "2026-11-25", "2026-11-30", "2026-12-03"),
        # 18.12.: 21. and 22. are lawful, but payments of the 18th arrive on the 22nd; 23.-28. are
        # eves and holidays.
        ("2026-12-18", "2026-12-18", "2026-12-22", "2026-12-22"),
        ("2026-12-22", "2026-12-22", "2026-12-29", "2026-12-30"),
    ],
)
def test_window(as_of: str, paid_on: str | None, not_before: str, not_after: str) -> None:
    expected = Window(date.fromisoformat(not_before), date.fromisoformat(not_after))

    assert expected == window(as_of, paid_on)


def test_no_window_without_a_lawful_day_in_time() -> None:
    # A payment dated after the window's end, as a wrong clock at a counter gives.
    assert window("2026-11-22", "2026-12-01") is None
