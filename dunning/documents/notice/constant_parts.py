"""The parts of a notice that are constant in a run, made once by ReportLab: fonts and blocks."""

from dataclasses import dataclass
from functools import cached_property
from io import BytesIO

from reportlab.lib.units import mm

from dunning.core.words import LANGUAGES
from dunning.documents.notice import layout
from dunning.documents.notice.canvas_renderer import open_canvas
from dunning.documents.notice.codes import FastQr
from dunning.documents.notice.drawing import Pen, draw_constants
from dunning.documents.notice.fonts import face
from dunning.documents.notice.layout import (
    PAGE_HEIGHT,
    PAGE_WIDTH,
    Block,
    Box,
    Label,
    Paragraph,
    Picture,
    Rule,
)
from dunning.documents.notice.pdf_file import Objects, constants_of
from dunning.documents.notice.run_constants import Press
from dunning.documents.notice.wording import Wording

BLOCKS = tuple(block for block in vars(layout).values() if isinstance(block, Block))
# Longest tail of a payment code that the fast renderer draws; longer ones are drawn plainly.
_TAIL_BYTES_MAX = 56


@dataclass(frozen=True)
class Stationery:
    """The constant objects of a service's notices in both languages.

    is_tagged: labels are not among them, because they come between the values, in the order in
    which they are read.
    """

    press: Press
    service: str
    is_tagged: bool = False

    def __post_init__(self) -> None:
        _ = self.wordings  # a mistake in either language raises before anything is printed

    @cached_property
    def wordings(self) -> dict[str, Wording]:
        """The words by language."""
        return {language: self.press.open_wording(language, self.service) for language in LANGUAGES}

    @cached_property
    def qr(self) -> FastQr:
        """The encoder of payment codes."""
        return FastQr(self.press.payment_head(), _TAIL_BYTES_MAX)

    @cached_property
    def objects(self) -> Objects:
        """Fonts, and a form for each block with constant parts; see `forms`."""
        target = BytesIO()
        canvas = open_canvas(target)
        for language in (
            LANGUAGES[:1] if self.is_tagged else LANGUAGES
        ):  # shapes alone are the same in all of them
            for block in filter(self.has_form, BLOCKS):
                name = self._form_of(block, language)
                # A form is drawn once and used on every page: its content is in the file only once.
                canvas.beginForm(name, 0, -PAGE_HEIGHT * mm, PAGE_WIDTH * mm, PAGE_HEIGHT * mm)
                labels = None if self.is_tagged else self.wordings[language].labels
                draw_constants(Pen(canvas, PAGE_HEIGHT), block, labels, self.press.profile.logo)
                canvas.endForm()
                canvas.doForm(name)
        for is_bold in (False, True):  # so that the page names them
            canvas.setFont(face(is_bold).name, 9)
            canvas.drawString(0, 0, " ")
        canvas.showPage()
        canvas.save()
        return constants_of(target.getvalue())

    def forms(self, language: str) -> dict[Block, bytes]:
        """Return the operators that draw each block's constant parts; empty if it has none."""
        names = {block: self._form_of(block, language).encode() for block in BLOCKS}
        return {
            block: b"/FormXob.%b Do\n" % name if self.has_form(block) else b""
            for block, name in names.items()
        }

    def has_form(self, block: Block) -> bool:
        """Return whether a block has constant parts in a form of its own."""
        words = () if self.is_tagged else (Label, Paragraph)
        shapes = [
            part
            for part in block.parts
            if isinstance(part, Rule) or (isinstance(part, Box) and part.height)
        ]
        has_logo = any(isinstance(part, Picture) and part.name == "logo" for part in block.parts)
        return bool(shapes) or has_logo or any(isinstance(part, words) for part in block.parts)

    def _form_of(self, block: Block, language: str) -> str:
        return block.name if self.is_tagged else f"{block.name}.{language}"
