"""A group's notices are due from its day of the month on until they have been made."""

from datetime import date, timedelta

import pytest

from dunning.decisions.monthly.billing_groups import due_groups, since_of
from dunning.policy.rules import Notices


def _rule(heat: int = 15, electricity: int = 31) -> Notices:
    return Notices({"heat": heat, "electricity": electricity}, 1, 5000, 730, 60)


@pytest.mark.parametrize(
    ("as_of", "last_heat", "last_electricity", "due"),
    [
        # Never run: on the scheduled day alone.
        (date(2026, 11, 14), None, None, ()),
        (date(2026, 11, 15), None, None, ("heat",)),
        (date(2026, 11, 16), None, None, ()),
        (date(2026, 11, 30), None, None, ("electricity",)),
        (date(2026, 12, 30), None, None, ()),
        (date(2026, 12, 31), None, None, ("electricity",)),
        # The day before, on and after the day; once a month.
        (date(2026, 11, 14), date(2026, 10, 15), date(2026, 10, 31), ()),
        (date(2026, 11, 15), date(2026, 10, 15), date(2026, 10, 31), ("heat",)),
        (date(2026, 11, 15), date(2026, 11, 15), date(2026, 10, 31), ()),
        (date(2026, 11, 16), date(2026, 11, 15), date(2026, 10, 31), ()),
        # A missed night is made up for, over the end of a month and of a year, too, and once.
        (date(2026, 11, 18), date(2026, 10, 15), date(2026, 10, 31), ("heat",)),
        (date(2027, 1, 3), date(2026, 11, 15), date(2026, 11, 30), ("heat", "electricity")),
        (date(2027, 1, 3), date(2027, 1, 2), date(2027, 1, 2), ()),
        # A run by hand before the day is not that day's; one after it is.
        (date(2026, 11, 15), date(2026, 11, 14), date(2026, 10, 31), ("heat",)),
        (date(2026, 11, 20), date(2026, 11, 17), date(2026, 10, 31), ()),
        # The last day of February, leap or not.
        (date(2027, 2, 28), date(2027, 2, 15), date(2027, 1, 31), ("electricity",)),
        (date(2028, 2, 28), date(2028, 2, 15), date(2028, 1, 31), ()),
        (date(2028, 2, 29), date(2028, 2, 15), date(2028, 1, 31), ("electricity",)),
    ],
)
def test_a_group_is_due_from_its_day_on_until_it_has_run(
    as_of: date, last_heat: date | None, last_electricity: date | None, due: tuple[str, ...]
) -> None:
    assert due_groups(as_of, _rule(), {"heat": last_heat, "electricity": last_electricity}) == due


@pytest.mark.parametrize("day_of_month", [1, 15, 28, 29, 30, 31])
def test_run_every_night_each_group_goes_out_once_a_month(day_of_month: int) -> None:
    rule, last_run, runs = _rule(day_of_month, day_of_month), dict[str, date | None](), []
    for night in (date(2027, 1, 1) + timedelta(days=n) for n in range(731)):
        for service in due_groups(night, rule, last_run):
            last_run[service] = night
            runs.append((service, night.year, night.month))
    assert len(runs) == len(set(runs)) == 2 * 24


@pytest.mark.parametrize(
    ("as_of", "service", "last", "since"),
    [
        (date(2026, 11, 15), "heat", date(2026, 10, 17), date(2026, 10, 17)),
        (date(2026, 11, 15), "heat", None, date(2026, 10, 15)),
        (date(2026, 11, 16), "heat", None, date(2026, 10, 15)),
        (date(2026, 11, 14), "heat", None, date(2026, 9, 15)),
        (date(2027, 1, 15), "heat", None, date(2026, 12, 15)),
        (date(2026, 11, 30), "electricity", None, date(2026, 10, 31)),
        (date(2026, 12, 1), "electricity", None, date(2026, 10, 31)),
        (date(2028, 3, 31), "electricity", None, date(2028, 2, 29)),
    ],
)
def test_a_bill_is_new_after_the_last_run_or_a_month_before_the_scheduled_day(
    as_of: date, service: str, last: date | None, since: date
) -> None:
    assert since_of(as_of, _rule(), service, {service: last}) == since
    if last is None:
        assert since_of(as_of, _rule(), service, {}) == since
