"""One account in the making: every part of it near an edge, everything that a ledger lets in."""

from datetime import date, timedelta
from random import Random
from typing import Any

from tests.oracle.facts import (
    BGN,
    EUR,
    Agreement,
    Case,
    Deed,
    Facts,
    Hold,
    Instalment,
    Invoice,
    Known,
    Notice,
    Payment,
    Policy,
)
from tests.oracle.limitation import add_years, limitation_on

EURO_FROM = date(2026, 1, 1)
EARLIEST_DUE_ON = date(2014, 12, 31)
_EDGES = (
    0,
    1,
    2,
    3,
    4,
    14,
    15,
    16,
    29,
    30,
    31,
    44,
    59,
    60,
    61,
    90,
    119,
    120,
    121,
    150,
    179,
    180,
    181,
    182,
    200,
    300,
)
_CENTS = (
    0,
    1,
    50,
    99,
    100,
    101,
    2500,
    4000,
    4999,
    5000,
    5001,
    6000,
    9999,
    10000,
    10001,
    15000,
    36000,
)
_STOTINKI = (
    0,
    1,
    2,
    195,
    196,
    391,
    9778,
    9779,
    9780,
    11735,
    19556,
    19557,
    19558,
    19559,
    39117,
    70000,
)
_KINDS = (
    ("bill",) * 9
    + ("forecast",) * 5
    + ("equalisation",) * 3
    + ("share_fee", "fee", "fee", "interest_note")
    + ("adjudged", "adjudged_interest", "court_costs", "payout", "credit_note", "credit_note")
)


