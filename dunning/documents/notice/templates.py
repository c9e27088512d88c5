"""A layout block as a template of PDF operators with slots; the origin is its top left corner."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from reportlab.lib.units import mm

from dunning.documents.notice import layout
from dunning.documents.notice.codes import FastQr, barcode_modules
from dunning.documents.notice.drawing import fit_words, shrink
from dunning.documents.notice.flow import height_of
from dunning.documents.notice.fonts import face
from dunning.documents.notice.layout import (
    Block,
    Box,
    Colour,
    Label,
    Lines,
    Paragraph,
    Picture,
    Style,
    Value,
)

_FONTS = {False: b"/F2+0", True: b"/F3+0"}
_BLACK: Colour = (0.0, 0.0, 0.0)
# Upper limit: a short reference must not become a barcode of very wide bars.
_MODULE_MAX = 0.33 * mm
_BARCODE = next(
    part for part in layout.PAY.parts if isinstance(part, Picture) and part.name == "barcode"
)


@dataclass(frozen=True)
class Slot:
    """A slot in a template.

    kind: "left" takes a text's bytes; "right" how far left of the place it begins, and its bytes;
    "lines" the operators that show them; "qr" and "barcode" those that draw the code. width: what
    it may take, in thousandths of the size; widest: of the face's widest letter.
    """

    name: str
    kind: Literal["left", "right", "lines", "qr", "barcode"]
    is_bold: bool = False
    size: float = 0.0
    width: float = 0.0
    widest: int = 0


@dataclass(frozen=True)
class Template:
    """PDF operators with one or two placeholders (see `Slot.kind`) for each slot, in order."""

    operators: bytes
    slots: tuple[Slot, ...]


@lru_cache(maxsize=512)
def compile_block(
    block: Block, lines: int = 1, labels: tuple[tuple[str, str], ...] = (), form: bytes = b""
) -> Template:
    """Return the template of a block's values.

    Args:
        lines: of the text that it grows by; boxes stretch with it.
        labels: the block's constant words, where they are drawn in their order among the values.
        form: what draws its constant parts, where they are not drawn apart from it: above the
            boxes.
    """
    writer = _OperatorWriter(dict(labels))
    for part in block.parts:
        writer.add(part)
    boxes = [part for part in block.parts if isinstance(part, Box) and part.height is None]
    stretched = b"".join(_box(box, height_of(block, lines)) for box in boxes)
    codes, code_slots = b"", []
    for part in block.parts:
        if isinstance(part, Picture) and part.name != "logo":
            codes += _code(part)
            code_slots.append(Slot(part.name, part.name))
    # Order of drawing: boxes that stretch, constant parts above them, then texts, and codes last;
    # the slots come in the order of the operators.
    return Template(stretched + form + writer.text() + codes, (*writer.slots, *code_slots))


class _OperatorWriter:
    """Build the text operators of a block; positions are relative to the one before (shorter)."""

    def __init__(self, labels: dict[str, str]) -> None:
        self.labels = labels
        self.slots: list[Slot] = []
        self._operators: list[bytes] = []
        self._at: tuple[float, float] | None = (0.0, 0.0)
        self._style: tuple[Colour, bool, float] | None = None

    def text(self) -> bytes:
        """Return all operators as one text object."""
        return b"BT\n" + b"\n".join(self._operators) + b"\nET\n" if self._operators else b""

    def add(self, part: layout.Part) -> None:
        """Append the operators of a part; boxes, rules and pictures are ignored."""
        if isinstance(part, Value):
            self._value(part)
        elif isinstance(part, Lines):
            self._move(part, part.style.size)
            self._operators.append(b"%b TL %%b" % number_of(part.style.leading))
            self.slots.append(Slot(part.name, "lines", part.style.is_bold, part.style.size))
            # The number of lines is known only later: the next part is positioned absolutely.
            self._at = None
        elif isinstance(part, Label) and self.labels:
            self._label(part)
        elif isinstance(part, Paragraph) and self.labels:
            self._paragraph(part)

    def _value(self, part: Value) -> None:
        self._move(part, part.style.size)
        self._operators.append(b"(%b)Tj" if part.align == "left" else b"[%d(%b)]TJ")
        width = part.width * mm * 1000 / part.style.size
        widest = max(face(part.style.is_bold).widths.values())
        self.slots.append(
            Slot(part.name, part.align, part.style.is_bold, part.style.size, width, widest)
        )

    def _label(self, part: Label) -> None:
        own, text = face(part.style.is_bold), self.labels[part.name]
        wide = own.measure(text) if part.align == "right" else 0
        self._move(part, shrink(part, text))
        self._operators.append(_literal(b"[%d(%b)]TJ" % (wide, own.encode(text))))

    def _paragraph(self, part: Paragraph) -> None:
        fitted, own = fit_words(part, self.labels[part.name]), face(part.style.is_bold)
        self._move(part, fitted.size)
        first, *more = [_literal(own.encode(line)) for line in fitted.lines]
        shown = b"".join(b"(%b)'" % line for line in more)
        leading = part.style.leading / part.style.size * fitted.size
        self._operators.append(b"%b TL (%b)Tj%b" % (number_of(leading), first, shown))
        self._at = None

    def _move(self, part: Label | Value | Lines | Paragraph, size: float) -> None:
        self._set_style(part.style, size)
        x, y = part.x * mm, -part.y * mm
        if self._at is None:
            self._operators.append(b"1 0 0 1 %b %b Tm" % (number_of(x), number_of(y)))
            self._at = (round(x, 2), round(y, 2))
        else:
            # Steps are rounded, and the rounded steps are summed: rounding errors do not add up.
            step = (round(x - self._at[0], 2), round(y - self._at[1], 2))
            self._operators.append(b"%b %b Td" % (number_of(step[0]), number_of(step[1])))
            self._at = (self._at[0] + step[0], self._at[1] + step[1])

    def _set_style(self, style: Style, size: float) -> None:
        before = self._style
        if before is None or before[0] != style.colour:
            self._operators.append(b"%b %b %b rg" % tuple(map(number_of, style.colour)))
        if before is None or before[1:] != (style.is_bold, size):
            self._operators.append(b"%b %b Tf" % (_FONTS[style.is_bold], number_of(size)))
        self._style = (style.colour, style.is_bold, size)


@lru_cache(maxsize=100_000)
def number_of(value: float) -> bytes:
    """Return a number with two decimals at most, as short as it can be.

    >>> number_of(12.0), number_of(-0.5), number_of(0.001)
    (b'12', b'-.5', b'0')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    if text in ("0", "-0", ""):
        return b"0"
    return text.replace("0.", ".", 1).encode() if text.startswith(("0.", "-0.")) else text.encode()


