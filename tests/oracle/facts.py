"""What is known of one account: the contract's rows after loading, and what of them a day may
know.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

BGN, EUR = "BGN", "EUR"
CREDIT_NOTE = "credit_note"
PAYOUT = "payout"  # money paid back: owed and settled like any item, but no overdue item in section 4's sense
STAGES = ("current", "overdue", "final_warning", "court_bound")


@dataclass(frozen=True)
class Invoice:
    """A row of `invoices`: also credit notes and equalisation bills of any sign. Amounts in minor
    units.
    """

    invoice_no: str
    kind: str
    issued_on: date
    due_on: date
    amount_minor: int
    currency: str = EUR
    period_from: date | None = None
    period_to: date | None = None
    refers_to: str | None = None

    @property
    def is_credit(self) -> bool:
        """Whether it pays instead of being owed: a credit note, or a negative equalisation bill."""
        return self.kind == CREDIT_NOTE or (self.kind == "equalisation" and self.amount_minor < 0)

    @property
    def season(self) -> int | None:
        """The year in which the season of its period begins, on 1 May; None where the kind has
        none.
        """
        if self.kind not in ("forecast", "equalisation"):
            return None
        assert self.period_from is not None, "the loader refuses it without a period"
        return self.period_from.year if self.period_from.month >= 5 else self.period_from.year - 1


@dataclass(frozen=True)
class Payment:
    """A row of `payments`; a reversal names in `reverses` the payment that it cancels."""

    payment_no: str
    paid_on: date
    amount_minor: int
    currency: str = EUR
    invoice_no: str | None = None
    reverses: str | None = None


@dataclass(frozen=True)
class Hold:
    """A hold that reaches the account: all of it, or the one invoice it names."""

    hold_no: str
    valid_from: date
    valid_until: date | None = None
    invoice_no: str | None = None
    reason: str = "dispute"


@dataclass(frozen=True)
class Instalment:
    """A row of `instalments`, amount in minor units."""

    seq: int
    due_on: date
    amount_minor: int
    currency: str = EUR


@dataclass(frozen=True)
class Agreement:
    """A row of `agreements` with its items (invoice numbers) and instalments."""

    agreement_no: str
    applied_on: date
    signed_on: date | None = None
    cancelled_on: date | None = None
    invoice_nos: tuple[str, ...] = ()
    instalments: tuple[Instalment, ...] = ()


@dataclass(frozen=True)
class Case:
    """A row of `court_cases` with its items (invoice numbers)."""

    case_no: str
    filed_on: date
    stage: str = "filed"
    stage_on: date = date.max
    outcome: str | None = None
    invoice_nos: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notice:
    """A row of `notices`."""

    notice_no: str
    stage: str
    sent_on: date
    served_on: date | None = None
    failed_on: date | None = None
    channel: str = "post"


@dataclass(frozen=True)
class Deed:
    """What a run of an earlier date sent. A row of `notices` with its reference says when it was
    served or failed.
    """

    reference: str
    stage: str
    as_of: date
    channel: str = "post"


@dataclass(frozen=True)
class Facts:
    """One account and everything that the ledger says about it, past and future."""

    premise_no: str
    payer_code: str
    is_person: bool = True
    tenant_from: date | None = None
    invoices: tuple[Invoice, ...] = ()
    payments: tuple[Payment, ...] = ()
    holds: tuple[Hold, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    cases: tuple[Case, ...] = ()
    notices: tuple[Notice, ...] = ()
    deeds: tuple[Deed, ...] = ()

    @property
    def began_on(self) -> date:
        """The first day of a tenancy, invoice or payment: from then on the account exists."""
        days = [i.issued_on for i in self.invoices] + [p.paid_on for p in self.payments]
        return min(days + ([self.tenant_from] if self.tenant_from else []))


@dataclass(frozen=True)
class Policy:
    """Every value of the policy that the decisions use; the contract's defaults, rates of the
    acceptance cases.
    """

    euro_from: date = date(2026, 1, 1)
    rates: tuple[tuple[date, Fraction], ...] = tuple(
        (date.fromisoformat(day), Fraction(percent))
        for day, percent in (
            ("2015-01-01", "10.01"),
            ("2016-07-01", "10.00"),
            ("2023-01-01", "11.42"),
            ("2023-07-01", "13.12"),
            ("2024-01-01", "13.79"),
            ("2024-07-01", "13.63"),
            ("2025-01-01", "12.95"),
            ("2025-07-01", "11.91"),
            ("2026-01-01", "10.15"),
        )
    )
    day_count: int = 360
    kinds_interest: tuple[str, ...] = ("bill", "equalisation", "share_fee", "adjudged")
    years: int = 3
    years_long: int = 5
    kinds_long: tuple[str, ...] = ("adjudged", "adjudged_interest", "court_costs", "fee")
    years_absolute: int = 10
    suspended_from: date = date(2020, 3, 13)
    suspended_until: date = date(2020, 5, 21)
    grace_days: int = 3
    overdue_days: int = 1
    overdue_cents: int = 100
    final_warning_days: int = 60
    final_warning_cents: int = 5000
    final_warning_served_days: int = 15
    court_days: int = 180
    court_cents: int = 10000
    court_served_days: int = 30
    notice_valid_days: int = 180
    near_days: int = 120
    near_cents: int = 10000
    kinds_enforced: tuple[str, ...] = ("adjudged", "adjudged_interest", "court_costs")
    sms_served_days: int = 2
    email_served_days: int = 2
    post_served_days: int = 5

    def served_days(self, channel: str) -> int:
        """Return after how many days what we sent ourselves counts as served."""
        return {
            "sms": self.sms_served_days,
            "email": self.email_served_days,
            "post": self.post_served_days,
        }[channel]


@dataclass(frozen=True)
class Known:
    """The facts of one night: later rows are gone, later events have not happened. `notices`:
    theirs and our own.
    """

    facts: Facts
    notices: tuple[Notice, ...] = ()

    @property
    def items(self) -> tuple[Invoice, ...]:
        """What is owed, oldest first: `due_on`, `issued_on`, `invoice_no`."""
        owed = [i for i in self.facts.invoices if not i.is_credit]
        return tuple(sorted(owed, key=lambda i: (i.due_on, i.issued_on, i.invoice_no)))

    def equalisation_of(self, season: int | None) -> Invoice | None:
        """Return a season's equalisation bill: the earliest due one, whatever its amount."""
        bills = [i for i in self.facts.invoices if i.kind == "equalisation" and i.season == season]
        return min(bills, key=lambda i: (i.due_on, i.invoice_no), default=None)


