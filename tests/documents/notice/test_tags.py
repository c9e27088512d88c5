"""A notice by e-mail for whoever does not see it: language, title, and every piece of it in the
order of reading.
"""

from io import BytesIO
from typing import Any

import pdfplumber
import pikepdf
import pytest

from dunning.documents.notice.printing import Single, print_batches, print_singles
from dunning.documents.notice.run_constants import write_day
from dunning.documents.notice.wording import Wording
from tests.documents.notice.notices import AS_OF, PRESS, notice, overdue, table, variants, warned

LOCALES = {"bg": "bg-BG", "en": "en-GB"}
NAMES = ("card_mobile", "card_email", "card_street", "card_town", "card_date")
CARD = {"needs_card": True, "phone": "+359888123456", "known_email": "a@example.bg"}
ROWS = [
    *variants(),
    warned(21, **CARD),
    overdue(22, 60, language="en", **CARD),
    warned(23, language="en", **CARD),
]

Mark = tuple[int, int]  # page and number on it


def singles() -> list[tuple[dict[str, Any], Single]]:
    """Return rows and their files; of the plain way none is tagged."""
    pairs = list(zip(ROWS, print_singles(table(*ROWS), PRESS), strict=True))
    assert [row["premise_no"][-2:] for row, made in pairs if made.is_plain] == ["19"]
    return [(row, made) for row, made in pairs if not made.is_plain]


@pytest.fixture(scope="module")
def tagged() -> list[tuple[dict[str, Any], Single]]:
    return singles()


def words_of(row: dict[str, Any]) -> Wording:
    return PRESS.open_wording(row["language"], row["service"])


def open_pdf(made: Single) -> pikepdf.Pdf:
    return pikepdf.open(BytesIO(made.content))


def elements(pdf: pikepdf.Pdf) -> list[pikepdf.Dictionary]:
    """Return the pieces of the structure tree in their order."""
    (document,) = [pdf.Root.StructTreeRoot.K]
    assert (document.S, document.P) == ("/Document", pdf.Root.StructTreeRoot)
    assert all(element.P == document for element in document.K)
    return list(document.K)


def order_of(pdf: pikepdf.Pdf) -> list[Mark]:
    """Return the marks of the structure tree in the order of reading; form fields have none."""
    pages = {page.objgen: number for number, page in enumerate(pdf.pages)}
    return [
        (pages[element.Pg.objgen], int(element.K))
        for element in elements(pdf)
        if element.S != "/Form"
    ]


def marks_drawn(pdf: pikepdf.Pdf) -> tuple[list[Mark], int]:
    """Return the marks on all pages as they are drawn, and how many operators draw outside of
    any.
    """
    marks: list[Mark] = []
    bare = 0
    for number, page in enumerate(pdf.pages):
        depth = 0
        for operands, operator in pikepdf.parse_content_stream(page):
            name = str(operator)
            if name in ("BDC", "BMC"):
                depth += 1
                if name == "BDC":
                    marks.append((number, int(operands[1].MCID)))
                else:
                    assert operands[0] == "/Artifact"
            depth -= name == "EMC"
            assert depth in (0, 1)
            bare += depth == 0 and name in ("Tj", "TJ", "'", "f", "Do", "S", "INLINE IMAGE")
        assert depth == 0
    return marks, bare


def text_of(made: Single) -> dict[Mark, str]:
    """Return the text of each mark, without blanks."""
    texts: dict[Mark, str] = {}
    with pdfplumber.open(BytesIO(made.content)) as pdf:
        for number, page in enumerate(pdf.pages):
            for char in page.chars:
                if char["mcid"] is not None and not char["text"].isspace():
                    texts[number, char["mcid"]] = (
                        texts.get((number, char["mcid"]), "") + char["text"]
                    )
    return texts


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_a_file_says_its_language_and_its_title(
    tagged: list[tuple[dict[str, Any], Single]],
) -> None:
    assert {row["language"] for row, _ in tagged} == {"bg", "en"}
    for row, made in tagged:
        title = f"{words_of(row).labels['title']} {row['reference']}"
        with open_pdf(made) as pdf:
            assert str(pdf.Root.Lang) == LOCALES[row["language"]]
            assert pdf.Root.ViewerPreferences.DisplayDocTitle is True
            assert pdf.Root.MarkInfo.Marked is True
            assert str(pdf.docinfo.Title) == title
            with pdf.open_metadata() as metadata:
                assert metadata["dc:title"] == title
                assert metadata["dc:language"] == {LOCALES[row["language"]]}
            assert pdf.check_pdf_syntax() == []


