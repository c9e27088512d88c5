"""An account's story as a PDF for the complaint file, with all that the page shows."""

import io
from collections.abc import Sequence
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    KeepTogether,
    LongTable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    TableStyle,
)

from dunning.decisions.account.story import Story
from dunning.documents.notice.fonts import story_face
from dunning.documents.pages.story_tables import StoryTable, story_tables
from dunning.documents.pages.why_text import describe_stage, explain_stage
from dunning.documents.words import word_of

_WIDTH, _MARGIN = landscape(A4)[0], 14 * mm
_LINE = colors.HexColor("#c3cad2")


def render_story_pdf(
    story: Story, head: Sequence[tuple[str, str]], more: Sequence[StoryTable]
) -> bytes:
    """Return a story as PDF; the same story gives the same bytes.

    Args:
        head: more facts at the top: codes of `story_fact` of the words, and values.
        more: tables that follow those of the story; one without rows is left out.
    """
    out = io.BytesIO()
    title = f"Партида {story.premise_no} / {story.payer_code} към {story.as_of:%d.%m.%Y} г."
    page = SimpleDocTemplate(
        out,
        pagesize=landscape(A4),
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=16 * mm,
        title=title,
        lang="bg",
        invariant=1,
    )
    parts: list[Any] = [
        _text(title, 16, is_bold=True),
        Spacer(1, 3 * mm),
        _facts(story, head),
        Spacer(1, 3 * mm),
    ]
    parts += _stage_part(story)
    for table in (*story_tables("bg", story), *more):
        if table.rows:
            parts += _table(table.title("bg"), table.headings("bg"), table.rows)
    page.build(parts, canvasmaker=_numbered(title))
    return out.getvalue()


def _text(text: str, size: float = 8, *, is_bold: bool = False) -> Paragraph:
    style = ParagraphStyle(
        "text", fontName=_font(is_bold=is_bold), fontSize=size, leading=size * 1.28
    )
    return Paragraph(text.replace("&", "&amp;").replace("<", "&lt;"), style)


def _font(*, is_bold: bool) -> str:
    """Return the name of a font face like that of the notices."""
    return str(story_face(is_bold).fontName)


def _facts(story: Story, head: Sequence[tuple[str, str]]) -> LongTable:
    rows = [
        ("premise_no", story.premise_no),
        ("payer_code", story.payer_code),
        ("service", word_of("bg", story.service)),
        ("rules", story.version),
        *head,
    ]
    cells = [
        [_text(word_of("bg", fact, "story_fact")), _text(value, is_bold=True)]
        for fact, value in rows
    ]
    return LongTable(
        cells, colWidths=[60 * mm, _WIDTH - 2 * _MARGIN - 60 * mm], style=_style(0), hAlign="LEFT"
    )


def _stage_part(story: Story) -> list[Any]:
    stage = word_of("bg", story.account["stage"])
    title = f"Етап: {stage} (правило: {explain_stage('bg', story).rule})"
    lines = [_text(line, 9) for line in describe_stage(story)]
    return [_text(title, 11, is_bold=True), *lines, Spacer(1, 4 * mm)]


def _table(name: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Any]:
    cells = [
        [_text(column, is_bold=True) for column in columns],
        *([_text(cell) for cell in row] for row in rows),
    ]
    table = LongTable(
        cells, colWidths=_widths(columns, rows), repeatRows=1, style=_style(1), hAlign="LEFT"
    )
    title = _text(name, 11, is_bold=True)
    first = (
        [title, Spacer(1, 1 * mm), table]
        if len(rows) > 8
        else [KeepTogether([title, Spacer(1, 1 * mm), table])]
    )
    return [*first, Spacer(1, 4 * mm)]


def _widths(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[float]:
    """Return the column widths, from the longest words and the texts.

    Numbers and days stay on one line.
    """
    wanted, plain, bold = [], story_face(False), story_face(True)
    for place, column in enumerate(columns):
        cells = [column, *(row[place] for row in rows)]
        word = max(
            bold.stringWidth(part, 8) for cell in cells for part in (cell.split(" ") or [""])
        )
        whole = max(plain.stringWidth(cell, 8) for cell in cells)
        wanted.append((min(word, 200) + 6, min(whole, 400) + 8))
    room = _WIDTH - 2 * _MARGIN
    least, best = sum(low for low, _ in wanted), sum(high for _, high in wanted)
    if best <= room:
        return [high for _, high in wanted]
    # Every column gets its longest word; the room left is shared by what they want beyond it:
    #   low |-----|  wanted beyond it |- - - - -|     width = low + share * (high - low)
    share = max(room - least, 0) / max(best - least, 1)
    return [low + (high - low) * share for low, high in wanted]


def _style(head_rows: int) -> TableStyle:
    commands: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 2),
        ("RIGHTPADDING", (0, 0), (-1, -1), 3),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
    if head_rows:
        commands.append(("BACKGROUND", (0, 0), (-1, head_rows - 1), colors.HexColor("#eef1f4")))
    return TableStyle(commands)


def _numbered(title: str) -> type[Canvas]:
    """Return a canvas class that writes the title and `page of pages` at the foot of each page."""

    class Numbered(Canvas):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self._states: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - ReportLab's name
            # The number of pages is known only at the end: pages are kept, and written in `save`.
            self._states.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, state in enumerate(self._states, 1):
                self.__dict__.update(state)
                self.setFont(_font(is_bold=False), 8)
                self.drawString(_MARGIN, 9 * mm, title)
                self.drawRightString(
                    _WIDTH - _MARGIN, 9 * mm, f"стр. {number} от {len(self._states)}"
                )
                super().showPage()
            super().save()

    return Numbered