def draw_qr(qr: FastQr, tail: bytes) -> bytes:
    """Return the operators that show a payment code in a unit square: one bit per module."""
    size = b"%d" % qr.size
    image = qr.encode(tail).hex().encode()
    return b"BI/W %b/H %b/BPC 1/IM true/D[1 0]/F/AHx ID %b> EI" % (size, size, image)


def draw_barcode(reference: str) -> bytes:
    """Return the operators that draw a reference as a barcode; empty if it has no code."""
    modules = barcode_modules(reference)
    if modules is None:
        return b""
    width, height = module_of(modules) * len(modules), number_of(_BARCODE.height * mm)
    return b"%.3f 0 0 %b 0 0 cm %b" % (width, height, _strip(modules))


def module_of(modules: str) -> float:
    """Return the width of one barcode module in points: as its box allows, up to a maximum."""
    return min(_BARCODE.width * mm / len(modules), _MODULE_MAX)


def _strip(modules: str) -> bytes:
    """Return the operators that show modules as an image of one row, one bit per module."""
    width = (len(modules) + 7) // 8  # in whole bytes
    image = int(modules.ljust(width * 8, "0"), 2).to_bytes(width, "big").hex().encode()
    return b"BI/W %d/H 1/BPC 1/IM true/D[1 0]/F/AHx ID %b> EI" % (len(modules), image)


def _box(box: Box, tall: float) -> bytes:
    place = (box.x * mm, -(box.y + tall) * mm, box.width * mm, tall * mm)
    return b"%b %b %b rg %b %b %b %b re f\n" % tuple(map(number_of, (*box.fill, *place)))


def _code(part: Picture) -> bytes:
    """Return the operators that position a code.

    A payment code fills its box; a barcode begins at the lower left corner.
    """
    x, y = number_of(part.x * mm), number_of(-(part.y + part.height) * mm)
    if part.name == "barcode":
        return b"q 0 g 1 0 0 1 %b %b cm %%b Q\n" % (x, y)
    width, height = number_of(part.width * mm), number_of(part.height * mm)
    return b"q 0 g %b 0 0 %b %b %b cm %%b Q\n" % (width, height, x, y)


def _literal(operators: bytes) -> bytes:
    """Return operators with each percent sign doubled, so that it is not a placeholder."""
    return operators.replace(b"%", b"%%")
