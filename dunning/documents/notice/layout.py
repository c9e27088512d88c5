"""The layout of a notice in millimetres; both renderers use it.

x runs from the left edge, y downwards from the top of the page or block to a text's baseline.
Window and folds are those of DIN 5008, form B. A `Label` is the same on every notice of a language;
a `Value` and `Lines` differ, `content` makes them. A block's `grows_by` names the `Lines` that
decide how high it is.
"""

from dataclasses import dataclass
from typing import Literal

Align = Literal["left", "right"]
Colour = tuple[float, float, float]

INK: Colour = (0.13, 0.13, 0.14)
SOFT: Colour = (0.38, 0.38, 0.4)
ALERT: Colour = (0.7, 0.13, 0.11)
PALE: Colour = (0.985, 0.94, 0.93)
GREY: Colour = (0.95, 0.95, 0.945)
LINE: Colour = (0.78, 0.78, 0.78)

PAGE_WIDTH, PAGE_HEIGHT = 210.0, 297.0
LEFT, RIGHT = 25.0, 190.0
WIDTH = RIGHT - LEFT


@dataclass(frozen=True)
class Style:
    """A text style; size and leading in points."""

    is_bold: bool
    size: float
    leading: float
    colour: Colour = INK


TINY = Style(False, 6.5, 8.5, SOFT)
SMALL = Style(False, 8, 10, SOFT)
SMALL_STRONG = Style(True, 8, 10)
BODY = Style(False, 9, 12)
STRONG = Style(True, 9, 12)
ADDRESS = Style(False, 10.5, 13)
LEAD = Style(True, 11, 14)
TITLE = Style(True, 14, 18)
ALERT_LEAD = Style(True, 11, 14, ALERT)
ALERT_TITLE = Style(True, 13, 16, ALERT)
WAYS = Style(False, 8, 10.5)
BIG = Style(True, 26, 32)


@dataclass(frozen=True)
class Label:
    """Constant words; wider than `width`, they are drawn smaller."""

    name: str
    x: float
    y: float
    style: Style = BODY
    align: Align = "left"
    width: float = WIDTH


@dataclass(frozen=True)
class Value:
    """One line that differs between notices.

    Wider than `width`, it is drawn smaller, by the plain renderer.
    """

    name: str
    x: float
    y: float
    style: Style = BODY
    align: Align = "left"
    width: float = WIDTH


@dataclass(frozen=True)
class Lines:
    """A text wrapped to `width`, at most `most` lines.

    Longer, it is drawn smaller, by the plain renderer.
    """

    name: str
    x: float
    y: float
    style: Style = BODY
    width: float = WIDTH
    most: int = 12


@dataclass(frozen=True)
class Paragraph:
    """Constant words wrapped to `width`; with more than `most` lines, they are drawn smaller."""

    name: str
    x: float
    y: float
    style: Style = BODY
    width: float = WIDTH
    most: int = 12


@dataclass(frozen=True)
class Rule:
    """A horizontal line."""

    x: float
    y: float
    width: float
    colour: Colour = LINE
    thickness: float = 0.2


@dataclass(frozen=True)
class Box:
    """A filled rectangle; without `height` it is as high as its block."""

    x: float
    y: float
    width: float
    height: float | None
    fill: Colour


@dataclass(frozen=True)
class Picture:
    """The logo, the payment code (`qr`) or the barcode of the reference, within a box."""

    name: Literal["logo", "qr", "barcode"]
    x: float
    y: float
    width: float
    height: float


Part = Label | Value | Lines | Paragraph | Rule | Box | Picture


@dataclass(frozen=True, eq=False)
class Block:
    """Parts that are kept together on a page; compared by identity.

    `gap` is left free above it, except at the top of a page.

    grows_by: the `Lines` that stretch it by their number; `height` is then that of one line.
    role: what it is to a screen reader.
    """

    name: str
    height: float
    parts: tuple[Part, ...]
    gap: float = 0.0
    grows_by: str = ""
    role: Literal["H1", "H2", "P"] = "P"


