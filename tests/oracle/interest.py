"""Interest of one open item: rule 3 of section 3, day by day."""

from datetime import date, timedelta
from fractions import Fraction

from tests.oracle.allocation import BGN_PER_EUR, Books, half_up, to_cents
from tests.oracle.facts import BGN, EUR, Invoice, Known, Policy


def rate_on(day: date, policy: Policy) -> Fraction:
    """Return the yearly percent of a day; there is none before the first rate."""
    held = [percent for valid_from, percent in policy.rates if valid_from <= day]
    if not held:
        raise ValueError(f"no rate on {day}")
    return held[-1]


def bears_after(item: Invoice, known: Known, policy: Policy) -> date | None:
    """Return the day after which the item bears interest, or None."""
    if item.kind in policy.kinds_interest:
        return item.due_on
    if item.kind == "forecast":
        settling = known.equalisation_of(item.season)
        return max(item.due_on, settling.due_on) if settling else None
    return None


def interest_cents(item: Invoice, known: Known, books: Books, policy: Policy, as_of: date) -> int:
    """Return the interest from the day after through `as_of` on what was open at each day's start,
    rounded once.
    """
    after = bears_after(item, known, policy)
    if after is None:
        return 0
    total = Fraction(0)
    for first, last, cents in _stretches(item, books, policy, after + timedelta(1), as_of):
        total += cents * rate_on(first, policy) / 100 * ((last - first).days + 1) / policy.day_count
    return half_up(total)


def _stretches(
    item: Invoice, books: Books, policy: Policy, first: date, last: date
) -> list[tuple[date, date, Fraction]]:
    """Cut the days into stretches (both ends in) without a change of rate, currency or open
    amount.
    """
    pieces = [p for p in books.pieces if p.invoice_no == item.invoice_no]
    cuts = {valid_from for valid_from, _ in policy.rates} | {policy.euro_from}
    cuts |= {p.settled_on + timedelta(1) for p in pieces}
    starts = sorted({first} | {c for c in cuts if first < c <= last}) if first <= last else []
    ends = [s - timedelta(1) for s in starts[1:]] + [last]
    return [
        (s, e, _open_at_start(item, books, policy, s)) for s, e in zip(starts, ends, strict=False)
    ]


def _open_at_start(item: Invoice, books: Books, policy: Policy, day: date) -> Fraction:
    """Return the exact cents that were open at the start of a day."""
    before = [p for p in books.pieces if p.invoice_no == item.invoice_no and p.settled_on < day]
    in_bgn = item.amount_minor - sum(p.amount_minor for p in before if p.currency == BGN)
    in_euro = sum(p.amount_minor for p in before if p.currency == EUR)
    if item.currency == BGN and day < policy.euro_from:
        return in_bgn / BGN_PER_EUR
    return Fraction(to_cents(in_bgn, item.currency) - in_euro)
