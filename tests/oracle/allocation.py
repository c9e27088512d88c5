"""Who pays what: rules 1 and 2 of section 3, first in BGN, then in euro."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import floor

from tests.oracle.facts import BGN, EUR, Invoice, Known, Policy

BGN_PER_EUR = Fraction("1.95583")


def half_up(exact: Fraction) -> int:
    """Return an amount that is not negative, rounded half-up."""
    return floor(exact + Fraction(1, 2))


def to_cents(minor: int, currency: str) -> int:
    """Return euro cents for an amount in minor units."""
    return minor if currency == EUR else half_up(minor / BGN_PER_EUR)


@dataclass(frozen=True)
class Money:
    """A payment or a credit note, or what is left of it."""

    number: str
    on: date
    is_note: bool
    minor: int
    currency: str
    named: str | None


@dataclass(frozen=True)
class Piece:
    """What one payment settled of one item."""

    invoice_no: str
    payment_no: str
    is_note: bool
    settled_on: date
    amount_minor: int
    currency: str
    rule: str


@dataclass
class Books:
    """The state after allocation: every piece, what is open of each item (also 0) and the account's
    credit.
    """

    pieces: list[Piece]
    open_cents: dict[str, int]
    credit_cents: int


def moneys(known: Known) -> list[Money]:
    """Return credit notes and payments in their order; a payment and its reversal cancel out,
    both.
    """
    reversed_nos = {p.reverses for p in known.facts.payments if p.reverses}
    found = [
        Money(i.invoice_no, i.issued_on, True, -i.amount_minor, i.currency, i.refers_to)
        for i in known.facts.invoices
        if i.is_credit
    ] + [
        Money(p.payment_no, p.paid_on, False, p.amount_minor, p.currency, p.invoice_no)
        for p in known.facts.payments
        if not p.reverses and p.payment_no not in reversed_nos
    ]
    return sorted(found, key=lambda m: (m.on, not m.is_note, m.number))


def allocate(known: Known, policy: Policy) -> Books:
    """Settle what is known: BGN with BGN up to the changeover, convert once, then everything in
    euro.
    """
    paid = moneys(known)
    old = [m for m in paid if m.currency == BGN and m.on < policy.euro_from]
    new = [m for m in paid if m not in old]
    in_bgn = [i for i in known.items if i.currency == BGN]
    left = {i.invoice_no: i.amount_minor for i in in_bgn}
    pieces, credits = _settle(in_bgn, left, old, [], BGN)

    open_cents = {
        i.invoice_no: to_cents(left.get(i.invoice_no, i.amount_minor), i.currency)
        for i in known.items
    }
    in_euro = [_euro(m, to_cents(m.minor, m.currency)) for m in new]
    more, rest = _settle(known.items, open_cents, in_euro, _carry(credits), EUR)
    return Books(pieces + more, open_cents, sum(m.minor for m in rest))


def _euro(money: Money, cents: int) -> Money:
    return Money(money.number, money.on, money.is_note, cents, EUR, money.named)


def _carry(credits: list[Money]) -> list[Money]:
    """Convert the account's credit once; each payment gets what it adds to the converted sum."""
    carried, total = [], 0
    for money in credits:
        before, total = total, total + money.minor
        carried.append(_euro(money, to_cents(total, BGN) - to_cents(before, BGN)))
    return carried


def _settle(
    items: Sequence[Invoice],
    left: dict[str, int],
    paid: list[Money],
    carried: list[Money],
    currency: str,
) -> tuple[list[Piece], list[Money]]:
    """Settle items out of `left` (changed in place): named money, then carried, then the rest,
    oldest item first.
    """
    by_no = {i.invoice_no: i for i in items}
    pieces: list[Piece] = []

    def pay(item: Invoice, money: Money, minor: int, rule: str) -> int:
        part = min(minor, left[item.invoice_no])
        if part:
            left[item.invoice_no] -= part
            settled_on = max(money.on, item.issued_on)
            pieces.append(
                Piece(
                    item.invoice_no, money.number, money.is_note, settled_on, part, currency, rule
                )
            )
        return minor - part

    unspent = {}
    for money in paid:
        item = by_no.get(money.named or "")
        unspent[money] = pay(item, money, money.minor, "named") if item else money.minor

    rest = []
    for money, minor, rule in [(m, m.minor, "carried") for m in carried] + [
        (m, unspent[m], "oldest") for m in paid
    ]:
        for item in items:
            minor = pay(item, money, minor, rule)
        rest.append(
            Money(money.number, money.on, money.is_note, minor, money.currency, money.named)
        )
    return pieces, rest