def know(facts: Facts, policy: Policy, as_of: date) -> Known:
    """Return what the night of `as_of` knows: rows by their first required date, events by their
    own.

    Deeds of earlier dates become notices: served by the rule, if only on a later day, unless the
    ledger knows better.
    """

    def happened(day: date | None) -> date | None:
        return day if day is not None and day <= as_of else None

    known = replace(
        facts,
        invoices=tuple(i for i in facts.invoices if i.issued_on <= as_of),
        payments=tuple(p for p in facts.payments if p.paid_on <= as_of),
        holds=tuple(h for h in facts.holds if h.valid_from <= as_of),
        agreements=tuple(
            replace(a, signed_on=happened(a.signed_on), cancelled_on=happened(a.cancelled_on))
            for a in facts.agreements
            if a.applied_on <= as_of
        ),
        cases=tuple(
            c if c.stage_on <= as_of else replace(c, stage="filed", outcome=None)
            for c in facts.cases
            if c.filed_on <= as_of
        ),
        notices=tuple(
            replace(n, served_on=happened(n.served_on), failed_on=happened(n.failed_on))
            for n in facts.notices
            if n.sent_on <= as_of
        ),
        deeds=tuple(d for d in facts.deeds if d.as_of < as_of),
    )
    return Known(known, _notices(known, policy))


def _notices(known: Facts, policy: Policy) -> tuple[Notice, ...]:
    """Return the ledger's notices and our own; a row with a deed's reference is that deed."""
    told = {n.notice_no: n for n in known.notices}
    for deed in known.deeds:
        news = told.get(deed.reference)
        if news and (news.served_on or news.failed_on):
            served_on, failed_on = news.served_on, news.failed_on
        else:
            served_on, failed_on = deed.as_of + timedelta(policy.served_days(deed.channel)), None
        told[deed.reference] = Notice(
            deed.reference, deed.stage, deed.as_of, served_on, failed_on, deed.channel
        )
    return tuple(told.values())
