"""The fast way draws what the plain way draws: the same characters at the same places, the same
boxes and codes.
"""

from collections import defaultdict
from io import BytesIO
from typing import Any

import numpy as np
import pytest

from dunning.documents.notice import layout
from dunning.documents.notice.canvas_renderer import PlainNotice
from dunning.documents.notice.pdf_file import PdfFile
from dunning.documents.notice.printing import _each
from tests.documents.notice.notices import (
    PRESS,
    Mark,
    notice,
    overdue,
    read_codes,
    read_marks,
    render_pages,
    table,
    variants,
)

TOLERANCE = 0.12  # points: two roundings to two decimals
ODD = {19}
SPOT = 16  # pixels
SPOT_TOLERANCE = 12.0  # of 255; a letter that a renderer puts a pixel aside makes 9
STRIP_TOLERANCE = (
    2.0  # the same of a row or column of spots; the thinnest line across a page makes 4
)


def draw_both(row: dict[str, Any]) -> tuple[bytes | None, bytes]:
    """Return a notice drawn the fast way (None where it cannot be) and the plain way."""
    ((drawn, at, language, stationery),) = list(_each(table(row), PRESS))
    plain = PlainNotice(drawn.content, at, PRESS).render()
    if drawn.odd[at]:
        return None, plain
    target = BytesIO()
    pdf = PdfFile(target, stationery.objects, "title", language)
    for stream in drawn.streams(at):
        pdf.add_page(stream)
    pdf.finish()
    return target.getvalue(), plain


def by_character(marks: list[Mark]) -> dict[tuple[str, float], np.ndarray]:
    """Return the places of each character and size."""
    places: dict[tuple[str, float], list[tuple[float, float]]] = defaultdict(list)
    for text, x, y, size in marks:
        places[text, round(size, 1)].append((x, y))
    return {key: np.array(found) for key, found in places.items()}


def assert_same_marks(fast: list[Mark], plain: list[Mark]) -> None:
    left, right = by_character(fast), by_character(plain)
    assert {key: len(places) for key, places in right.items()} == {
        key: len(places) for key, places in left.items()
    }
    for key, places in left.items():
        apart = np.abs(places[:, None, :] - right[key][None, :, :]).max(axis=2)
        assert apart.min(axis=1).max() < TOLERANCE, (key, places[apart.min(axis=1).argmax()])
        assert apart.min(axis=0).max() < TOLERANCE, (key, right[key][apart.min(axis=0).argmax()])


@pytest.mark.parametrize("row", variants(), ids=lambda row: row["premise_no"][-2:])
def test_every_variant_is_drawn_alike(row: dict[str, Any]) -> None:
    fast, plain = draw_both(row)

    assert (int(row["premise_no"][-2:]) in ODD) is (fast is None)
    if fast is not None:
        for left, right in zip(read_marks(fast), read_marks(plain), strict=True):
            assert_same_marks(left, right)
        assert_same_picture(fast, plain)


def assert_same_picture(fast: bytes, plain: bytes) -> None:
    """Compare boxes, lines, logo and codes, too: of the codes what they say, of all else how dark
    each spot is.
    """
    assert read_codes(fast) == read_codes(plain)
    for left, right in zip(render_pages(fast), render_pages(plain), strict=True):
        apart = np.abs(darkness(without_codes(left)) - darkness(without_codes(right)))
        assert apart.max() < SPOT_TOLERANCE
        assert max(apart.mean(axis=0).max(), apart.mean(axis=1).max()) < STRIP_TOLERANCE


def darkness(page: np.ndarray) -> np.ndarray:
    """Return the mean of each spot of a page, two millimetres wide: a hair's breadth aside changes
    it little.
    """
    rows, columns = (size // SPOT * SPOT for size in page.shape)
    spots = page[:rows, :columns].reshape(rows // SPOT, SPOT, columns // SPOT, SPOT)
    return spots.mean(axis=(1, 3))


def without_codes(page: np.ndarray) -> np.ndarray:
    """Return a page without payment code and barcode, whose edges a renderer draws in its own
    way.
    """
    scale = page.shape[1] / layout.PAGE_WIDTH
    kept = page.astype(np.int16)
    for part in layout.PAY.parts:
        if isinstance(part, layout.Picture):
            rows = slice(int(part.y * scale) - 3, int((part.y + part.height) * scale) + 4)
            kept[rows, int(part.x * scale) - 3 : int((part.x + part.width) * scale) + 4] = 255
    return kept


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Łukasz"},  # not in the small face
        {"premise_no": "7" * 60},  # too wide for its place
        {"street": "много дълга улица " * 20},  # more lines than the window has
        {"payer_code": "9" * 60},
        {"reference": "№" * 5, "service_street": "Ω"},
        {
            "premise_no": "1" * 30,
            "payer_code": "2" * 30,
        },  # a payment text longer than the fast codes
    ],
    ids=["letter", "width", "lines", "payer", "omega", "code"],
)
def test_what_the_fast_way_cannot_draw_is_left_to_the_plain_one(changes: dict[str, Any]) -> None:
    assert draw_both(notice(**changes))[0] is None


def test_odd_rows_make_only_their_own_notice_odd() -> None:
    rows = [notice(1), overdue(2), overdue(3), notice(4, name="Ω"), notice(5)]
    rows[1]["items"][1]["invoice_no"] = "Ω17"
    rows[4]["lines"][0]["label"] = "Такса Ω"

    assert [False, True, False, True, True] == [
        bool(drawn.odd[at]) for drawn, at, _, _ in _each(table(*rows), PRESS)
    ]
