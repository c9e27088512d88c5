"""The faces: Bulgarian forms, figures of one width, and a clear word where the font is missing."""

import sys

import pytest
from fontTools.ttLib import TTFont as FontFile

from dunning.core.errors import DunningError
from dunning.documents.notice import fonts
from dunning.documents.notice.fonts import ALPHABET, NBSP, Face, face
from dunning.documents.notice.printing import print_singles
from tests.documents.notice.notices import PRESS, notice, table


@pytest.mark.parametrize("is_bold", [False, True])
def test_letters_have_their_bulgarian_form_and_figures_one_width(is_bold: bool) -> None:
    font = FontFile(fonts.BytesIO(fonts._whole_file(is_bold)))
    glyphs = font.getBestCmap()

    assert {"loclBGR"} == {glyphs[ord(letter)].rpartition(".")[2] for letter in "вгджийклптцшщюДЛФ"}
    assert 1 == len({face(is_bold).widths[figure] for figure in "0123456789"})


def test_every_letter_has_a_code_of_its_own_that_means_nothing_else_in_a_pdf() -> None:
    codes = face(False).codes

    assert len(ALPHABET) == len(set(ALPHABET)) == len(set(codes.values()))
    assert not {9, 10, 13} & set(codes.values())
    assert codes == face(True).codes


def test_text_is_encoded_and_measured_alike_one_by_one_and_together() -> None:
    texts = ["", "Сума (2) \\ 84,20" + NBSP + "€", "ѝ", "x" * 500, ALPHABET]
    own = face(False)
    raw, unknown = own.encode_all(texts)

    assert (raw, unknown) == ([own.encode(text) for text in texts], [])
    assert [own.measure(text) for text in texts] == own.measure_all(texts).tolist()


def test_rows_that_the_small_face_lacks_are_told_and_empty() -> None:
    raw, unknown = face(False).encode_all(["а", "Ω", "б", "אב"])

    assert ([1, 3], [b"", b""]) == (unknown, [raw[1], raw[3]])


def test_a_missing_font_is_told_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_small_file", "_whole_file"):
        getattr(fonts, name).cache_clear()
    monkeypatch.setitem(sys.modules, "pymupdf_fonts", None)

    with pytest.raises(DunningError, match="pymupdf-fonts"):
        Face(False)


def test_the_same_letters_are_drawn_whatever_was_drawn_before() -> None:
    (first,) = print_singles(table(notice(1)), PRESS)
    list(print_singles(table(notice(2, name="Ω", street="Łódź")), PRESS))
    (again,) = print_singles(table(notice(1)), PRESS)

    assert first.content == again.content
