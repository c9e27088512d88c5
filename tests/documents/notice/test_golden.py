"""Every variant as it is seen, beside a picture that somebody has looked at and found right (150
dots per inch).

    .venv/bin/python -m tests.documents.notice.test_golden

draws the pictures anew; look at each before it is committed.
"""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from dunning.documents.notice.printing import print_batches, print_singles
from tests.documents.notice.notices import PRESS, notice, overdue, table, variants, warned

GOLDEN = Path(__file__).parent / "golden"
PICTURES = Path(__file__).resolve().parents[3] / "docs" / "pictures"
DOTS_PER_INCH = 150
SPOT = 10  # pixels
SPOT_TOLERANCE = 14.0  # of 255
NAMES = {
    1: "nothing-overdue",
    2: "overdue",
    3: "last-warning",
    4: "continued",
    5: "english",
    6: "english-warning",
    8: "nothing-to-pay",
    9: "agreement",
    10: "expired-held-card",
    11: "warning-past",
    12: "leva",
    14: "million",
    16: "many-lines",
    17: "long-address",
    19: "hostile",
    25: "what-adds-nothing",
}
ROWS = {NAMES[n]: row for n, row in enumerate(variants(), 1) if n in NAMES}


def render(document: bytes, dots_per_inch: int = DOTS_PER_INCH) -> list[Image.Image]:
    with pypdfium2.PdfDocument(document) as pdf:
        return [page.render(scale=dots_per_inch / 72).to_pil().convert("RGB") for page in pdf]


def draw(row: dict[str, Any]) -> list[Image.Image]:
    (single,) = print_singles(table(row), PRESS)
    return render(single.content)


def draw_separator(folder: Path) -> list[Image.Image]:
    (batch,) = print_batches([table(notice())], PRESS, 5000, "0001-Banishora", folder)
    return render((folder / batch.file).read_bytes())[:1]


def darkness(picture: Image.Image) -> np.ndarray:
    """Return the mean of each spot, colour by colour."""
    pixels = np.asarray(picture.convert("RGB"), np.float64)
    rows, columns = (size // SPOT * SPOT for size in pixels.shape[:2])
    return (
        pixels[:rows, :columns]
        .reshape(rows // SPOT, SPOT, columns // SPOT, SPOT, 3)
        .mean(axis=(1, 3))
    )


def assert_like(name: str, pages: list[Image.Image]) -> None:
    kept = sorted(GOLDEN.glob(f"{name}-[0-9].png"))
    assert len(kept) == len(pages)
    for path, page in zip(kept, pages, strict=True):
        with Image.open(path) as golden:
            assert golden.size == page.size
            apart = np.abs(darkness(golden) - darkness(page))
        place = np.unravel_index(apart.argmax(), apart.shape)
        assert apart.max() < SPOT_TOLERANCE, (
            f"{path.name} differs about pixel {place[1] * SPOT}, {place[0] * SPOT}"
        )


@pytest.mark.parametrize("name", ROWS)
def test_a_variant_looks_as_it_was_found_right(name: str) -> None:
    assert_like(name, draw(ROWS[name]))


def test_a_separator_sheet_looks_as_it_was_found_right(tmp_path: Path) -> None:
    assert_like("separator", draw_separator(tmp_path))


def test_a_moved_line_is_noticed() -> None:
    pages = draw(ROWS["overdue"])
    pages[0].paste(pages[0].crop((0, 700, 1240, 900)), (0, 703))

    with pytest.raises(AssertionError, match="overdue-1"):
        assert_like("overdue", pages)


def main() -> None:
    """Draw all pictures anew, and those of the README."""
    import tempfile

    GOLDEN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        drawn = {name: draw(row) for name, row in ROWS.items()} | {
            "separator": draw_separator(Path(folder))
        }
    for name, pages in drawn.items():
        for number, page in enumerate(pages, 1):
            page.quantize(128).save(GOLDEN / f"{name}-{number}.png", optimize=True)
    _picture_for_readers()


def _picture_for_readers() -> None:
    """Put the three variants beside each other."""
    pages = []
    for row in (notice(1), overdue(2), warned(3)):
        (single,) = print_singles(table(row), PRESS)
        pages.append(render(single.content, 72)[0])
    wide, tall = pages[0].size
    sheet = Image.new("RGB", (3 * wide + 4 * 16, tall + 2 * 16), (208, 208, 206))
    for place, page in enumerate(pages):
        sheet.paste(page, (16 + place * (wide + 16), 16))
    target = BytesIO()
    sheet.quantize(64).save(target, "PNG", optimize=True)
    (PICTURES / "notices.png").write_bytes(target.getvalue())


if __name__ == "__main__":
    main()
