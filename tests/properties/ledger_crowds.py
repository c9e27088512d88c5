"""Crowds of odd accounts as a supplier could have written them."""

from dataclasses import replace

from tests.oracle.allocation import to_cents
from tests.oracle.facts import BGN, EUR, Facts, Payment
from tests.properties.accounts import EURO_FROM


def is_of_one_currency(facts: Facts) -> bool:
    """Whether the account fits into an extract with BGN: nothing in euro before 2026."""
    rows = [(i.issued_on, i.currency) for i in facts.invoices] + [
        (p.paid_on, p.currency) for p in facts.payments
    ]
    return all(day >= EURO_FROM or currency == BGN for day, currency in rows)


def as_extract(facts: Facts) -> Facts:
    """Return the facts as an extract can say them: without our deeds and without holds that end
    before they begin (refused as mistakes; they protect nothing); from 2026 on, BGN is taken back
    in euro.
    """

    def taken_back(payment: Payment) -> Payment:
        if not payment.reverses or payment.currency == EUR or payment.paid_on < EURO_FROM:
            return payment
        return replace(payment, currency=EUR, amount_minor=-to_cents(-payment.amount_minor, BGN))

    holds = tuple(h for h in facts.holds if h.valid_until is None or h.valid_until > h.valid_from)
    return replace(
        facts, payments=tuple(taken_back(p) for p in facts.payments), holds=holds, deeds=()
    )
