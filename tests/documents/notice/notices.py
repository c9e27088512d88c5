"""Notices for tests: an ordinary one, changed where a test wants it, and the press that prints them."""

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import numpy as np
import pdfplumber
import pyarrow as pa
import pypdfium2
import zxingcpp

from dunning.decisions.notices import NOTICES
from dunning.documents.notice.press import Press
from dunning.policy.policies import load_policy

Mark = tuple[str, float, float, float]
AS_OF = date(2026, 11, 22)
RULES = load_policy().at(AS_OF)
PRESS = Press.of(RULES, date(2026, 10, 15), date(2026, 11, 19))


def line(
    label: str | None = "Топлинна енергия за отопление на имот", cents: int = 6420, **changes: Any
) -> dict[str, Any]:
    """Return one of a bill's lines."""
    given = {
        "invoice_no": "3466053938", "kind": "bill", "period_from": date(2026, 10, 1), "period_to": date(2026, 10, 31),
        "bill_minor": 8420, "label": label, "unit": "МВтч", "quantity": "0.377", "unit_price": "75.12000",
        "amount_minor": cents, "is_bgn": False, "is_overdue": False,
    }  # fmt: skip
    return given | changes


def item(number: int = 1, cents: int = 4210, **changes: Any) -> dict[str, Any]:
    """Return one of the overdue invoices: number n is the bill of the n-th month before October 2026."""
    month = date(2026, 10, 1)
    for _ in range(number):
        month = (month - timedelta(days=1)).replace(day=1)
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    given = {
        "invoice_no": f"34660{number:05d}", "kind": "bill", "period_from": month, "period_to": last,
        "due_on": last + timedelta(days=45), "days_overdue": (AS_OF - last).days - 45, "open_cents": cents,
        "original_minor": None,
    }  # fmt: skip
    return given | changes


