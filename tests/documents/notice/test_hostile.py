"""Texts that somebody chose to do harm, or did not choose at all: plain text or „?“ on pages that
readers read.
"""

import gc
import logging
import tempfile
import unicodedata
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pdfplumber
import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunning.documents.notice import layout
from dunning.documents.notice.drawing import make_drawable
from dunning.documents.notice.printing import Batch, print_batches, print_singles
from tests.documents.notice.notices import AS_OF, PRESS, notice, overdue, read_codes, table

POINTS = 72 / 25.4
OWN = (
    "reference",
    "premise_no",
    "payer_code",
    "name",
    "street",
    "town",
    "service_street",
    "service_town",
    "agreement_no",
    "phone",
    "known_email",
)
COLUMNS = (*OWN, "label", "unit", "quantity", "unit_price", "bill_no", "item_no")
# What stands on a page as it is, each short enough for its place or made smaller.
PLAIN = [
    "<b>x</b>",
    "<font size=40>",
    "{{ x }}",
    "{% raw %}",
    "{# x #}",
    "\"'„“‘’",
    "\\",
    "\\(",
    "a(b",
    "a)b",
    ")Tj(",
    "%s %d %",
    "%(name)s",
    "endstream",
    "%%EOF",
    "</x:xmpmeta>",
    "&amp;&lt;",
    "$(rm)",
    "=1+1",
    "' OR 1=1",
    "Łukasz Ωmega",
    "e\u0301й",
    "¤¦¶",
    "é",
    "№№№",
    "-" * 30,
]
# Whatever cannot be printed, and what is printed in its place.
REPLACED = {
    "\x00": "",
    "a\x00b": "a b",
    "\x07x": "x",
    "a\nb\r\nc\td": "a b c d",
    "\x1b[31m": "[31m",
    "a\u200bb": "a b",
    "\u202eabc\u202c": "abc",
    "\ufeffx": "x",
    "\N{GRINNING FACE}": "?",
    "a\U0001f468\u200d\U0001f469b": "a? ?b",
    "\u05d0\u05d1": "??",
    "\u0627\u0644": "??",
    "\u4e2d": "?",
    "\ufffe\uffff": "??",
    "a\u2028b": "a?b",
    "\ue000": "",
    "\U000e0001x": "x",
    "a\x85b": "a b",
    "x\x7f": "x",
    "\U0010ffff": "?",
}
HOSTILE = [*PLAIN, *REPLACED]


def victim(column: str = "", text: str = "", **changes: Any) -> dict[str, Any]:
    """Return a notice with every column in use, one of them hostile."""
    row = overdue(
        1,
        plan_cents=300,
        instalment_cents=5,
        instalment_on=AS_OF,
        agreement_no="С-17",
        needs_card=True,
        phone="+359888123456",
        known_email="a@example.bg",
        **changes,
    )
    if column in OWN:
        row[column] = text
    elif column == "item_no":
        row["items"][0]["invoice_no"] = text
    elif column:
        row["lines"][0]["invoice_no" if column == "bill_no" else column] = text
    return row


def everything(text: str) -> dict[str, Any]:
    """Return a notice in which every column is hostile."""
    row = victim(**dict.fromkeys(OWN[:-3], text))
    row |= dict.fromkeys(("agreement_no", "phone", "known_email", "district", "route"), text)
    for line in row["lines"]:
        line |= dict.fromkeys(("label", "unit", "quantity", "unit_price", "invoice_no"), text)
    for item in row["items"]:
        item["invoice_no"] = text
    return row


def single(row: dict[str, Any]) -> bytes:
    (made,) = print_singles(table(row), PRESS)
    assert made.reference == row["reference"]
    return made.content


