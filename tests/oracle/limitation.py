"""The first day on which an item has expired: rule 5 of section 3."""

from datetime import date, timedelta

from tests.oracle.facts import Invoice, Known, Policy


def add_years(day: date, years: int) -> date:
    """Return the same day years later; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def limitation_on(item: Invoice, known: Known, policy: Policy) -> date:
    """Return the first day on which an item has expired, after every restart that came in time."""
    begins_on = item.due_on + timedelta(1)
    years = policy.years_long if item.kind in policy.kinds_long else policy.years
    signed = [
        a.signed_on
        for a in known.facts.agreements
        if a.signed_on and item.invoice_no in a.invoice_nos
    ]
    filed = [
        c.filed_on
        for c in known.facts.cases
        if item.invoice_no in c.invoice_nos
        and not (c.stage == "closed" and c.outcome in ("rejected", "withdrawn"))
    ]
    ends_on = _end(begins_on, years, policy)
    for restart in sorted(signed + filed):
        if restart < ends_on:
            ends_on = _end(max(restart, begins_on), years, policy)
    never_after = add_years(begins_on, policy.years_absolute)
    is_rescheduled = any(day < never_after for day in signed)
    if known.facts.is_person and not is_rescheduled:
        return min(ends_on, never_after)
    return ends_on


def _end(start: date, years: int, policy: Policy) -> date:
    """Move the end by every suspended day from the start (included) to the moved end (not
    included).
    """
    end = add_years(start, years)
    day = policy.suspended_from
    while day < policy.suspended_until:
        if start <= day < end:
            end += timedelta(1)
        day += timedelta(1)
    return end