def notice(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a notice with nothing overdue."""
    premise, payer = f"{12345600 + number:010d}", f"{900000000000 + number}"
    channel = changes.get("channel", "post")
    given = {
        "reference": f"20261122-N{channel[0].upper()}-{premise}-{payer}", "premise_no": premise, "payer_code": payer,
        "service": "heat", "channel": "post", "language": "bg", "stage": "current", "email": None,
        "name": "Снежана Петрова Пчеларска", "street": "ж.к. „Банишора“, бл. 11, вх. Е, ап. 33", "town": "1233 София",
        "service_street": "ж.к. „Банишора“, бл. 11, вх. Е, ап. 33", "service_town": "1233 София",
        "district": "Банишора", "route": "01-299", "postal_key": f"{number:06d}", "period_from": date(2026, 10, 1),
        "period_to": date(2026, 10, 31), "due_on": date(2026, 12, 15), "new_items": 1, "total_cents": 8420,
        "overdue_cents": 0, "overdue_items": 0, "oldest_due_on": None, "interest_cents": 0, "periods": [],
        "expired_cents": 0, "expired_items": 0, "held_cents": 0, "plan_cents": 0, "instalment_cents": 0,
        "instalment_on": None, "agreement_no": None, "paid_cents": 0, "credit_cents": 0, "warned_on": None,
        "answer_until": None, "warned_cents": 0, "needs_card": False, "phone": None, "known_email": None,
        "lines": [line(), line("Дялово разпределение на топлинна енергия (1/12 част)", 2000)], "items": [],
        "pending": [],
    }  # fmt: skip
    return given | changes


def pending(number: int, cents: int = 5555, **changes: Any) -> dict[str, Any]:
    """Return one that is to pay and named by itself: bill `number` of `item`, due next month."""
    row = {name: cell for name, cell in item(number, cents).items() if name != "days_overdue"}
    return row | {"due_on": date(2026, 12, 20)} | changes


def overdue(number: int = 1, count: int = 2, **changes: Any) -> dict[str, Any]:
    """Return a notice with so many overdue invoices."""
    owed = [item(n) for n in range(count, 0, -1)]
    cents = sum(row["open_cents"] for row in owed)
    period = {"from": owed[0]["period_from"], "to": owed[-1]["period_to"]}
    given = {
        "stage": "overdue", "items": owed, "overdue_cents": cents, "overdue_items": count, "total_cents": 8420 + cents,
        "interest_cents": 123, "periods": [period], "oldest_due_on": owed[0]["due_on"],
    }  # fmt: skip
    return notice(number, **(given | changes))


def late(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a notice whose first of two new bills is overdue already."""
    owed = item(1)
    first = {name: owed[name] for name in ("invoice_no", "period_from", "period_to")}
    first |= {"bill_minor": owed["open_cents"], "is_overdue": True}
    lines = [line(cents=4000, **first), line("Дялово разпределение", 210, **first), line(None, 8420)]
    return overdue(number, 1, **({"new_items": 2, "lines": lines} | changes))


def warned(number: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a notice with a last warning."""
    given = {
        "stage": "final_warning", "warned_on": date(2026, 11, 17), "answer_until": date(2026, 12, 22),
        "warned_cents": 8420,
    }
    return overdue(number, **(given | changes))


def table(*rows: dict[str, Any]) -> pa.Table:
    """Return notices as a table."""
    return pa.Table.from_pylist(list(rows), schema=NOTICES)


def variants() -> list[dict[str, Any]]:
    """Return every kind of notice there is, ordinary and odd, each of its own premise and payer."""
    rows = [
        notice(1), overdue(2), warned(3), overdue(4, 40), notice(5, language="en"), warned(6, language="en"),
        notice(7, new_items=0, lines=[], due_on=None, period_from=None, period_to=None),
        notice(8, total_cents=0, credit_cents=1234, paid_cents=50000),
        notice(9, plan_cents=30000, instalment_cents=5000, instalment_on=date(2026, 12, 1), agreement_no="С-17"),
        overdue(10, expired_cents=777, expired_items=2, held_cents=4500, needs_card=True),
        warned(11, answer_until=date(2026, 11, 1), warned_on=date(2026, 9, 27)),
        overdue(12, periods=[], **_leva()),
        notice(13, service="electricity", lines=[line(None, 8420)]),
        notice(14, total_cents=123456789, lines=[line(cents=123456789, bill_minor=123456789)]),
        notice(15, phone="+359888123456", known_email="snezhana@example.bg", needs_card=True, language="en"),
        notice(16, lines=[line(f"Ред {n} от много дълга сметка с още обяснения към нея", n) for n in range(30)]),
        notice(17, name="Ж" * 60, street="ул. „Дълго име на улица с много думи“ № 123, бл. 45, вх. Г, ет. 17, ап. 128"),
        notice(18, street=None, town=None, channel="email", email="a@example.bg"),
        notice(19, name="Łukasz Ωmega \N{GRINNING FACE} \u05d0\u05d1 <b>{{ x }}</b> \\ ( ) %s \x07\u200b'\"&amp;"),
        notice(20, lines=[line(kind="credit_note", label=None, cents=-500, bill_minor=-500)]),
        notice(24, total_cents=8420 + 11110, pending=[pending(1), pending(2, period_from=None, period_to=None)]),
        overdue(25, language="en", total_cents=8420 + 8420 + 1234, pending=[pending(3, 1234, kind="forecast")]),
        late(26), late(27, language="en"),
    ]  # fmt: skip
    return rows


def _leva() -> dict[str, Any]:
    owed = [item(14, 5113, original_minor=10000), item(13, 500, kind="fee", period_from=None, period_to=None)]
    return {"items": owed, "overdue_cents": 5613, "overdue_items": 2, "total_cents": 14033}


def read_pages(document: bytes) -> list[str]:
    """Return the text of every page, line by line."""
    with pdfplumber.open(BytesIO(document)) as pdf:
        return [page.extract_text() for page in pdf.pages]


def read_marks(document: bytes) -> list[list[Mark]]:
    """Return every character of each page but blanks: text, place from the left and from the top in points, size."""
    with pdfplumber.open(BytesIO(document)) as pdf:
        return [
            [(char["text"], char["x0"], char["top"], char["size"]) for char in page.chars if char["text"] != " "]
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
    return [{found.format.name: found.text for found in zxingcpp.read_barcodes(page)} for page in pages]
