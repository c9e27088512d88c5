"""Working days in Bulgaria, and the days on which the law allows a supply to be cut.

Holidays are computed from the law by the `holidays` library (Orthodox Easter; compensation days
since 2017). Days that a decision of the Council of Ministers added or removed are in the policy
alone, so the library's own list of such decisions is emptied.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from holidays.countries.bulgaria import Bulgaria

from dunning.core.days import to_date, to_day
from dunning.policy.rules import Calendar, Disconnections


# Made once: the library computes each year on first use and keeps it.
@lru_cache(maxsize=1)
def _holidays_by_law() -> Bulgaria:
    by_law = Bulgaria()
    by_law.special_public_holidays = {}
    return by_law


def is_working_day(on: date, calendar: Calendar) -> bool:
    """Return whether a day is a working day: no weekend, no holiday, as corrected by the policy.

    Source: КТ чл. 154, ал. 1-3. 1 November is a holiday of schools only.
    """
    # The policy overrides the law, and its free days override its working days.
    if on in calendar.extra_nonworking_days:
        return False
    if on in calendar.extra_working_days:
        return True
    return on.weekday() < 5 and on not in _holidays_by_law()


def may_cut_on(on: date, calendar: Calendar) -> bool:
    """Return whether a supply may be cut on a day.

    On a working day that is followed by one, so never on a Friday.

    Source: ЗЕ чл. 123.
    """
    return is_working_day(on, calendar) and is_working_day(to_date(to_day(on) + 1), calendar)


def add_working_days(on: date, count: int, calendar: Calendar) -> date:
    """Return the `count`-th working day after `on` (`on` itself where count is 0)."""
    day = to_day(on)
    while count > 0:
        day += 1
        count -= is_working_day(to_date(day), calendar)
    return to_date(day)


@dataclass(frozen=True)
class Window:
    """First and last day on which a proposed disconnection may be carried out, both inclusive."""

    not_before: date
    not_after: date


def disconnection_window(
    as_of: date, newest_paid_on: date | None, rule: Disconnections, calendar: Calendar
) -> Window | None:
    """Return the days within which premises proposed on `as_of` may be cut; None if none.

    A day counts that comes after `as_of`, at most `window_days` after it, on which the law allows
    it, and that is at least `payment_latency_working_days` working days after the newest payment
    of the ledger: payments made elsewhere need so long to arrive.

    Args:
        newest_paid_on: of all payments of the ledger up to `as_of`; None where there is none.
    """
    first = to_day(as_of) + 1
    if newest_paid_on is not None:
        arrived = add_working_days(newest_paid_on, rule.payment_latency_working_days, calendar)
        first = max(first, to_day(arrived))
    last = to_day(as_of) + rule.window_days
    # Both ends are lawful days; days between them may not be.
    lawful = [on for on in map(to_date, range(first, last + 1)) if may_cut_on(on, calendar)]
    return Window(lawful[0], lawful[-1]) if lawful else None
