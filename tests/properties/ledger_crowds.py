"""Crowds of odd accounts as a ledger that a supplier could have written."""

from collections.abc import Iterable
from dataclasses import replace

from tests.ledgers import Ledger
from tests.oracle.allocation import to_cents
from tests.oracle.facts import BGN, EUR, Facts, Payment
from tests.properties.accounts import EURO_FROM


def to_ledger(crowd: Iterable[Facts]) -> Ledger:
    """Return the rows of all tables for these accounts."""
    ledger, premises = Ledger(), set()
    for facts in crowd:
        if facts.premise_no not in premises:
            ledger.premise(facts.premise_no)
            premises.add(facts.premise_no)
        ledger.payer(facts.payer_code, kind="person" if facts.is_person else "company")
        _add_account(ledger, facts)
    return ledger


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


def _add_account(ledger: Ledger, facts: Facts) -> None:
    account = {"premise_no": facts.premise_no, "payer_code": facts.payer_code}
    if facts.tenant_from:
        ledger.add("tenancies", **account, valid_from=facts.tenant_from)
    for i in facts.invoices:
        ledger.add(
            "invoices",
            **account,
            invoice_no=i.invoice_no,
            kind=i.kind,
            period_from=i.period_from,
            period_to=i.period_to,
            issued_on=i.issued_on,
            due_on=i.due_on,
            amount=_decimal(i.amount_minor),
            currency=i.currency,
            refers_to=i.refers_to,
        )
    for p in facts.payments:
        ledger.add(
            "payments",
            **account,
            payment_no=p.payment_no,
            invoice_no=p.invoice_no,
            paid_on=p.paid_on,
            amount=_decimal(p.amount_minor),
            currency=p.currency,
            reverses=p.reverses,
        )
    for h in facts.holds:
        ledger.add(
            "holds",
            **account,
            hold_no=h.hold_no,
            invoice_no=h.invoice_no,
            reason=h.reason,
            valid_from=h.valid_from,
            valid_until=h.valid_until,
        )
    for a in facts.agreements:
        ledger.add(
            "agreements",
            **account,
            agreement_no=a.agreement_no,
            applied_on=a.applied_on,
            signed_on=a.signed_on,
            cancelled_on=a.cancelled_on,
        )
        for no in a.invoice_nos:
            ledger.add("agreement_items", agreement_no=a.agreement_no, invoice_no=no)
        for i in a.instalments:
            ledger.add(
                "instalments",
                agreement_no=a.agreement_no,
                seq=i.seq,
                due_on=i.due_on,
                amount=_decimal(i.amount_minor),
                currency=i.currency,
            )
    for c in facts.cases:
        ledger.add(
            "court_cases",
            **account,
            case_no=c.case_no,
            filed_on=c.filed_on,
            stage=c.stage,
            stage_on=c.stage_on,
            outcome=c.outcome,
        )
        for no in c.invoice_nos:
            ledger.add("court_case_items", case_no=c.case_no, invoice_no=no)
    for n in facts.notices:
        ledger.add(
            "notices",
            **account,
            notice_no=n.notice_no,
            stage=n.stage,
            channel=n.channel,
            sent_on=n.sent_on,
            served_on=n.served_on,
            failed_on=n.failed_on,
        )


def _decimal(minor: int) -> str:
    sign, size = ("-", -minor) if minor < 0 else ("", minor)
    return f"{sign}{size // 100}.{size % 100:02d}"