def test_a_title_of_hostile_letters_is_metadata_all_the_same() -> None:
    (made,) = print_singles(table(notice(reference="<a>&\x07\ufffe]]>№")), PRESS)
    with open_pdf(made) as pdf, pdf.open_metadata() as metadata:
        assert metadata["dc:title"].endswith("<a>& ?]]>№")
        assert str(pdf.docinfo.Title).endswith("<a>& \ufffe]]>№")


def test_every_mark_is_in_the_tree_once_and_nothing_is_drawn_outside(
    tagged: list[tuple[dict[str, Any], Single]],
) -> None:
    for _, made in tagged:
        with open_pdf(made) as pdf:
            drawn, bare = marks_drawn(pdf)
            assert bare == 0
            assert order_of(pdf) == drawn == sorted(set(drawn))
            assert len(drawn) > 4


def test_the_tree_of_parents_leads_back(tagged: list[tuple[dict[str, Any], Single]]) -> None:
    """From every mark and every field to its piece, as a reader goes when somebody points at it."""
    for _, made in tagged:
        with open_pdf(made) as pdf:
            numbers = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
            found = {
                int(key): value for key, value in zip(numbers[::2], numbers[1::2], strict=True)
            }
            assert list(map(int, numbers[::2])) == sorted(found)
            assert int(pdf.Root.StructTreeRoot.ParentTreeNextKey) > max(found)
            for page in pdf.pages:
                assert page.Tabs == "/S"
                pieces = found[int(page.StructParents)]
                assert [int(piece.K) for piece in pieces] == list(range(len(pieces)))
                assert {piece.Pg.objgen for piece in pieces} == {page.objgen}
                for widget in page.get("/Annots", []):
                    assert found[int(widget.StructParent)].K.Obj.objgen == widget.objgen


def test_it_is_read_in_the_order_of_a_letter(tagged: list[tuple[dict[str, Any], Single]]) -> None:
    """Letterhead, recipient, whose and how much, title, what is owed, how to pay: each label before
    what it labels.
    """
    for row, made in tagged:
        labels, texts = words_of(row).labels, text_of(made)
        with open_pdf(made) as pdf:
            order = order_of(pdf)
        first, second = (texts[mark] for mark in order[:2])
        assert first.startswith(squeezed(labels["supplier"]))
        assert second.startswith(
            squeezed("".join(row[name] or "" for name in ("name", "street", "town")))
        )
        text = "".join(texts.get(mark, "") for mark in order)
        day = write_day(AS_OF, row["language"])
        expected = [
            *(
                part
                for name in ("premise_no", "payer_code")
                for part in (labels[f"{name}_label"], row[name])
            ),
            labels["date_label"],
            day,
            labels["period_label"],
            labels["due_label"],
            labels["total_label"],
            labels["title"],
            labels["service_address_label"],
            row["service_street"],
        ]
        expected += [labels["warning_title"]] if row["warned_cents"] else []
        expected += [labels["line_label"], labels["line_unit"], labels["line_amount"]]
        expected += [labels["overdue_title"]] if row["overdue_cents"] else []
        expected += [labels["item_number"], labels["item_open"]] if row["items"] else []
        expected += [item["invoice_no"] for item in row["items"][:10]]
        assert_in_order(text, expected)
        assert_in_order(
            text, [labels["title"], labels["pay_title" if row["total_cents"] else "nothing_title"]]
        )


def assert_in_order(text: str, parts: list[str]) -> None:
    at = 0
    for part in map(squeezed, parts):
        found = text.find(part, at)
        assert found >= 0, (part, text[at : at + 200])
        at = found + len(part)


