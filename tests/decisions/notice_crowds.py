"""Worlds of odd accounts for the monthly notices: odd people, places, periods, lines and contacts
besides.
"""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

from tests.oracle.facts import Facts, Invoice
from tests.oracle.notices import USABLE
from tests.oracle.surroundings import Contact, Key, Line, Row, Surroundings
from tests.properties.crowds import draw_crowd

_STREETS = (
    "бл. 2, ет. 1",
    "бл. 10, ет. 1",
    "бл. 010",
    "ул. Явор 3",
    "ул. Явор 123456789",
    "<b>„{{ №1‰ }}“",
)


def draw_world(random: Random, size: int, as_of: date) -> Surroundings:
    """Return a world of `size` accounts, two on each premise and two of each payer."""
    crowd = [
        _odd(random, facts, number % (size // 2))
        for number, facts in enumerate(draw_crowd(random, size, as_of))
    ]
    payers = sorted({f.payer_code for f in crowd})
    keys: list[Key] = [(f.premise_no, f.payer_code) for f in crowd]
    days = (-30, -1, 0, 1)
    return Surroundings(
        crowd,
        premises={f.premise_no: _premise(random) for f in crowd},
        payers={code: _payer(random) for code in payers},
        contacts=[
            _contact(random, code, as_of)
            for code in payers
            for _ in range(random.choice((0, 1, 1, 2, 4)))
        ],
        lines=[line for f in crowd for i in f.invoices for line in _lines(random, i)],
        tenant_until={
            key: as_of + timedelta(random.choice(days)) for key in keys if random.random() < 0.3
        },
        refused={key for key in keys if random.random() < 0.05},
        card_age_days=random.choice((730, 60)),
    )


def _odd(random: Random, facts: Facts, payer: int) -> Facts:
    """Return the account of another payer, and bills with service periods of any kind."""
    invoices = tuple(_with_period(random, invoice) for invoice in facts.invoices)
    premise_no = (
        facts.premise_no.lstrip("0") + "-A" if int(facts.premise_no) % 5 == 1 else facts.premise_no
    )
    return replace(
        facts,
        premise_no=premise_no,
        payer_code=f"{payer:05d}",
        is_person=payer % 3 > 0,
        invoices=invoices,
    )


def _with_period(random: Random, invoice: Invoice) -> Invoice:
    if invoice.period_from or random.random() < 0.3:
        return invoice
    first = invoice.issued_on - timedelta(random.choice((30, 31, 31, 60, 90)))
    last = first + timedelta(random.choice((-3, 0, 28, 29, 30, 31, 120)))
    return replace(
        invoice,
        period_from=first if random.random() < 0.95 else None,
        period_to=last if random.random() < 0.95 else None,
    )


def _premise(random: Random) -> Row:
    pick = random.choice
    return {
        "service": pick(("heat", "heat", "electricity")),
        "district": pick((None, "Изток", "Люлин 2", "Люлин 10")),
        "route": pick((None, "", "7", "07", "10")),
        "address": pick(_STREETS),
        "settlement": pick(("София", "Перник")),
        "postcode": pick((None, "1000", "2300")),
    }


def _payer(random: Random) -> Row:
    pick = random.choice
    return {
        "name": pick(("Росица Мнима", "„Примерна“ ООД")),
        "language": pick(("bg", "bg", "en", None, "")),
        "postal_address": pick((None, None, " ", "бул. Рила 5")),
        "postal_settlement": pick((None, "Перник")),
        "postal_postcode": pick((None, "2300")),
    }


def _contact(random: Random, payer_code: str, as_of: date) -> Contact:
    channel = random.choice(tuple(USABLE))
    ago = timedelta(random.choice((-1, 0, 1, 2, 10, 30, 59, 60, 61, 90, 182, 729, 730, 731, 900)))
    registered_at = datetime.combine(
        as_of - ago, random.choice((time(), time(9, 30), time(23, 59, 59)))
    )
    revoked_at = datetime.combine(
        as_of + timedelta(random.choice((0, 1, 2))), random.choice((time(), time(12)))
    )
    address = random.choice(tuple(USABLE[channel]))
    return Contact(
        payer_code, channel, address, registered_at, revoked_at if random.random() < 0.15 else None
    )


def _lines(random: Random, invoice: Invoice) -> list[Line]:
    if random.random() < 0.5:
        return []
    rest = [
        line
        for line in (_line(random, invoice.invoice_no, seq) for seq in (2, 10, 1))
        if random.random() < 0.7
    ]
    return [*rest, Line(invoice.invoice_no, 11, "Остатък", invoice.amount_minor)]


def _line(random: Random, invoice_no: str, seq: int) -> Line:
    label = random.choice(("Топлинна енергия", "Топлинна енергия за отопление на имот <&>"))
    cells = random.choice(((None, None, None), ("МВтч", "1,000000", "13,07"), ("бр", "1", None)))
    return Line(invoice_no, seq, label, random.choice((0, -5, 1307, 100000000)), *cells)
