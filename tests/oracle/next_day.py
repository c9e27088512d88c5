"""When the stage rises if nothing new arrives: by looking at every day on which something can
change.
"""

from collections.abc import Iterable
from datetime import date, timedelta

from tests.oracle.facts import Facts, Policy
from tests.oracle.stages import Night, night_of, standing_on


def next_rise(facts: Facts, policy: Policy, as_of: date) -> tuple[int, date] | None:
    """Return the first higher stage and its day, or None, out of the days on which anything can
    change.
    """
    night = night_of(facts, policy, as_of)
    return _first_rise(night, policy, as_of, sorted(_days_of_change(night, policy)))


def next_rise_day_by_day(
    facts: Facts, policy: Policy, as_of: date, horizon_days: int
) -> tuple[int, date] | None:
    """Return the same by looking at every day of a horizon: the proof of `next_rise`."""
    return _first_rise(
        night_of(facts, policy, as_of),
        policy,
        as_of,
        (as_of + timedelta(n + 1) for n in range(horizon_days)),
    )


def _first_rise(
    night: Night, policy: Policy, as_of: date, days: Iterable[date]
) -> tuple[int, date] | None:
    tonight = standing_on(night, policy, as_of).stage
    for day in days:
        if day > as_of:
            stage = standing_on(night, policy, day).stage
            if stage > tonight:
                return stage, day
    return None


def _days_of_change(night: Night, policy: Policy) -> set[date]:
    known = night.known
    days: set[date] = set()
    for item in known.items:
        ends_on = night.ends_on[item.invoice_no]
        days |= {ends_on, ends_on - timedelta(policy.near_days)}
        due_days = (1, policy.overdue_days, policy.final_warning_days, policy.court_days)
        days |= {item.due_on + timedelta(n) for n in due_days}
    for notice in known.notices:
        if notice.served_on:
            valid = (
                policy.final_warning_served_days,
                policy.court_served_days,
                policy.notice_valid_days + 1,
            )
            days |= {notice.served_on + timedelta(n) for n in valid}
    days |= {h.valid_until for h in known.facts.holds if h.valid_until}
    for agreement in known.facts.agreements:
        days |= {i.due_on + timedelta(policy.grace_days) for i in agreement.instalments}
    return days