def test_titles_are_headings_and_the_rest_is_text(
    tagged: list[tuple[dict[str, Any], Single]],
) -> None:
    for row, made in tagged:
        texts = text_of(made)
        with open_pdf(made) as pdf:
            pieces = [
                (str(element.S), mark)
                for element, mark in zip(elements(pdf), order_of(pdf), strict=False)
            ]
        labels = words_of(row).labels
        main = [texts[mark] for role, mark in pieces if role == "/H1"]
        others = [texts[mark] for role, mark in pieces if role == "/H2"]
        assert len(main) == 1
        assert main[0].startswith(squeezed(labels["title"]))
        wanted = [labels["warning_title"]] if row["warned_cents"] else []
        wanted += [labels["overdue_title"]] if row["overdue_cents"] else []
        assert [
            text[: len(squeezed(title))] for text, title in zip(others, wanted, strict=True)
        ] == [squeezed(title) for title in wanted]
        assert {role for role, _ in pieces} <= {"/H1", "/H2", "/P"}


def test_what_is_tagged_says_as_much_as_what_is_printed(tmp_path: Any) -> None:
    """The same letters, whatever their order: identical content to the paper one."""
    for row in ROWS:
        (made,) = print_singles(table(row), PRESS)
        (batch,) = print_batches([table(row)], PRESS, 5000, "x", tmp_path)
        paper, screen = letters((tmp_path / batch.file).read_bytes(), 1), letters(made.content, 0)
        assert paper == screen


def letters(document: bytes, first: int) -> list[list[str]]:
    with pdfplumber.open(BytesIO(document)) as pdf:
        return [
            sorted(char["text"] for char in page.chars if char["text"] != " ")
            for page in pdf.pages[first:]
        ]


def test_the_card_can_be_filled_in(tagged: list[tuple[dict[str, Any], Single]]) -> None:
    cards = [(row, made) for row, made in tagged if row["needs_card"]]
    assert {row["language"] for row, _ in cards} == {"bg", "en"}
    for row, made in cards:
        labels = words_of(row).labels
        filled = [row["phone"], row["known_email"], row["street"], row["town"], ""]
        with open_pdf(made) as pdf:
            *others, last = pdf.pages
            fields = list(pdf.Root.AcroForm.Fields)
            assert [str(field.T) for field in fields] == list(NAMES)
            assert [str(field.TU) for field in fields] == [
                labels[f"{name}_label"] for name in NAMES
            ]
            assert [str(field.V) for field in fields] == [value or "" for value in filled]
            assert {str(field.FT) for field in fields} == {"/Tx"}
            assert [field.objgen for field in last.Annots] == [field.objgen for field in fields]
            assert not any("/Annots" in page for page in others)
            forms = [element for element in elements(pdf) if element.S == "/Form"]
            assert [form.K.Obj.objgen for form in forms] == [field.objgen for field in fields]
            assert [element.S for element in elements(pdf)][-len(forms) :] == ["/Form"] * len(forms)


def test_what_stands_in_a_field_is_seen(tagged: list[tuple[dict[str, Any], Single]]) -> None:
    """Also by whoever prints it without a reader for forms: the card says the same in print."""
    (row, made) = next((row, made) for row, made in tagged if row["premise_no"].endswith("21"))
    with pdfplumber.open(BytesIO(made.content)) as pdf:
        text = pdf.pages[-1].extract_text()
    for value in (row["phone"], row["known_email"], row["street"], row["town"]):
        assert value in text


def test_a_notice_without_a_card_has_no_form(tagged: list[tuple[dict[str, Any], Single]]) -> None:
    for row, made in tagged:
        with open_pdf(made) as pdf:
            assert ("/AcroForm" in pdf.Root) is row["needs_card"]


def test_the_plain_way_says_language_and_title_and_claims_no_more() -> None:
    (made,) = print_singles(table(notice(name="Ω")), PRESS)
    with open_pdf(made) as pdf:
        assert made.is_plain
        assert (str(pdf.Root.Lang), pdf.Root.ViewerPreferences.DisplayDocTitle) == ("bg-BG", True)
        assert "/MarkInfo" not in pdf.Root
        assert "/StructTreeRoot" not in pdf.Root
