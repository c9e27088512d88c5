"""Drawing of a block's parts on a ReportLab canvas.

Constant parts are drawn so for both renderers, the values of one notice for the plain renderer.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from io import StringIO
from unicodedata import bidirectional

from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import Drawing
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from svglib.svglib import svg2rlg

from dunning.core.errors import DunningError
from dunning.documents.notice.fonts import can_draw, face, whole_face
from dunning.documents.notice.layout import (
    PAGE_HEIGHT,
    Align,
    Block,
    Box,
    Label,
    Lines,
    Paragraph,
    Picture,
    Rule,
    Style,
    Value,
)
from dunning.documents.notice.wrapping import Fitted, fit

_UNDRAWABLE = "?"
_END_OF_TABLE = "\uffff"  # every font has it, and no letter for it


class Pen:
    """Draw on a canvas relative to `top`.

    `top` is in millimetres from the top of the page, positions are in millimetres below it.
    """

    def __init__(self, canvas: Canvas, top: float = 0.0) -> None:
        self.canvas, self.top = canvas, top

    def x(self, x: float) -> float:
        """Return the canvas's x coordinate (points) for a part's x (millimetres)."""
        return x * mm

    def y(self, y: float) -> float:
        """Return the canvas's y (points from the bottom) for a part's y (millimetres)."""
        return (PAGE_HEIGHT - self.top - y) * mm

    def text(
        self, x: float, y: float, style: Style, text: str, align: Align = "left", size: float = 0
    ) -> None:
        """Draw one line."""
        size = size or style.size
        shift = face(style.is_bold).measure(text) * size / 1000 if align == "right" else 0.0
        self.canvas.setFillColorRGB(*style.colour)
        self.canvas.setFont(_font_for(text, style.is_bold), size)
        self.canvas.drawString(self.x(x) - shift, self.y(y), text)

    def lines(self, x: float, y: float, style: Style, fitted: Fitted) -> None:
        """Draw lines one below the other."""
        # The line spacing shrinks with the font size.
        leading = style.leading / style.size * fitted.size / mm
        for number, line in enumerate(fitted.lines):
            self.text(x, y + number * leading, style, line, size=fitted.size)

    def rule(self, rule: Rule) -> None:
        """Draw a horizontal line."""
        self.canvas.setStrokeColorRGB(*rule.colour)
        self.canvas.setLineWidth(rule.thickness * mm)
        self.canvas.line(
            self.x(rule.x), self.y(rule.y), self.x(rule.x + rule.width), self.y(rule.y)
        )

    def box(self, box: Box, height: float) -> None:
        """Draw a filled rectangle; `height` is the height of its block."""
        tall = height if box.height is None else box.height
        self.canvas.setFillColorRGB(*box.fill)
        self.canvas.rect(
            self.x(box.x), self.y(box.y + tall), box.width * mm, tall * mm, stroke=0, fill=1
        )

    def picture(self, picture: Picture, drawing: Drawing) -> None:
        """Draw the logo as large as its box allows."""
        scale = min(picture.width * mm / drawing.width, picture.height * mm / drawing.height)
        self.canvas.saveState()
        # A drawing's origin is its lower left corner, a part's is its upper left one.
        self.canvas.translate(self.x(picture.x), self.y(picture.y) - drawing.height * scale)
        self.canvas.scale(scale, scale)
        renderPDF.draw(drawing, self.canvas, 0, 0)
        self.canvas.restoreState()


def draw_constants(pen: Pen, block: Block, labels: Mapping[str, str] | None, logo: str) -> None:
    """Draw the parts that are the same on each notice, without boxes that stretch with the block.

    labels: the words; None leaves them out.
    """
    for part in block.parts:
        if isinstance(part, Label) and labels is not None:
            pen.text(
                part.x,
                part.y,
                part.style,
                labels[part.name],
                part.align,
                shrink(part, labels[part.name]),
            )
        elif isinstance(part, Paragraph) and labels is not None:
            pen.lines(part.x, part.y, part.style, fit_words(part, labels[part.name]))
        elif isinstance(part, Rule):
            pen.rule(part)
        elif isinstance(part, Box) and part.height is not None:
            pen.box(part, 0)
        elif isinstance(part, Picture) and part.name == "logo" and logo:
            pen.picture(part, read_logo(logo))


def draw_boxes(pen: Pen, block: Block, height: float) -> None:
    """Draw the boxes that stretch with the block."""
    for part in block.parts:
        if isinstance(part, Box) and part.height is None:
            pen.box(part, height)


def draw_values(
    pen: Pen, block: Block, values: Mapping[str, str], lines: Mapping[str, Fitted | None]
) -> None:
    """Draw the values of one notice; a value that is too wide is drawn smaller."""
    for part in block.parts:
        if isinstance(part, Value) and values.get(part.name):
            text = make_drawable(values[part.name])
            pen.text(part.x, part.y, part.style, text, part.align, shrink(part, text))
        elif isinstance(part, Lines):
            found = lines.get(part.name)
            if found is not None:
                drawn = Fitted(tuple(make_drawable(line) for line in found.lines), found.size)
                pen.lines(part.x, part.y, part.style, drawn)


def draw_cells(pen: Pen, block: Block, cells: Sequence[str]) -> None:
    """Draw one row of a table."""
    names = [part.name for part in block.parts if isinstance(part, Value)]
    draw_values(pen, block, dict(zip(names, cells, strict=True)), {})


def fit_words(part: Paragraph, text: str) -> Fitted:
    """Return constant words, wrapped into lines."""
    return fit(text.split("\n"), part.style, part.width, part.most)


def shrink(part: Label | Value, text: str) -> float:
    """Return the largest font size, up to the style's, at which a line fits its width."""
    wide = face(part.style.is_bold).measure(text) * part.style.size / 1000
    return part.style.size * min(1.0, part.width * mm / wide) if wide else part.style.size


def make_drawable(text: str) -> str:
    """Return a text with „?“ for each character that cannot be drawn.

    Such characters are missing in the whole face, or run from right to left.

    >>> make_drawable("Ива\\N{GRINNING FACE} Łódź \\N{HEBREW LETTER ALEF}")
    'Ива? Łódź ?'
    """
    if face(False).knows(text):
        return text
    return "".join(char if _is_drawable(char) else _UNDRAWABLE for char in text)


@lru_cache(maxsize=10_000)
def _is_drawable(char: str) -> bool:
    # Right-to-left text would need reordering, which the canvas does not do.
    return can_draw(char) and bidirectional(char) not in ("R", "AL", "AN") and char != _END_OF_TABLE


@lru_cache(maxsize=8)
def read_logo(svg: str) -> Drawing:
    """Return the supplier's logo as a ReportLab drawing.

    Raises:
        DunningError: it is not SVG.
    """
    drawing = svg2rlg(StringIO(svg))
    if drawing is None or not drawing.width or not drawing.height:
        raise DunningError(
            "profile.toml: `logo` cannot be drawn. Give SVG with a viewBox, made of paths and shapes."
        )
    return drawing


def _font_for(text: str, is_bold: bool) -> str:
    return face(is_bold).name if face(is_bold).knows(text) else str(whole_face(is_bold).fontName)
