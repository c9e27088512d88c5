"""Notices for tests: an ordinary one, changed where a test wants it, and the press that prints
them.
"""

import re
from collections import defaultdict
from datetime import date, timedelta
from io import BytesIO
from itertools import pairwise
from typing import Any

import numpy as np
import pdfplumber
import pyarrow as pa
import pypdfium2
import zxingcpp

from dunning.decisions.monthly.notices import NOTICES
from dunning.documents.notice.run_constants import Press
from dunning.policy.policies import load_policy

Mark = tuple[str, float, float, float]
AS_OF = date(2026, 11, 22)
RULES = load_policy().at(AS_OF)
PRESS = Press.of(AS_OF, RULES, date(2026, 10, 15), date(2026, 11, 19))


def line(
    label: str | None = "Топлинна енергия за отопление на имот", cents: int = 6420, **changes: Any
) -> dict[str, Any]:
    """Return one of a bill's lines; what is not said of the bill is that all of it is to pay."""
    given = {
        "invoice_no": "3466053938",
        "kind": "bill",
        "period_from": date(2026, 10, 1),
        "period_to": date(2026, 10, 31),
        "bill_minor": 8420,
        "label": label,
        "unit": "МВтч",
        "quantity": "0.377",
        "unit_price": "75.12000",
        "amount_minor": cents,
        "is_bgn": False,
        "standing": "to_pay",
        "pay_on": date(2026, 12, 15),
    } | changes
    whole = {"bill_cents": given["bill_minor"], "open_cents": given["bill_minor"]}
    return whole | given


def item(number: int = 1, cents: int = 4210, **changes: Any) -> dict[str, Any]:
    """Return one of the overdue invoices: number n is the bill of the n-th month before October
    2026.
    """
    month = date(2026, 10, 1)
    for _ in range(number):
        month = (month - timedelta(days=1)).replace(day=1)
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    given = {
        "invoice_no": f"34660{number:05d}",
        "kind": "bill",
        "period_from": month,
        "period_to": last,
        "due_on": last + timedelta(days=45),
        "days_overdue": (AS_OF - last).days - 45,
        "open_cents": cents,
        "original_minor": None,
    }
    return given | changes