HEAD = Block(
    "head",
    0,
    (
        Picture("logo", LEFT, 10, 18, 18),
        Label("supplier", 47, 16, LEAD, width=78),
        Label("supplier_numbers", 47, 20.5, SMALL, width=78),
        Label("supplier_address", 47, 24.5, SMALL, width=78),
        Label("phone", RIGHT, 16, LEAD, "right", width=60),
        Label("hours", RIGHT, 20.5, SMALL, "right", width=60),
        Label("online", RIGHT, 24.5, SMALL, "right", width=60),
        Rule(LEFT, 31, WIDTH, ALERT, 0.5),
        # where to fold, and where to punch
        Rule(0, 105, 5),
        Rule(0, 210, 5),
        Rule(0, 148.5, 7),
        Label("sender", LEFT, 49.5, TINY, width=80),
        Rule(LEFT, 51, 80),
    ),
)
ADDRESSEE = Block(
    "addressee",
    0,
    (
        Lines("recipient", LEFT, 58, ADDRESS, width=80, most=6),
        Label("premise_no_label", 120, 52, SMALL),
        Value("premise_no", RIGHT, 52, LEAD, "right", width=42),
        Label("payer_code_label", 120, 58, SMALL),
        Value("payer_code", RIGHT, 58, LEAD, "right", width=42),
        Label("date_label", 120, 64, SMALL),
        Value("date", RIGHT, 64, BODY, "right", width=42),
        Label("period_label", 120, 69, SMALL),
        Value("period", RIGHT, 69, BODY, "right", width=50),
        Label("due_label", 120, 74, SMALL),
        Value("due", RIGHT, 74, STRONG, "right", width=42),
        Box(117, 78, RIGHT - 117, 10, GREY),
        Label("total_label", 120, 84.5, STRONG),
        Value("total", RIGHT - 3, 84.5, TITLE, "right", width=40),
    ),
)
SUBJECT = Block(
    "subject",
    13,
    (
        Label("title", LEFT, 5, TITLE),
        Label("service_address_label", LEFT, 11, SMALL),
        Lines("service_address", LEFT + 13, 11, BODY, width=WIDTH - 13, most=1),
    ),
    role="H1",
)
WARNING = Block(
    "warning",
    17,
    (
        Box(LEFT, 0, WIDTH, None, PALE),
        Box(LEFT, 0, 1.2, None, ALERT),
        Label("warning_title", LEFT + 5, 6.5, ALERT_TITLE),
        Value("warning_amount", RIGHT - 4, 6.5, ALERT_TITLE, "right", width=60),
        Lines("warning", LEFT + 5, 12.5, BODY, width=WIDTH - 9),
    ),
    gap=2,
    grows_by="warning",
    role="H2",
)
# The parts of a bill are left of the column that adds up to the sum to pay.
BILL_HEAD = Block(
    "bill_head",
    6.5,
    (
        Box(LEFT, 0, WIDTH, 5.5, GREY),
        Label("line_label", LEFT + 2, 3.9, SMALL_STRONG),
        Label("line_unit", 99.5, 3.9, SMALL_STRONG),
        Label("line_quantity", 127, 3.9, SMALL_STRONG, "right"),
        Label("line_price", 143.5, 3.9, SMALL_STRONG, "right"),
        Label("line_amount", 166, 3.9, SMALL_STRONG, "right"),
        Label("line_to_pay", RIGHT - 2, 3.9, SMALL_STRONG, "right", width=20),
    ),
    gap=4,
)
# Its sum is in the column of what is to pay; the items that make it up are left of that.
OVERDUE = Block(
    "overdue",
    14,
    (
        Rule(LEFT, 0, WIDTH, ALERT, 0.4),
        Label("overdue_title", LEFT + 2, 5.5, ALERT_LEAD),
        Value("overdue_amount", RIGHT - 2, 5.5, ALERT_LEAD, "right", width=60),
        Lines("overdue", LEFT + 2, 11, BODY, width=WIDTH - 4),
    ),
    gap=4,
    grows_by="overdue",
    role="H2",
)
ITEM_HEAD = Block(
    "item_head",
    6.5,
    (
        Box(LEFT, 0, WIDTH, 5.5, GREY),
        Label("item_number", LEFT + 2, 3.9, SMALL_STRONG),
        Label("item_period", 66, 3.9, SMALL_STRONG),
        Label("item_due", 110, 3.9, SMALL_STRONG),
        Label("item_days", 145, 3.9, SMALL_STRONG, "right"),
        Label("item_open", 166, 3.9, SMALL_STRONG, "right"),
    ),
    gap=1.5,
)
NOTE = Block(
    "note", 5, (Lines("note", LEFT + 2, 3.6, BODY, width=WIDTH - 4),), gap=2, grows_by="note"
)
# The rows of the two tables are equally high, so that a table can be broken anywhere.
ROW_HEIGHT = 4.7
BILL_ROW = Block(
    "bill_row",
    ROW_HEIGHT,
    (
        Value("bill", LEFT + 2, 3.4, STRONG, width=133),
        Value("bill_amount", RIGHT - 2, 3.4, STRONG, "right", width=25),
    ),
)
LINE_ROW = Block(
    "line_row",
    ROW_HEIGHT,
    (
        Value("label", LEFT + 2, 3.4, BODY, width=72),
        Value("unit", 99.5, 3.4, BODY, width=13),
        Value("quantity", 127, 3.4, BODY, "right", width=14),
        Value("price", 143.5, 3.4, BODY, "right", width=16),
        Value("amount", 166, 3.4, BODY, "right", width=22.5),
    ),
)
REMARK_ROW = Block("remark_row", ROW_HEIGHT, (Value("remark", LEFT + 2, 3.4, BODY, width=133),))
ITEM_ROW = Block(
    "item_row",
    ROW_HEIGHT,
    (
        Value("number", LEFT + 2, 3.4, BODY, width=37),
        Value("for", 66, 3.4, BODY, width=42),
        Value("due_on", 110, 3.4, BODY, width=22),
        Value("days", 145, 3.4, BODY, "right", width=12),
        Value("open", 166, 3.4, BODY, "right", width=20),
        Value("original", 167, 3.4, BODY, width=23),
    ),
)
# The rows of tables by their kind.
ROWS = {"bill": BILL_ROW, "line": LINE_ROW, "remark": REMARK_ROW, "item": ITEM_ROW}
PAY = Block(
    "pay",
    0,
    (
        Rule(LEFT, 221, WIDTH, INK, 0.3),
        Label("pay_title", LEFT, 227, LEAD),
        Value("total", 148, 227, LEAD, "right", width=60),
        Paragraph("pay_ways", LEFT, 232.5, WAYS, width=123, most=8),
        Picture("qr", 156, 224, 34, 34),
        Label("qr_label", RIGHT, 261, TINY, "right", width=60),
        Label("remittance_label", LEFT, 265, SMALL, width=35),
        Value("remittance", LEFT + 36, 265, STRONG, width=85),
        Picture("barcode", LEFT, 268, 120, 9),
    ),
)
PAY_NOTHING = Block(
    "pay_nothing",
    0,
    (
        Rule(LEFT, 221, WIDTH, INK, 0.3),
        Label("nothing_title", LEFT, 227, LEAD),
        Paragraph("contact_ways", LEFT, 232.5, WAYS, width=123, most=8),
        Picture("barcode", LEFT, 268, 120, 9),
    ),
)
FOOT = Block(
    "foot",
    0,
    (
        Value("reference", LEFT, 283, TINY, width=120),
        Value("page", RIGHT, 283, TINY, "right", width=30),
    ),
)
NEXT_HEAD = Block(
    "next_head",
    0,
    (
        Label("supplier", LEFT, 16, STRONG, width=90),
        Label("continued", LEFT, 20.5, SMALL, width=90),
        Value("numbers", RIGHT, 16, BODY, "right", width=100),
        Rule(LEFT, 23, WIDTH, ALERT, 0.5),
    ),
)