class Account:
    """One account in the making. Numbers carry the account's, so that they are unique in the
    crowd.
    """

    def __init__(self, random: Random, number: int, as_of: date) -> None:
        self.random, self.number, self.as_of = random, number, as_of
        self.is_all_euro = random.random() < 0.25
        self.is_person = random.random() < 0.75
        self.is_debtor = random.random() < 0.4
        self.numbers = 0

    def draw(self) -> Facts:
        """Return the facts; what is odd about a part depends on the parts before it."""
        chance = self.random.random
        invoices = [self.invoice() for _ in range(self.random.randint(0, 5))]
        if chance() < 0.15:
            invoices.append(self.twin(invoices))
        invoices = [i for i in invoices if i]
        items = [i for i in invoices if not i.is_credit]
        payments = self.payments(items, [i.issued_on for i in invoices if i.is_credit])
        sent = [self.deed() for _ in range(self.few(0.3))]
        return self.facts(
            tenant_from=self.as_of + timedelta(self.random.choice((-4000, -900, 0, 1)))
            if chance() < 0.8 or not (invoices or payments)
            else None,
            invoices=tuple(invoices),
            payments=tuple(payments),
            holds=tuple(self.hold(items) for _ in range(self.few(0.2))),
            agreements=tuple(
                self.agreement(items, payments) for _ in range(self.few(0.3) if items else 0)
            ),
            cases=tuple(self.case(items) for _ in range(self.few(0.25) if items else 0)),
            notices=(
                *(self.notice(items) for _ in range(self.few(0.6))),
                *(row for _, row in sent if row),
            ),
            deeds=tuple(deed for deed, _ in sent),
        )

    def facts(self, **parts: Any) -> Facts:
        """Return an account of its own premise and payer."""
        return Facts(
            f"{self.number // 2:06d}", f"{self.number:05d}", is_person=self.is_person, **parts
        )

    def few(self, share: float) -> int:
        return self.random.randint(1, 3) if self.random.random() < share else 0

    def no(self, letter: str) -> str:
        self.numbers += 1
        return f"{self.number}{letter}{self.random.choice(('', '0'))}{self.numbers}"

    def near_as_of(self) -> date:
        return (
            self.as_of
            - timedelta(self.random.choice(_EDGES))
            + timedelta(self.random.choice((0, 0, 0, 0, 1, 40)))
        )

    def due_on(self) -> date:
        """Return a day near tonight, near the changeover, or one whose limitation ends near
        tonight.
        """
        way = self.random.random()
        if way < 0.55:
            return self.near_as_of()
        if way < 0.7:
            return EURO_FROM + timedelta(self.random.randint(-30, 45))
        if way < 0.75:
            year = self.random.choice((2020, 2020, 2017, 2015))
            return date(year, 3, 13) + timedelta(
                self.random.choice((-2, -1, 0, 1, 40, 67, 68, 69, 70))
            )
        years = self.random.choice((3, 3, 3, 3, 3, 5, 6, 10))
        near = self.as_of + timedelta(
            self.random.choice((-70, -1, 0, 1, 1, 30, 60, 119, 120, 121, 122, 189, 190))
        )
        return max(add_years(near, -years) - timedelta(1), EARLIEST_DUE_ON)

    def currency(self, day: date, *, may_pay_bgn_in_january: bool = False) -> str:
        if self.is_all_euro:
            return EUR
        if may_pay_bgn_in_january and EURO_FROM <= day < date(2026, 2, 1):
            return self.random.choice((BGN, BGN, EUR))
        return BGN if day < EURO_FROM else EUR

    def amount(self, currency: str) -> int:
        if self.random.random() < 0.15:
            return self.random.randint(1, 30000)
        choices = _STOTINKI if currency == BGN else _CENTS
        return self.random.choice(choices[len(choices) // 2 :] if self.is_debtor else choices)

    def invoice(self) -> Invoice:
        kind = self.random.choice(_KINDS)
        due_on = self.due_on()
        issued_on = due_on - timedelta(
            self.random.choice((0, 0, 1, 14, 20, 31, 60)) if kind != "payout" else 0
        )
        currency = self.currency(issued_on)
        minor = self.amount(currency)
        if kind == "credit_note" or (kind == "equalisation" and self.random.random() < 0.3):
            minor = -minor
        period_from = period_to = None
        if kind in ("forecast", "equalisation"):
            season = self.random.choice((due_on.year, due_on.year - 1, *3 * (self.as_of.year - 1,)))
            period_from = self.random.choice(
                (date(season, 5, 1), date(season, 12, 1), date(season + 1, 4, 1))
            )
            period_to = period_from + timedelta(29)
        number = self.no(self.random.choice(("I", "I", "Z")))
        refers_to = (
            f"{self.number}I{self.random.randint(1, 4)}"
            if minor < 0 and self.random.random() < 0.6
            else None
        )
        return Invoice(
            number, kind, issued_on, due_on, minor, currency, period_from, period_to, refers_to
        )

    def twin(self, invoices: list[Invoice]) -> Invoice | None:
        """Return a second invoice that only its number tells from another one."""
        if not invoices:
            return None
        model = self.random.choice(invoices)
        return Invoice(
            self.no("I"),
            model.kind,
            model.issued_on,
            model.due_on,
            model.amount_minor,
            model.currency,
            model.period_from,
            model.period_to,
        )

    def payments(self, items: list[Invoice], credited_on: list[date]) -> list[Payment]:
        payments = [
            self.payment_on(items, day) for day in credited_on if self.random.random() < 0.5
        ]
        for _ in range(self.random.choice((0, 0, 0, 1) if self.is_debtor else (0, 1, 1, 2, 3, 5))):
            payment = self.payment(items)
            payments.append(payment)
            if self.random.random() < 0.12:
                payments.append(self.reversal(payment))
            if self.random.random() < 0.15:
                payments.append(
                    Payment(self.no("P"), payment.paid_on, payment.amount_minor, payment.currency)
                )
        return payments

    def payment(self, items: list[Invoice]) -> Payment:
        way = self.random.random()
        if items and way < 0.5:
            item = self.random.choice(items)
            near = self.random.choice((item.issued_on, item.due_on, item.due_on + timedelta(1)))
            paid_on = near + timedelta(self.random.choice((-20, -1, 0, 1, 3, 40)))
        elif way < 0.7:
            paid_on = EURO_FROM + timedelta(self.random.randint(-20, 32))
        else:
            paid_on = self.near_as_of()
        return self.payment_on(items, paid_on)

    def payment_on(self, items: list[Invoice], paid_on: date) -> Payment:
        currency = self.currency(paid_on, may_pay_bgn_in_january=True)
        same = [i.amount_minor for i in items if i.currency == currency]
        minor = self.amount(currency)
        if same and self.random.random() < 0.6:
            minor = max(
                0,
                self.random.choice((*same, sum(same))) + self.random.choice((-1, 0, 0, 0, 1, 100)),
            )
        named = (
            self.random.choice(items).invoice_no if items and self.random.random() < 0.4 else None
        )
        return Payment(self.no("P"), paid_on, minor, currency, named)

    def reversal(self, payment: Payment) -> Payment:
        paid_on = payment.paid_on + timedelta(self.random.choice((-1, 0, 1, 5, 40)))
        if self.random.random() < 0.4:
            paid_on = self.as_of + timedelta(self.random.choice((0, 1)))
        return Payment(
            self.no("R"),
            paid_on,
            -payment.amount_minor,
            payment.currency,
            reverses=payment.payment_no,
        )

    def hold(self, items: list[Invoice]) -> Hold:
        valid_from = self.as_of - timedelta(self.random.choice((-1, 0, 1, 30, 200)))
        until = self.random.choice((None, -1, 0, 1, 2, 45, 300))
        named = (
            self.random.choice(items).invoice_no if items and self.random.random() < 0.6 else None
        )
        return Hold(
            self.no("H"),
            valid_from,
            None if until is None else self.as_of + timedelta(until),
            named,
        )

    def some(self, items: list[Invoice]) -> tuple[str, ...]:
        chosen = self.random.sample(items, self.random.randint(1, len(items)))
        return tuple(i.invoice_no for i in chosen)

    def restart_on(self, items: list[Invoice]) -> date:
        """Return a day near tonight, or near the end of an item's limitation, or of its ten
        years.
        """
        way = self.random.random()
        if way < 0.4:
            return self.near_as_of()
        item = self.random.choice(items)
        alone = Known(Facts("", "", is_person=False, invoices=(item,)))
        near = limitation_on(item, alone, Policy())
        if way > 0.85:
            near = add_years(item.due_on + timedelta(1), 10)
        if way < 0.5:
            near = item.due_on
        return near + timedelta(self.random.choice((-200, -31, -1, 0, 1)))

    def agreement(self, items: list[Invoice], payments: list[Payment]) -> Agreement:
        signed_on = self.restart_on(items)
        applied_on = signed_on - timedelta(self.random.choice((0, 0, 7, 7, -1)))
        cancelled_on = self.as_of + timedelta(self.random.choice((-30, -1, 0, 1, 20)))
        return Agreement(
            self.no("G"),
            applied_on,
            signed_on if self.random.random() < 0.9 else None,
            cancelled_on if self.random.random() < 0.2 else None,
            self.some(items),
            tuple(
                self.instalment(n + 1, items, payments)
                for n in range(self.random.choice((0, 1, 1, 2, 3)))
            ),
        )

    def instalment(self, seq: int, items: list[Invoice], payments: list[Payment]) -> Instalment:
        due_on = self.as_of - timedelta(self.random.choice((-90, -30, -1, 0, 2, 3, 4, 30)))
        currency = self.currency(due_on)
        same = [
            x.amount_minor
            for x in (*items, *payments)
            if x.currency == currency and x.amount_minor > 0
        ]
        minor = self.amount(currency)
        if same and self.random.random() < 0.7:
            minor = max(0, self.random.choice(same) + self.random.choice((-1, 0, 0, 1)))
        return Instalment(seq, due_on, minor, currency)

    def case(self, items: list[Invoice]) -> Case:
        filed_on = self.restart_on(items)
        stage = self.random.choice(
            ("filed", "order_issued", "enforcement", "closed", "closed", "closed")
        )
        ahead = self.as_of + timedelta(self.random.choice((-10, 0, 1)))
        stage_on = filed_on if stage == "filed" else max(filed_on, ahead)
        outcome = (
            self.random.choice((None, "granted", "rejected", "withdrawn", "paid"))
            if stage == "closed"
            else None
        )
        return Case(self.no("K"), filed_on, stage, stage_on, outcome, self.some(items))

    def notice(self, items: list[Invoice]) -> Notice:
        stage = self.random.choice(
            ("overdue", "overdue", "final_warning", "final_warning", "disconnection")
        )
        served_on = self.as_of - timedelta(self.random.choice((-1, 0, 1, *_EDGES[5:])))
        sent_on = served_on - timedelta(self.random.choice((0, 2, 2, 10)))
        if items and self.random.random() < 0.4:
            sent_on = self.random.choice(items).due_on + timedelta(self.random.choice((0, 1, 5)))
        failed_on = (
            sent_on + timedelta(self.random.choice((1, 30))) if self.random.random() < 0.1 else None
        )
        channel = self.random.choice(("sms", "email", "post"))
        is_served = self.random.random() < 0.85
        return Notice(
            self.no("N"), stage, sent_on, served_on if is_served else None, failed_on, channel
        )

    def deed(self) -> tuple[Deed, Notice | None]:
        """Return what we sent ourselves, and what the ledger may say of it: other days, or none."""
        choose = self.random.choice
        channel = choose(("sms", "email", "post"))
        stage = choose(("overdue", "final_warning", "final_warning", "disconnection"))
        served_ago = choose((-8, -1, 0, 1, *_EDGES[5:]))
        sent_on = self.as_of - timedelta(served_ago + choose((2, 5)))
        deed = Deed(self.no("D"), stage, sent_on, channel)
        if self.random.random() < 0.5:
            return deed, None
        told_on = self.as_of - timedelta(choose((-1, 0, 1, 14, 15, 29, 30, 31)))
        served_on = failed_on = None
        if (way := self.random.random()) < 0.4:
            served_on = told_on
        elif way < 0.8:
            failed_on = told_on
        return deed, Notice(deed.reference, stage, sent_on, served_on, failed_on, channel)
