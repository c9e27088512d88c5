"""Which items may not be touched on a day: rule 4 of section 3."""

from datetime import date, timedelta

from tests.oracle.allocation import Books, to_cents
from tests.oracle.facts import Agreement, Invoice, Known, Policy


def is_kept(agreement: Agreement, books: Books, policy: Policy, day: date) -> bool:
    """Whether an agreement is in force on a day and what was settled since it was signed covers
    what fell due.
    """
    if (
        agreement.signed_on is None
        or agreement.cancelled_on is not None
        or not agreement.instalments
    ):
        return False
    due = [i for i in agreement.instalments if i.due_on <= day - timedelta(policy.grace_days)]
    settled = [
        p
        for p in books.pieces
        if p.invoice_no in agreement.invoice_nos and p.settled_on >= agreement.signed_on
    ]
    return sum(to_cents(p.amount_minor, p.currency) for p in settled) >= sum(
        to_cents(i.amount_minor, i.currency) for i in due
    )


def shield_of(item: Invoice, known: Known, books: Books, policy: Policy, day: date) -> str | None:
    """Return the first of `court`, `agreement`, `hold` that shields an item on a day, or None."""
    facts = known.facts
    if any(item.invoice_no in c.invoice_nos and c.stage != "closed" for c in facts.cases):
        return "court"
    if any(
        item.invoice_no in a.invoice_nos and is_kept(a, books, policy, day)
        for a in facts.agreements
    ):
        return "agreement"
    for hold in facts.holds:
        is_on = hold.valid_from <= day and (hold.valid_until is None or day < hold.valid_until)
        if is_on and hold.invoice_no in (None, item.invoice_no):
            return "hold"
    return None
