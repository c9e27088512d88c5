"""The stage of an account on a day, and everything that is decided about it on a night: section
4.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from tests.oracle.allocation import Books, Piece, allocate, to_cents
from tests.oracle.facts import PAYOUT, Facts, Invoice, Known, Policy, know
from tests.oracle.interest import interest_cents
from tests.oracle.limitation import limitation_on
from tests.oracle.protections import is_kept, shield_of


@dataclass(frozen=True)
class Night:
    """What a night knows of an account, its books, and the day on which each item expires."""

    known: Known
    books: Books
    ends_on: dict[str, date]


@dataclass(frozen=True)
class OpenItem:
    """One open item at the end of a day. `is_warned`, `is_last_warned`: may be claimed, and such a
    notice names it.
    """

    invoice: Invoice
    open_cents: int
    limitation_on: date
    shield: str | None
    is_overdue: bool
    is_expired: bool
    may_be_claimed: bool
    is_warned: bool
    is_last_warned: bool
    is_near: bool


@dataclass(frozen=True)
class Standing:
    """Where an account stands on a day."""

    stage: int
    is_limitation_near: bool
    items: tuple[OpenItem, ...]
    in_stage: tuple[OpenItem, ...]


@dataclass(frozen=True)
class Decision:
    """What a night says about one account. Cents are euro cents; `pieces` are all of them, overdue
    or not.

    A kept agreement is one that still has something open under it: one that is paid up keeps nobody
    from anything.
    """

    facts: Facts
    as_of: date
    stage: int
    open_cents: int
    overdue_cents: int
    interest_cents: int
    credit_cents: int
    shielded_cents: int
    overdue_items: int
    oldest_due_on: date | None
    days_overdue: int
    limitation_on: date | None
    is_limitation_near: bool
    has_kept_agreement: bool
    has_something_overdue: bool
    items: tuple[OpenItem, ...]
    in_stage: tuple[OpenItem, ...]
    interest: dict[str, int]
    pieces: tuple[Piece, ...]
    amounts: dict[str, int]


def decide(facts: Facts, policy: Policy, as_of: date) -> Decision | None:
    """Return the state of an account at the end of `as_of`; None where it does not exist yet."""
    if facts.began_on > as_of:
        return None
    night = night_of(facts, policy, as_of)
    known, books = night.known, night.books
    now = standing_on(night, policy, as_of)
    overdue = [i for i in now.items if i.is_overdue]
    oldest = min((i.invoice.due_on for i in overdue), default=None)
    interest = {
        i.invoice.invoice_no: interest_cents(i.invoice, known, books, policy, as_of)
        for i in now.items
    }
    return Decision(
        facts=facts,
        as_of=as_of,
        stage=now.stage,
        open_cents=sum(i.open_cents for i in now.items),
        overdue_cents=sum(i.open_cents for i in overdue),
        interest_cents=sum(interest.values()),
        credit_cents=books.credit_cents,
        shielded_cents=sum(i.open_cents for i in now.items if i.shield),
        overdue_items=len(overdue),
        oldest_due_on=oldest,
        days_overdue=(as_of - oldest).days if oldest else 0,
        limitation_on=min((i.limitation_on for i in overdue), default=None),
        is_limitation_near=now.is_limitation_near,
        has_kept_agreement=any(
            is_kept(a, books, policy, as_of)
            and any(i.invoice.invoice_no in a.invoice_nos for i in now.items)
            for a in known.facts.agreements
        ),
        has_something_overdue=any(
            i.invoice.due_on < as_of and i.invoice.kind != PAYOUT for i in now.items
        ),
        items=now.items,
        in_stage=now.in_stage,
        interest=interest,
        pieces=tuple(books.pieces),
        amounts={i.invoice_no: to_cents(i.amount_minor, i.currency) for i in known.items},
    )


def night_of(facts: Facts, policy: Policy, as_of: date) -> Night:
    """Return what a night knows of an account and what follows from that for all days after it."""
    known = know(facts, policy, as_of)
    ends_on = {i.invoice_no: limitation_on(i, known, policy) for i in known.items}
    return Night(known, allocate(known, policy), ends_on)


def standing_on(night: Night, policy: Policy, day: date) -> Standing:
    """Return the highest stage whose every condition holds on a day, out of what a night knew."""
    items = tuple(
        _look_at(i, night, policy, day)
        for i in night.known.items
        if night.books.open_cents[i.invoice_no] > 0
    )
    overdue = [i for i in items if i.is_overdue]
    claimable = [i for i in items if i.may_be_claimed]
    warned = [i for i in claimable if i.is_warned]
    last_warned = [i for i in claimable if i.is_last_warned]
    near = [i for i in claimable if i.is_near]

    is_near = bool(near) and _sum(near) >= policy.near_cents
    is_last = (
        _days(last_warned, day) >= policy.court_days and _sum(last_warned) >= policy.court_cents
    )
    if is_near or is_last:
        wanted = (near if is_near else []) + (last_warned if is_last else [])
        return Standing(3, is_near, items, tuple(i for i in items if i in wanted))
    if (
        _days(warned, day) >= policy.final_warning_days
        and _sum(warned) >= policy.final_warning_cents
    ):
        return Standing(2, is_near, items, tuple(warned))
    if _days(overdue, day) >= policy.overdue_days and _sum(overdue) >= policy.overdue_cents:
        return Standing(1, is_near, items, tuple(overdue))
    return Standing(0, is_near, items, ())


def _sum(items: list[OpenItem]) -> int:
    return sum(i.open_cents for i in items)


def _days(items: list[OpenItem], day: date) -> int:
    return max(((day - i.invoice.due_on).days for i in items), default=0)


def _look_at(item: Invoice, night: Night, policy: Policy, day: date) -> OpenItem:
    known = night.known
    shield = shield_of(item, known, night.books, policy, day)
    is_overdue = item.due_on < day and shield is None and item.kind != PAYOUT
    ends_on = night.ends_on[item.invoice_no]
    is_expired = ends_on <= day
    has_bill = item.kind != "forecast" or known.equalisation_of(item.season) is not None
    may_be_claimed = (
        is_overdue and not is_expired and item.kind not in policy.kinds_enforced and has_bill
    )
    return OpenItem(
        invoice=item,
        open_cents=night.books.open_cents[item.invoice_no],
        limitation_on=ends_on,
        shield=shield,
        is_overdue=is_overdue,
        is_expired=is_expired,
        may_be_claimed=may_be_claimed,
        is_warned=may_be_claimed
        and _is_named(item, known, "overdue", policy.final_warning_served_days, policy, day),
        is_last_warned=may_be_claimed
        and _is_named(item, known, "final_warning", policy.court_served_days, policy, day),
        is_near=ends_on <= day + timedelta(policy.near_days),
    )


def _is_named(
    item: Invoice, known: Known, stage: str, served_days: int, policy: Policy, day: date
) -> bool:
    """Whether a notice of this stage that counts on the day names the item."""
    return any(
        n.stage == stage
        and n.served_on is not None
        and served_days <= (day - n.served_on).days <= policy.notice_valid_days
        and item.due_on < n.sent_on
        for n in known.notices
    )
