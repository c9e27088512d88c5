"""The monthly notices once more, plainly: one account after the other, out of the oracle's facts.
Slow on purpose.
"""

import re
from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from tests.oracle.allocation import to_cents
from tests.oracle.facts import BGN, PAYOUT, STAGES, Agreement, Facts, Invoice, Notice, Policy
from tests.oracle.protections import is_kept
from tests.oracle.stages import Decision, Night, OpenItem, decide, night_of
from tests.oracle.surroundings import Contact, Row, Surroundings

# Every address that the crowds know, as it can be used; None where it cannot.
USABLE: dict[str, dict[str, str | None]] = {
    "sms": {
        "0888 123 456": "+359888123456",
        "00359878000001": "+359878000001",
        "02 987 65 43": None,
    },
    "email": {
        "a.b@example.bg": "a.b@example.bg",
        " rositsa@example.bg ": "rositsa@example.bg",
        "a@b": None,
    },
    "post": {"п.к. 12, 1000 София": "п.к. 12, 1000 София", "   ": None},
}


def plain_notices(
    world: Surroundings,
    policy: Policy,
    as_of: date,
    since: date,
    service: str,
    shown_until: date | None = None,
    shown: Collection[str] = (),
) -> tuple[list[Row], list[Row]]:
    """Return the notices in postal order and the withheld rows by premise and payer.

    Args:
        shown_until: what was issued up to this day was shown before; None: up to `since`. shown:
            numbers, besides.
    """
    listed, withheld = [], []
    for facts in world.crowd:
        decision = decide(facts, policy, as_of)
        if decision is None or world.home(facts.premise_no)["service"] != service:
            continue
        row = _Account(world, policy, decision, since, shown_until or since, shown).row()
        if not (row["new_items"] or decision.items):
            continue
        reason = _reason(world, facts, row)
        if reason is None:
            listed.append(row)
        else:
            same = {name: row[name] for name in ("premise_no", "payer_code", "stage")}
            same["principal_cents"] = row["overdue_cents"]
            withheld.append({"list": "notices", **same, "reason": reason})
    listed.sort(key=lambda row: (row["postal_key"], row["premise_no"], row["payer_code"]))
    return listed, sorted(withheld, key=lambda row: (row["premise_no"], row["payer_code"]))


def _reason(world: Surroundings, facts: Facts, row: Row) -> str | None:
    if (facts.premise_no, facts.payer_code) in world.refused:
        return "refused_evidence"
    return "no_address" if row["email"] is None and row["street"] is None else None