# The space for flowing blocks: on the first page, on the next ones.
FLOW_FIRST = (96.0, 219.0)
FLOW_NEXT = (27.0, 277.0)

_CARD_ROWS = (96.0, 110.0, 124.0, 138.0, 152.0)
CARD_FIELDS = ("card_mobile", "card_email", "card_street", "card_town", "card_date")
CARD_FIELD_X, CARD_FIELD_WIDTH, CARD_FIELD_HEIGHT = 80.0, 110.0, 9.0
CARD = Block(
    "card",
    0,
    (
        Label("supplier", LEFT, 16, STRONG, width=90),
        Rule(LEFT, 23, WIDTH, ALERT, 0.5),
        Label("card_title", LEFT, 38, TITLE),
        Paragraph("card_text", LEFT, 46, BODY),
        Label("premise_no_label", LEFT, 78, SMALL),
        Value("premise_no", CARD_FIELD_X, 78, LEAD, width=60),
        Label("payer_code_label", LEFT, 85, SMALL),
        Value("payer_code", CARD_FIELD_X, 85, LEAD, width=60),
        *(
            part
            for y, name in zip(_CARD_ROWS, CARD_FIELDS, strict=True)
            for part in (
                Label(f"{name}_label", LEFT, y + 6, BODY, width=53),
                Rule(CARD_FIELD_X, y + CARD_FIELD_HEIGHT, CARD_FIELD_WIDTH, INK, 0.3),
            )
        ),
        Value("card_mobile", CARD_FIELD_X + 2, _CARD_ROWS[0] + 6, BODY, width=CARD_FIELD_WIDTH - 4),
        Value("card_email", CARD_FIELD_X + 2, _CARD_ROWS[1] + 6, BODY, width=CARD_FIELD_WIDTH - 4),
        Value("card_street", CARD_FIELD_X + 2, _CARD_ROWS[2] + 6, BODY, width=CARD_FIELD_WIDTH - 4),
        Value("card_town", CARD_FIELD_X + 2, _CARD_ROWS[3] + 6, BODY, width=CARD_FIELD_WIDTH - 4),
        Label("card_signature", LEFT, 180, BODY),
        Rule(CARD_FIELD_X, 181, CARD_FIELD_WIDTH, INK, 0.3),
        Paragraph("card_return", LEFT, 195, BODY),
    ),
)
CARD_ROWS = dict(zip(CARD_FIELDS, _CARD_ROWS, strict=True))
SEPARATOR = Block(
    "separator",
    0,
    (
        Box(0, 0, PAGE_WIDTH, 12, INK),
        Label("separator_title", LEFT, 60, TITLE),
        Label("district_label", LEFT, 80, BODY),
        Value("district", LEFT, 92, BIG),
        Label("route_label", LEFT, 110, BODY),
        Value("route", LEFT, 122, BIG),
        Label("count_label", LEFT, 142, BODY),
        Value("count", LEFT, 152, TITLE),
        Value("file", LEFT, 180, BODY),
        Value("date", LEFT, 186, BODY),
    ),
)