def printed(*rows: dict[str, Any]) -> tuple[Batch, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        (batch,) = print_batches([table(*rows)], PRESS, 5000, "0001", Path(folder))
        return batch, (Path(folder) / batch.file).read_bytes()


def read(document: bytes) -> list[str]:
    """Return the text of every page without blanks; the file must be sound, and nothing stand off
    its page.
    """
    with pikepdf.open(BytesIO(document)) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert [page.get("/Parent") is not None for page in pdf.pages] == [True] * len(pdf.pages)
    with pdfplumber.open(BytesIO(document)) as pdf:
        for page in pdf.pages:
            places = [(char["x0"], char["top"], char["x1"], char["bottom"]) for char in page.chars]
            assert min(min(place) for place in places) >= 0
            assert max(place[2] for place in places) <= layout.PAGE_WIDTH * POINTS
            assert max(place[3] for place in places) <= layout.PAGE_HEIGHT * POINTS
        return [
            "".join(char["text"] for char in page.chars if not char["text"].isspace())
            for page in pdf.pages
        ]


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.fixture(autouse=True)
def silent(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nobody may be told of anything on the way."""
    gc.collect()  # what other tests have left open is told before, not as an error of this one
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    assert [
        record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING
    ] == []
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("column", COLUMNS)
def test_hostile_texts_of_a_column_are_plain_text(column: str) -> None:
    """Some at once, one notice each, others for every column: what is printed of each is in its own
    notice.
    """
    texts = HOSTILE[COLUMNS.index(column) % 15 :: 15]
    rows = [victim(column, text) for text in texts]
    batch, document = printed(*rows)
    pages = read(document)
    index = [row for row in batch.index.to_pylist() if row["kind"] == "notice"]

    assert [row["reference"] for row in index] == [row["reference"] for row in rows]
    for text, row in zip(texts, index, strict=True):
        own = "".join(pages[row["page_from"] - 1 : row["page_to"]])
        shown = squeezed(unicodedata.normalize("NFC", REPLACED.get(text, text)))
        if column in ("quantity", "unit_price"):
            shown = shown.replace(".", ",")
        assert shown in unicodedata.normalize("NFC", own), text


@pytest.mark.parametrize("text", [*HOSTILE, "", " ", "  x  ", "дума" * 30, "Ж" * 300, "w" * 300])
def test_a_notice_of_hostile_texts_only_is_a_valid_file(text: str) -> None:
    pages = read(single(everything(text)))
    shown = squeezed(unicodedata.normalize("NFC", REPLACED.get(text, text)))

    assert unicodedata.normalize("NFC", "".join(pages)).count(shown[:40]) >= 10


def test_hostile_notices_fill_a_batch() -> None:
    texts = HOSTILE[::3]
    rows = [
        everything(text) | {"reference": f"{n}", "district": "Р"} for n, text in enumerate(texts)
    ]
    batch, document = printed(*rows)
    index = [row for row in batch.index.to_pylist() if row["kind"] == "notice"]
    pages = read(document)

    assert [row["reference"] for row in index] == [row["reference"] for row in rows]
    assert len(pages) == batch.pages == index[-1]["page_to"]
    for text, row in zip(texts, index, strict=True):
        own = unicodedata.normalize("NFC", "".join(pages[row["page_from"] - 1 : row["page_to"]]))
        assert squeezed(unicodedata.normalize("NFC", REPLACED.get(text, text))) in own, text


def test_codes_say_what_stands_beside_them() -> None:
    """What a barcode has no sign for gets none; a payment code says the number as it is printed."""
    texts = ("a\x00b", "Ж(1)%", "<b>")
    codes = {text: read_codes(single(notice(reference=text, premise_no=text)))[0] for text in texts}

    assert {text: found.get("Code128") for text, found in codes.items()} == {
        "a\x00b": "a b",
        "Ж(1)%": None,
        "<b>": "<b>",
    }
    remittances = [found["QRCode"].splitlines()[-1] for found in codes.values()]
    assert remittances == [f"AB {text} KP 900000000001" for text in ("a b", "Ж(1)%", "<b>")]


@pytest.mark.parametrize(
    ("column", "text"),
    [
        *((column, "Ж" * 10_000) for column in COLUMNS[:4]),
        *(
            (column, "Ж" * 10_000)
            for column in ("service_street", "agreement_no", "phone", *COLUMNS[-6:])
        ),
        *((column, "дума " * 2_000) for column in ("name", "label", "agreement_no")),
    ],
    ids=lambda text: text[:9],
)
def test_ten_thousand_letters_stay_on_their_pages(column: str, text: str) -> None:
    document = single(victim(column, text))
    pages = read(document)

    assert "С-17" in "".join(pages) or column == "agreement_no"
    if column in ("label", "agreement_no"):  # these go on, as long as it takes
        assert "".join(pages).count("Ж" if text[0] == "Ж" else "дума") >= (
            10_000 if text[0] == "Ж" else 2_000
        )
        assert len(pages) > 2


def test_a_name_that_no_window_holds_ends_with_dots() -> None:
    (page, *_) = read(single(notice(name="Дълго " * 500)))

    assert "Дълго…" in page
    assert page.count("Дълго") > 50
    with pdfplumber.open(BytesIO(single(notice(name="Дълго " * 500)))) as pdf:
        places = [word for word in pdf.pages[0].extract_words() if word["text"].startswith("Дълго")]
    assert max(word["bottom"] for word in places) < 90 * POINTS  # the window's end, by DIN 5008 B


def test_neighbours_are_the_same_bytes_with_and_without_a_hostile_notice() -> None:
    calm = [
        notice(2, name="  Име с разредка ", phone=" 1 "),
        overdue(3),
        notice(4, language="en", needs_card=True),
    ]
    alone = {made.reference: made.content for made in print_singles(table(*calm), PRESS)}

    for text in (
        "a\x00b",
        "\u202eabc\u202c",
        "{{ x }}",
        "%s %d %",
        "\N{GRINNING FACE}",
        ")Tj(",
        "",
        "Ж" * 300,
    ):
        bad = everything(text) | {"reference": "bad"}
        beside = {
            made.reference: made.content
            for made in print_singles(table(calm[0], bad, *calm[1:]), PRESS)
        }
        assert beside == alone | {"bad": beside["bad"]}


def test_pages_of_a_batch_are_those_of_a_batch_without_the_hostile_notice() -> None:
    calm = [notice(2), overdue(3, 40)]

    def contents(*rows: dict[str, Any]) -> dict[str, list[bytes]]:
        batch, document = printed(*rows)
        with pikepdf.open(BytesIO(document)) as pdf:
            pages = [page.Contents.read_bytes() for page in pdf.pages]
        return {
            row["reference"]: pages[row["page_from"] - 1 : row["page_to"]]
            for row in batch.index.to_pylist()
            if row["kind"] == "notice"
        }

    alone = contents(*calm)
    assert [len(pages) for pages in alone.values()] == [1, 2]
    for text in ("{{ x }}", "a\x00b", "\N{GRINNING FACE}", ")Tj(", "Ж" * 300):
        bad = everything(text) | {"reference": "bad", "district": "Банишора", "route": "01-299"}
        assert contents(calm[0], bad, calm[1]) == alone | {"bad": contents(bad)["bad"]}


@pytest.mark.parametrize(
    "text",
    ["<b>", "{{ x }}", "\\(", "%s", "a\x00b", "a\nb\r\nc\td", "\u05d0\u05d1", "\ufffe\uffff"],
)
def test_a_hostile_district_and_route_stand_on_their_sheet(text: str) -> None:
    batch, document = printed(notice(1, district=text, route=f"1{text}"))
    sheet = read(document)[0]

    assert batch.index["district"].to_pylist() == [text] * 2
    shown = squeezed(unicodedata.normalize("NFC", REPLACED.get(text, text)))
    assert unicodedata.normalize("NFC", sheet).count(shown) >= 2


def test_a_lone_surrogate_gets_into_no_table() -> None:
    with pytest.raises(UnicodeEncodeError):
        table(notice(name="\ud800"))


def test_a_long_number_has_no_payment_code_rather_than_a_wrong_one() -> None:
    codes = read_codes(single(notice(payer_code="9" * 200)))
    exact = read_codes(
        single(notice(payer_code="9" * 123))
    )  # with the rest, the 140 letters that the standard allows

    assert [code for page in codes for code in page if code == "QRCode"] == []
    assert exact[0]["QRCode"].splitlines()[-1] == "AB 0012345601 KP " + "9" * 123


def test_a_payment_code_says_other_letters_in_utf_8() -> None:
    codes = read_codes(single(notice(payer_code="é17Ж")))

    assert codes[0]["QRCode"].splitlines()[-1] == "AB 0012345601 KP é17Ж"


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(
    texts=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
        | st.text("()\\%{}<>'\"\x00\n №€", max_size=60),
        min_size=len(COLUMNS),
        max_size=len(COLUMNS),
    ),
    number=st.integers(1, 3),
)
def test_any_text_in_any_column_makes_a_valid_page(texts: list[str], number: int) -> None:
    row = victim()
    for column, text in zip(COLUMNS, texts, strict=True):
        row |= {column: text} if column in OWN else {}
    row["lines"][0] |= dict(
        zip(("label", "unit", "quantity", "unit_price", "invoice_no"), texts[-6:-1], strict=True)
    )
    row["items"][0]["invoice_no"] = texts[-1]
    row |= {"district": texts[number], "route": texts[-number]}
    neighbour = notice(2)
    batch, document = printed(row, neighbour)
    pages = read(document)

    own = [row["reference"] for row in batch.index.to_pylist() if row["kind"] == "notice"]
    assert own == [row["reference"], neighbour["reference"]]
    assert "Пчеларска" in pages[-1]
    for name in ("name", "label"):
        text = row[name] if name in row else row["lines"][0][name]
        letters = {
            char
            for char in text
            if char.isalnum() and make_drawable(char) == char and len(text) < 30
        }
        shown = unicodedata.normalize("NFKD", "".join(pages))
        assert {
            char for char in letters if not set(unicodedata.normalize("NFKD", char)) <= set(shown)
        } == set()