class _Account:
    """One account, in the making of its notice."""

    def __init__(
        self,
        world: Surroundings,
        policy: Policy,
        decision: Decision,
        since: date,
        shown_until: date,
        shown: Collection[str],
    ) -> None:
        self.world, self.policy, self.decision, self.since = world, policy, decision, since
        self.facts, self.as_of = decision.facts, decision.as_of
        self.night: Night = night_of(self.facts, policy, self.as_of)
        self.home, self.person = (
            world.home(self.facts.premise_no),
            world.person(self.facts.payer_code),
        )
        own = [c for c in world.contacts if c.payer_code == self.facts.payer_code]
        self.known = [c for c in own if c.registered_at < self.end_of_day()]
        self.contacts = [c for c in self.known if self.is_active(c)]
        issued = (i for i in self.night.known.facts.invoices if i.issued_on > shown_until)
        news = (i for i in issued if i.invoice_no not in shown)
        self.documents = sorted(news, key=lambda i: (i.issued_on, i.invoice_no))
        self.demanded = [i for i in decision.items if i.is_overdue and not i.is_expired]

    def row(self) -> Row:
        """Return the whole notice."""
        return {
            **self.head(),
            **self.news(),
            **self.debts(),
            **self.money(),
            **self.warning(),
            **self.card(),
            "lines": self.lines(),
            "items": [self.item(i) for i in self.demanded],
            "pending": self.pending(),
        }

    def is_active(self, contact: Contact) -> bool:
        return contact.revoked_at is None or contact.revoked_at >= self.end_of_day()

    def end_of_day(self) -> datetime:
        return datetime.combine(self.as_of, time()) + timedelta(1)

    def newest(self, channel: str) -> Contact | None:
        """Return the newest contact, if it can be used; of those of one moment the first by address
        that can.
        """
        known = [c for c in self.known if c.channel == channel]
        newest = max((c.registered_at for c in known), default=None)
        usable = [
            c
            for c in known
            if c.registered_at == newest and self.is_active(c) and USABLE[channel][c.address]
        ]
        return min(usable, key=lambda c: c.address, default=None)

    def address_of(self, channel: str) -> str | None:
        found = self.newest(channel)
        return USABLE[channel][found.address] if found else None

    def head(self) -> Row:
        email = self.address_of("email")
        street, town = self.letter_box()
        letter = "E" if email else "P"
        parts = ("district", "route", "postcode", "settlement", "address")
        key = "\0".join(
            [
                *(self.home[name] or "" for name in parts),
                self.facts.premise_no,
                self.facts.payer_code,
            ]
        )
        codes = "-".join(
            code.replace("%", "%25").replace("-", "%2D")
            for code in (self.facts.premise_no, self.facts.payer_code)
        )
        return {
            "reference": f"{self.as_of.strftime('%Y%m%d')}-N{letter}-{codes}",
            "premise_no": self.facts.premise_no,
            "payer_code": self.facts.payer_code,
            "service": self.home["service"],
            "channel": "email" if email else "post",
            "language": self.person["language"] or "bg",
            "stage": STAGES[self.decision.stage],
            "email": email,
            "name": self.person["name"],
            "street": street,
            "town": town,
            "service_street": self.home["address"],
            "service_town": " ".join(
                filter(None, (self.home["postcode"], self.home["settlement"]))
            ),
            "district": self.home["district"],
            "route": self.home["route"],
            "postal_key": re.sub("[0-9]+", lambda digits: digits.group().zfill(6), key),
        }

    def letter_box(self) -> tuple[str | None, str | None]:
        if self.address_of("post"):
            return self.address_of("post"), None
        if any(c.channel == "post" for c in self.known):
            return None, None
        own = {
            name: (self.person[f"postal_{name}"] or "").strip()
            for name in ("address", "postcode", "settlement")
        }
        if own["address"]:
            return own["address"], " ".join(
                filter(None, (own["postcode"], own["settlement"]))
            ) or None
        until = self.world.tenant_until.get(
            (self.facts.premise_no, self.facts.payer_code), date.max
        )
        if self.facts.tenant_from is None or not self.facts.tenant_from <= self.as_of < until:
            return None, None
        return self.home["address"], " ".join(
            filter(None, (self.home["postcode"], self.home["settlement"]))
        )

    def news(self) -> Row:
        bills = [i for i in self.documents if not i.is_credit]
        days = [day for document in self.documents if (day := self.standing(document)["pay_on"])]
        return {
            "new_items": len(self.documents),
            "period_from": min((i.period_from for i in bills if i.period_from), default=None),
            "period_to": max((i.period_to for i in bills if i.period_to), default=None),
            "due_on": min(days, default=None),
        }

    def debts(self) -> Row:
        items = self.decision.items
        expired = [i for i in items if i.shield is None and i.is_expired]
        return {
            "total_cents": _open(i for i in items if i.shield is None and not i.is_expired),
            "overdue_cents": _open(self.demanded),
            "overdue_items": len(self.demanded),
            "oldest_due_on": min((i.invoice.due_on for i in self.demanded), default=None),
            "interest_cents": sum(
                self.decision.interest[i.invoice.invoice_no] for i in self.demanded
            ),
            "periods": _periods(i.invoice for i in self.demanded),
            "expired_cents": _open(expired),
            "expired_items": len(expired),
            "held_cents": _open(i for i in items if i.shield in ("court", "hold")),
            "plan_cents": _open(i for i in items if i.shield == "agreement"),
        }

    def money(self) -> Row:
        payments = self.night.known.facts.payments
        taken_back = {p.reverses for p in payments}
        paid = [
            p
            for p in payments
            if not p.reverses and p.payment_no not in taken_back and p.paid_on > self.since
        ]
        found = [
            next_one
            for a in self.night.known.facts.agreements
            if (next_one := self.next_instalment(a))
        ]
        due_on, _, _, number, cents = min(found, default=(None, None, None, None, 0))
        return {
            "paid_cents": sum(to_cents(p.amount_minor, p.currency) for p in paid),
            "credit_cents": self.decision.credit_cents,
            "instalment_on": due_on,
            "agreement_no": number,
            "instalment_cents": cents,
        }

    def next_instalment(self, agreement: Agreement) -> tuple[Any, ...] | None:
        """Return due day, day of application, number (twice) and cents of what must come next under
        an agreement.
        """
        books = self.night.books
        if not is_kept(agreement, books, self.policy, self.as_of):
            return None
        if not any(i.invoice.invoice_no in agreement.invoice_nos for i in self.decision.items):
            return None
        left = sum(
            to_cents(p.amount_minor, p.currency)
            for p in books.pieces
            if p.invoice_no in agreement.invoice_nos and p.settled_on >= agreement.signed_on
        )
        for instalment in sorted(agreement.instalments, key=lambda i: (i.due_on, i.seq)):
            cents = to_cents(instalment.amount_minor, instalment.currency)
            if cents > left:
                number = agreement.agreement_no
                return instalment.due_on, agreement.applied_on, number, number, cents - left
            left -= cents
        return None

    def warning(self) -> Row:
        none: Row = {"warned_on": None, "answer_until": None, "warned_cents": 0}
        if self.decision.stage < 2 or self.decision.has_kept_agreement:
            return none
        oldest = self.as_of - timedelta(self.policy.notice_valid_days)
        warnings = [
            n
            for n in self.night.known.notices
            if n.stage == "final_warning" and n.failed_on is None and n.sent_on >= oldest
        ]
        if not warnings:
            return none
        sent_on, answer_until = max((n.sent_on, self.answer_until(n)) for n in warnings)
        cents = _open(
            i for i in self.decision.items if i.may_be_claimed and i.invoice.due_on < sent_on
        )
        may_sue = cents >= self.policy.court_cents
        return (
            {"warned_on": sent_on, "answer_until": answer_until, "warned_cents": cents}
            if may_sue
            else none
        )

    def answer_until(self, notice: Notice) -> date:
        waits = {
            "sms": self.policy.sms_served_days,
            "email": self.policy.email_served_days,
            "post": self.policy.post_served_days,
        }
        served_on = notice.served_on or notice.sent_on + timedelta(waits.get(notice.channel, 0))
        return served_on + timedelta(self.policy.court_served_days)

    def card(self) -> Row:
        phone, email = self.address_of("sms"), self.address_of("email")
        newest = max((c.registered_at.date() for c in self.contacts), default=date.min)
        is_needed = (not phone and not email) or (
            self.as_of - newest
        ).days > self.world.card_age_days
        for notice in self.night.known.notices:
            used = self.newest(notice.channel) if notice.channel in ("sms", "email") else None
            if notice.failed_on and used and notice.sent_on >= used.registered_at.date():
                is_needed = True
        return {"needs_card": is_needed, "phone": phone, "known_email": email}

    def lines(self) -> list[Row]:
        rows = []
        for document in self.documents:
            same = {
                "invoice_no": document.invoice_no,
                "kind": "credit_note" if document.is_credit else document.kind,
                "period_from": None if document.is_credit else document.period_from,
                "period_to": None if document.is_credit else document.period_to,
                "is_bgn": document.currency == BGN,
                "bill_minor": document.amount_minor,
                **self.standing(document),
            }
            own = [
                x
                for x in self.world.lines
                if x.invoice_no == document.invoice_no and not document.is_credit
            ]
            for line in sorted(own, key=lambda x: x.seq):
                cells = ("label", "unit", "quantity", "unit_price", "amount_minor")
                rows.append(same | {name: getattr(line, name) for name in cells})
            if not own:
                nothing = dict.fromkeys(("label", "unit", "quantity", "unit_price"))
                rows.append(same | nothing | {"amount_minor": document.amount_minor})
        return rows

    def standing(self, document: Invoice) -> Row:
        """Return what is open of a new document, and where that counts."""
        found = [i for i in self.decision.items if i.invoice.invoice_no == document.invoice_no]
        told: Row = {
            "bill_cents": to_cents(document.amount_minor, document.currency),
            "open_cents": 0,
            "pay_on": None,
        }
        if document.is_credit:
            return told | {"standing": "set_off"}
        if not found:
            return told | {"standing": "settled" if document.amount_minor else "to_pay"}
        (item,) = found
        told["open_cents"] = item.open_cents
        if item.shield:
            return told | {"standing": "agreed" if item.shield == "agreement" else "held"}
        if item.is_expired:
            return told | {"standing": "expired"}
        if item in self.demanded:
            return told | {"standing": "overdue"}
        return told | {
            "standing": "to_pay",
            "pay_on": None if document.kind == PAYOUT else document.due_on,
        }

    def pending(self) -> list[Row]:
        """Return what is to pay, not overdue, and no new document."""
        new = {i.invoice_no for i in self.documents}
        rest = [
            i
            for i in self.decision.items
            if i.shield is None and not i.is_expired and i not in self.demanded
        ]
        return [self.older(i) for i in rest if i.invoice.invoice_no not in new]

    def older(self, item: OpenItem) -> Row:
        cells = ("invoice_no", "kind", "period_from", "period_to", "open_cents", "original_minor")
        whole = to_cents(item.invoice.amount_minor, item.invoice.currency)
        pay_on = None if item.invoice.kind == PAYOUT else item.invoice.due_on
        return {name: self.item(item)[name] for name in cells} | {
            "bill_cents": whole,
            "pay_on": pay_on,
        }

    def item(self, item: OpenItem) -> Row:
        invoice = item.invoice
        return {
            "invoice_no": invoice.invoice_no,
            "kind": invoice.kind,
            "period_from": invoice.period_from,
            "period_to": invoice.period_to,
            "due_on": invoice.due_on,
            "days_overdue": (self.as_of - invoice.due_on).days,
            "open_cents": item.open_cents,
            "original_minor": invoice.amount_minor if invoice.currency == BGN else None,
        }


def _open(items: Iterable[OpenItem]) -> int:
    return sum(i.open_cents for i in items)


def _periods(invoices: Iterable[Invoice]) -> list[Row]:
    """Return the runs of days that any of the invoices stands for."""
    days: set[date] = set()
    for invoice in invoices:
        if invoice.period_from and invoice.period_to:
            length = (invoice.period_to - invoice.period_from).days + 1
            days |= {invoice.period_from + timedelta(n) for n in range(length)}
    one = timedelta(1)
    begins = [day for day in sorted(days) if day - one not in days]
    ends = [day for day in sorted(days) if day + one not in days]
    return [{"from": first, "to": last} for first, last in zip(begins, ends, strict=True)]
