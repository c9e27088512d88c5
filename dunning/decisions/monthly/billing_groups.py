"""Billing groups: the accounts of one service, and the nights on which their notices are due."""

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta

from dunning.core.words import SERVICES
from dunning.policy.rules import Notices

# Service word to the `as_of` of the group's last run before this night; None or no entry: it has
# never run.
LastRuns = Mapping[str, date | None]


def due_groups(as_of: date, rule: Notices, last_run: LastRuns) -> tuple[str, ...]:
    """Return the services with notices due on a night, in the order of `words.SERVICES`.

    A group is due from its scheduled day on until it has run, so that a night that was missed is
    made up for. One that has never run begins on a scheduled day.

    >>> rule = Notices({"heat": 15, "electricity": 31}, 1, 5000, 730, 60)
    >>> due_groups(date(2026, 11, 15), rule, {}), due_groups(date(2026, 11, 30), rule, {"heat": date(2026, 11, 15)})
    (('heat',), ('electricity',))
    """
    return tuple(
        service
        for service in SERVICES
        if _is_due(as_of, rule.day_of_month[service], last_run.get(service))
    )


def since_of(as_of: date, rule: Notices, service: str, last_run: LastRuns) -> date:
    """Return the day after which an issued bill is new: that of the last run.

    A group that has never run has not yet shown the bills of the month that a scheduled day ends:
    its bills are new from the scheduled day before the latest one.

    >>> since_of(date(2026, 11, 22), Notices({"heat": 15, "electricity": 13}, 1, 5000, 730, 60), "heat", {})
    datetime.date(2026, 10, 15)
    """
    day = rule.day_of_month[service]
    latest = _scheduled_until(as_of, day)
    return last_run.get(service) or _scheduled_until(latest - timedelta(days=1), day)


def _is_due(as_of: date, day_of_month: int, last_run: date | None) -> bool:
    scheduled = _scheduled_until(as_of, day_of_month)
    return scheduled == as_of if last_run is None else scheduled > last_run


def _scheduled_until(day: date, day_of_month: int) -> date:
    """Return the latest scheduled day up to a day, inclusive.

    In a shorter month it is the last day.
    """
    scheduled = _in_month(day, day_of_month)
    return (
        scheduled
        if scheduled <= day
        else _in_month(day.replace(day=1) - timedelta(days=1), day_of_month)
    )


def _in_month(day: date, day_of_month: int) -> date:
    return day.replace(day=min(day_of_month, monthrange(day.year, day.month)[1]))