def notice(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a notice with nothing overdue."""
    premise, payer = f"{12345600 + number:010d}", f"{900000000000 + number}"
    channel = changes.get("channel", "post")
    given = {
        "reference": f"20261122-N{channel[0].upper()}-{premise}-{payer}",
        "premise_no": premise,
        "payer_code": payer,
        "service": "heat",
        "channel": "post",
        "language": "bg",
        "stage": "current",
        "email": None,
        "name": "Снежана Петрова Пчеларска",
        "street": "ж.к. „Банишора“, бл. 11, вх. Е, ап. 33",
        "town": "1233 София",
        "service_street": "ж.к. „Банишора“, бл. 11, вх. Е, ап. 33",
        "service_town": "1233 София",
        "district": "Банишора",
        "route": "01-299",
        "postal_key": f"{number:06d}",
        "period_from": date(2026, 10, 1),
        "period_to": date(2026, 10, 31),
        "due_on": date(2026, 12, 15),
        "new_items": 1,
        "total_cents": 8420,
        "overdue_cents": 0,
        "overdue_items": 0,
        "oldest_due_on": None,
        "interest_cents": 0,
        "periods": [],
        "expired_cents": 0,
        "expired_items": 0,
        "held_cents": 0,
        "plan_cents": 0,
        "instalment_cents": 0,
        "instalment_on": None,
        "agreement_no": None,
        "paid_cents": 0,
        "credit_cents": 0,
        "warned_on": None,
        "answer_until": None,
        "warned_cents": 0,
        "needs_card": False,
        "phone": None,
        "known_email": None,
        "lines": [line(), line("Дялово разпределение на топлинна енергия (1/12 част)", 2000)],
        "items": [],
        "pending": [],
    }
    return given | changes


def pending(number: int, cents: int = 5555, **changes: Any) -> dict[str, Any]:
    """Return one that is to pay and named by itself: bill `number` of `item`, due next month."""
    row = {
        name: cell
        for name, cell in item(number, cents).items()
        if name not in ("days_overdue", "due_on")
    }
    return row | {"pay_on": date(2026, 12, 20), "bill_cents": cents} | changes


def overdue(number: int = 1, count: int = 2, **changes: Any) -> dict[str, Any]:
    """Return a notice with so many overdue invoices."""
    owed = [item(n) for n in range(count, 0, -1)]
    cents = sum(row["open_cents"] for row in owed)
    period = {"from": owed[0]["period_from"], "to": owed[-1]["period_to"]}
    given = {
        "stage": "overdue",
        "items": owed,
        "overdue_cents": cents,
        "overdue_items": count,
        "total_cents": 8420 + cents,
        "interest_cents": 123,
        "periods": [period],
        "oldest_due_on": owed[0]["due_on"],
    }
    return notice(number, **(given | changes))


def late(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a notice whose first of two new bills is overdue already."""
    owed = item(1)
    first = {name: owed[name] for name in ("invoice_no", "period_from", "period_to")}
    first |= {"bill_minor": owed["open_cents"], "standing": "overdue", "pay_on": None}
    lines = [
        line(cents=4000, **first),
        line("Дялово разпределение", 210, **first),
        line(None, 8420),
    ]
    return overdue(number, 1, **({"new_items": 2, "lines": lines} | changes))


def mixed(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a notice with a new document of every standing, one of them in leva, and an older one
    that is to pay.
    """
    owed = item(1, 4000)
    new = [
        _new(2, 4500, "to_pay", 2500),
        _new(3, 3000, "held", 3000),
        _new(4, 6000, "agreed", 3500),
        _new(5, 2200, "expired", 2200, kind="forecast"),
        _new(6, 5000, "settled", 0),
        line(
            None,
            6000,
            **_document(owed),
            bill_minor=6000,
            standing="overdue",
            open_cents=4000,
            pay_on=None,
        ),
        _new(7, -1800, "set_off", 0, kind="credit_note", period_from=None, period_to=None),
        _new(8, 8801, "to_pay", 2000, is_bgn=True, bill_cents=4500),
        line(None, 8420),
    ]
    older = [pending(9, 3000, bill_cents=5000), pending(10, 700, kind="payout", pay_on=None)]
    given = {
        "new_items": len(new),
        "lines": [each for row in new for each in _with_line(row)],
        "pending": older,
        "items": [owed],
        "overdue_cents": 4000,
        "total_cents": 2500 + 2000 + 8420 + 3000 + 700 + 4000,
        "held_cents": 3000,
        "plan_cents": 3500,
        "instalment_cents": 1000,
        "agreement_no": "С-17",
        "instalment_on": date(2026, 12, 1),
        "expired_cents": 2200,
        "expired_items": 1,
    }
    return overdue(number, 1, **(given | changes))


def _new(number: int, minor: int, standing: str, open_cents: int, **changes: Any) -> dict[str, Any]:
    given = {
        **_document(item(number)),
        "bill_minor": minor,
        "standing": standing,
        "open_cents": open_cents,
        "pay_on": date(2026, 12, 15) if standing == "to_pay" else None,
    }
    return line(None, minor, **(given | changes))


def _document(owed: dict[str, Any]) -> dict[str, Any]:
    return {name: owed[name] for name in ("invoice_no", "period_from", "period_to")}


def _with_line(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a document as one of a single line; a credit note has none."""
    return [
        row
        if row["kind"] == "credit_note"
        else row | {"label": "Топлинна енергия за отопление на имот"}
    ]


def warned(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a notice with a last warning."""
    given = {
        "stage": "final_warning",
        "warned_on": date(2026, 11, 17),
        "answer_until": date(2026, 12, 22),
        "warned_cents": 8420,
    }
    return overdue(number, **(given | changes))


def table(*rows: dict[str, Any]) -> pa.Table:
    """Return notices as a table."""
    return pa.Table.from_pylist(list(rows), schema=NOTICES)


def variants() -> list[dict[str, Any]]:
    """Return every kind of notice there is, ordinary and odd, each of its own premise and payer."""
    rows = [
        notice(1),
        overdue(2),
        warned(3),
        overdue(4, 40),
        notice(5, language="en"),
        warned(6, language="en"),
        notice(
            7, new_items=0, lines=[], due_on=None, period_from=None, period_to=None, total_cents=0
        ),
        notice(8, total_cents=0, credit_cents=1234, paid_cents=50000, due_on=None, lines=_paid()),
        notice(
            9,
            plan_cents=30000,
            instalment_cents=5000,
            instalment_on=date(2026, 12, 1),
            agreement_no="С-17",
        ),
        overdue(10, expired_cents=777, expired_items=2, held_cents=4500, needs_card=True),
        warned(11, answer_until=date(2026, 11, 1), warned_on=date(2026, 9, 27)),
        overdue(12, periods=[], **_leva()),
        notice(13, service="electricity", lines=[line(None, 8420)]),
        notice(14, total_cents=123456789, lines=[line(cents=123456789, bill_minor=123456789)]),
        notice(
            15,
            phone="+359888123456",
            known_email="snezhana@example.bg",
            needs_card=True,
            language="en",
        ),
        notice(
            16,
            lines=[
                line(f"Ред {n} от много дълга сметка с още обяснения към нея", n) for n in range(30)
            ],
        ),
        notice(
            17,
            name="Ж" * 60,
            street="ул. „Дълго име на улица с много думи“ № 123, бл. 45, вх. Г, ет. 17, ап. 128",
        ),
        notice(18, street=None, town=None, channel="email", email="a@example.bg"),
        notice(
            19,
            name="Łukasz Ωmega \N{GRINNING FACE} \u05d0\u05d1 <b>{{ x }}</b> \\ ( ) %s \x07\u200b'\"&amp;",
        ),
        notice(
            20,
            lines=[_new(0, -500, "set_off", 0, kind="credit_note")],
            total_cents=0,
            credit_cents=200,
        ),
        notice(
            24,
            total_cents=8420 + 11110,
            pending=[pending(1), pending(2, period_from=None, period_to=None)],
        ),
        overdue(
            25,
            language="en",
            total_cents=8420 + 8420 + 1234,
            pending=[pending(3, 1234, kind="forecast")],
        ),
        late(26),
        late(27, language="en"),
        mixed(28),
        mixed(29, language="en"),
    ]
    return rows


def _paid() -> list[dict[str, Any]]:
    settled = {"standing": "settled", "open_cents": 0, "pay_on": None}
    return [
        line(**settled),
        line("Дялово разпределение на топлинна енергия (1/12 част)", 2000, **settled),
    ]


def _leva() -> dict[str, Any]:
    owed = [
        item(14, 5113, original_minor=10000),
        item(13, 500, kind="fee", period_from=None, period_to=None),
    ]
    return {"items": owed, "overdue_cents": 5613, "overdue_items": 2, "total_cents": 14033}


def read_pages(document: bytes) -> list[str]:
    """Return the text of every page, line by line."""
    with pdfplumber.open(BytesIO(document)) as pdf:
        return [page.extract_text() for page in pdf.pages]


def read_column(document: bytes) -> list[int]:
    """Return the sums that stand in the column of what is to pay, in cents, from the top of each
    page.
    """
    with pdfplumber.open(BytesIO(document)) as pdf:
        return [cents for page in pdf.pages for cents in column_of(page.chars)]


def column_of(chars: list[dict[str, Any]]) -> list[int]:
    """Return the sums of a page that end in bold letters 188 mm from its left, in cents."""
    lines: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for char in chars:
        if "Bold" in char["fontname"]:
            lines[round(char["bottom"])].append(char)
    found = []
    for bottom in sorted(lines):
        line = sorted(lines[bottom], key=lambda char: float(char["x0"]), reverse=True)
        if abs(line[0]["x1"] / 72 * 25.4 - 188) < 0.3 and line[0]["text"] == "€":
            ends = [
                n
                for n, (right, left) in enumerate(pairwise(line), 1)
                if right["x0"] - left["x1"] > 4
            ]
            said = "".join(char["text"] for char in reversed(line[: ends[0] if ends else None]))
            sign = -1 if said.startswith("-") else 1
            found.append(sign * int(re.sub(r"\D", "", said)))
    return found


def read_marks(document: bytes) -> list[list[Mark]]:
    """Return every character of each page but blanks: text, place from the left and from the top in
    points, size.
    """
    with pdfplumber.open(BytesIO(document)) as pdf:
        return [
            [
                (char["text"], char["x0"], char["top"], char["size"])
                for char in page.chars
                if char["text"] != " "
            ]
            for page in pdf.pages
        ]


def render_pages(document: bytes, dots_per_inch: int = 200) -> list[np.ndarray]:
    """Return every page as it is seen, in greys."""
    scale = dots_per_inch / 72
    with pypdfium2.PdfDocument(document) as pdf:
        return [np.asarray(page.render(scale=scale, grayscale=True).to_pil()) for page in pdf]


def read_codes(document: bytes) -> list[dict[str, str]]:
    """Return what the codes on each page say, by their sort, as a scanner sees them."""
    pages = render_pages(document, 300)
    return [
        {found.format.name: found.text for found in zxingcpp.read_barcodes(page)} for page in pages
    ]
