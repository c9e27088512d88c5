"""Plain renderer: draws a notice part by part on ReportLab's canvas.

It can draw what the fast renderer cannot; tests compare the fast renderer with it.
"""

import re
from io import BytesIO

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from dunning.documents.notice import layout
from dunning.documents.notice.codes import barcode_modules, may_be_coded, plain_matrix, version_for
from dunning.documents.notice.content import Content
from dunning.documents.notice.drawing import (
    Pen,
    draw_boxes,
    draw_cells,
    draw_constants,
    draw_values,
)
from dunning.documents.notice.flow import Placed, spread
from dunning.documents.notice.fonts import prepare_codes
from dunning.documents.notice.layout import Block, Picture
from dunning.documents.notice.run_constants import Press
from dunning.documents.notice.templates import module_of

PAGE_SIZE = (layout.PAGE_WIDTH * mm, layout.PAGE_HEIGHT * mm)


def open_canvas(target: BytesIO) -> Canvas:
    """Return an empty document that gives the same bytes for the same content."""
    canvas = Canvas(target, pagesize=PAGE_SIZE, invariant=1, pageCompression=1)
    # The same font names and codes as in the file that takes in these pages.
    prepare_codes(canvas._doc)
    return canvas


class PlainNotice:
    """Draw notice n of a content on a canvas of its own."""

    def __init__(self, content: Content, n: int, press: Press) -> None:
        self.content, self.n, self.press = content, n, press
        self.values = {name: column[n] for name, column in content.values.items()}
        self.lines = {name: column[n] for name, column in content.lines.items()}

    def render(self) -> bytes:
        """Return the pages of the notice and its card as one PDF file."""
        target = BytesIO()
        self.canvas = open_canvas(target)
        pages = spread(self.content.shape(self.n))
        card = self.content.needs_card[self.n]
        for number, page in enumerate(pages):
            self._page(number, len(pages) + card, page)
            self.canvas.showPage()
        if card:
            self._block(
                layout.CARD,
                0,
                {**self.values, **{k: v[self.n] for k, v in self.content.card.items()}},
            )
            self._foot(len(pages), len(pages) + 1)
            self.canvas.showPage()
        self.canvas.save()
        return target.getvalue()

    def _page(self, number: int, pages: int, page: tuple[Placed, ...]) -> None:
        if number == 0:
            self._block(layout.HEAD, 0)
            self._block(layout.ADDRESSEE, 0)
            self._block(layout.PAY if self.content.tails[self.n] else layout.PAY_NOTHING, 0)
        else:
            write_block = self.content.wording.write_block
            numbers = write_block(
                "numbers",
                premise_no=self.values["premise_no"],
                payer_code=self.values["payer_code"],
            )
            self._block(layout.NEXT_HEAD, 0, {"numbers": numbers})
        for placed in page:
            self._placed(placed)
        self._foot(number, pages)

    def _foot(self, number: int, pages: int) -> None:
        text = self.content.wording.write_block("page", page=number + 1, pages=pages)
        self._block(layout.FOOT, 0, {"page": text, "reference": self.values["reference"]})

    def _placed(self, placed: Placed) -> None:
        block = placed.block
        if block is layout.BILL_ROW or block is layout.ITEM_ROW:
            self._rows(placed)
        elif block is layout.NOTE:
            draw_values(
                Pen(self.canvas, placed.top),
                block,
                {},
                {"note": self.content.notes[self.n][placed.first]},
            )
        else:
            self._block(block, placed.top, height=placed.height)

    def _block(
        self, block: Block, top: float, values: dict[str, str] | None = None, height: float = 0
    ) -> None:
        pen = Pen(self.canvas, top)
        # Boxes first: texts are drawn above them.
        draw_boxes(pen, block, height)
        draw_constants(pen, block, self.content.wording.labels, self.press.profile.logo)
        draw_values(pen, block, self.values if values is None else values, self.lines)
        for part in block.parts:
            if isinstance(part, Picture):
                self._code(pen, part)

    def _rows(self, placed: Placed) -> None:
        rows = self.content.bills if placed.block is layout.BILL_ROW else self.content.items
        start = rows.at[self.n] + placed.first
        for number, (kind, cells) in enumerate(rows.cells[start : start + placed.count]):
            draw_cells(
                Pen(self.canvas, placed.top + number * layout.ROW_HEIGHT), layout.ROWS[kind], cells
            )

    def _code(self, pen: Pen, picture: Picture) -> None:
        self.canvas.setFillColorRGB(0, 0, 0)
        if picture.name == "qr" and self.content.tails[self.n]:
            self._qr(pen, picture)
        elif picture.name == "barcode":
            self._barcode(pen, picture)

    def _qr(self, pen: Pen, picture: Picture) -> None:
        text = self.press.payment_head() + self.content.tails[self.n]
        if not may_be_coded(text):  # the remittance is printed as text, too
            return
        matrix = plain_matrix(text, version_for(len(text.encode())))
        side = picture.width * mm / len(matrix)
        left, top = pen.x(picture.x), pen.y(picture.y)
        path = self.canvas.beginPath()
        for row, modules in enumerate(matrix):
            for column, is_dark in enumerate(modules):
                if is_dark:
                    path.rect(left + column * side, top - (row + 1) * side, side, side)
        self.canvas.drawPath(path, stroke=0, fill=1)

    def _barcode(self, pen: Pen, picture: Picture) -> None:
        modules = barcode_modules(self.values["reference"])
        if (
            modules is None
        ):  # a letter that the barcode does not have: the reference stands in print all the same
            return
        side, left, bottom = module_of(modules), pen.x(picture.x), pen.y(picture.y + picture.height)
        # One rectangle per bar, so that no gap can show between its modules.
        for bar in re.finditer("1+", modules):
            width = (bar.end() - bar.start()) * side
            self.canvas.rect(
                left + bar.start() * side, bottom, width, picture.height * mm, stroke=0, fill=1
            )
