"""The yardstick for notices: the same page by Platypus, as anybody would write it, with a cheap
payment code.
"""

from collections.abc import Iterator
from io import BytesIO

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    Flowable,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from dunning.documents.notice.codes import FastQr
from dunning.documents.notice.content import Content
from dunning.documents.notice.fonts import face
from dunning.documents.notice.run_constants import Press
from dunning.documents.notice.templates import draw_qr


class CheapQr(Flowable):
    """A payment code at next to no cost: our own, which the yardstick gets as a gift."""

    def __init__(self, qr: FastQr, tail: str, side: float) -> None:
        super().__init__()
        self.qr, self.tail, self.width, self.height = qr, tail, side, side

    def draw(self) -> None:
        self.canv.scale(self.width, self.height)
        self.canv._code.append(draw_qr(self.qr, self.tail.encode()).decode())


class PlatypusNotices:
    """Builds notices out of flowables; styles are made once."""

    def __init__(self, press: Press) -> None:
        regular, bold = face(False).name, face(True).name
        self.qr = FastQr(press.payment_head(), 56)
        self.body = ParagraphStyle("body", fontName=regular, fontSize=9, leading=12)
        self.strong = ParagraphStyle("strong", parent=self.body, fontName=bold)
        self.small = ParagraphStyle("small", parent=self.body, fontSize=8, leading=10)
        self.figure = ParagraphStyle("figure", parent=self.strong, alignment=TA_RIGHT)
        self.title = ParagraphStyle("title", parent=self.strong, fontSize=14, leading=18)
        self.lead = ParagraphStyle(
            "lead", parent=self.strong, fontSize=11, leading=14, textColor=colors.darkred
        )
        self.grid = TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), regular, 9),
                ("FONT", (0, 0), (-1, 0), bold, 8),
                ("BACKGROUND", (0, 0), (-1, 0), colors.whitesmoke),
                ("ALIGN", (2, 0), (-1, -1), "RIGHT"),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
                ("TOPPADDING", (0, 0), (-1, -1), 1),
            ]
        )

    def write(self, content: Content, some: range) -> bytes:
        """Return one file of these notices."""
        target = BytesIO()
        document = SimpleDocTemplate(
            target,
            pagesize=(210 * mm, 297 * mm),
            leftMargin=25 * mm,
            rightMargin=20 * mm,
            topMargin=10 * mm,
            bottomMargin=12 * mm,
            invariant=1,
        )
        document.build(
            [flowable for n in some for flowable in (*self._notice(content, n), PageBreak())]
        )
        return target.getvalue()

    def _notice(self, content: Content, n: int) -> Iterator[Flowable]:
        labels, values = (
            content.wording.labels,
            {name: column[n] for name, column in content.values.items()},
        )
        names = ("supplier", "supplier_numbers", "supplier_address")
        supplier = Paragraph("<br/>".join(labels[name] for name in names), self.small)
        reach = Paragraph(
            "<br/>".join(labels[name] for name in ("phone", "hours", "online")), self.small
        )
        yield Table([[supplier, reach]], colWidths=[100 * mm, 65 * mm])
        yield Spacer(1, 12 * mm)
        recipient = content.lines["recipient"][n]
        facts = [
            [Paragraph(labels[f"{name}_label"], self.small), Paragraph(values[name], self.figure)]
            for name in ("premise_no", "payer_code", "date", "period", "due", "total")
        ]
        address = Paragraph("<br/>".join(_safe(line) for line in recipient.lines), self.body)
        yield Table(
            [[address, Table(facts, colWidths=[35 * mm, 40 * mm])]], colWidths=[85 * mm, 80 * mm]
        )
        yield Paragraph(labels["title"], self.title)
        yield Paragraph(_safe(" ".join(content.lines["service_address"][n].lines)), self.body)
        if warning := content.lines["warning"][n]:
            yield Paragraph(f"{labels['warning_title']} {values['warning_amount']}", self.lead)
            yield Paragraph(" ".join(warning.lines), self.body)
        widths = [75 * mm, 20 * mm, 20 * mm, 22 * mm, 28 * mm]
        yield Table(list(self._bills(content, n)), colWidths=widths, style=self.grid)
        if overdue := content.lines["overdue"][n]:
            yield Paragraph(f"{labels['overdue_title']} {values['overdue_amount']}", self.lead)
            yield Paragraph(" ".join(overdue.lines), self.body)
            yield Table(list(self._items(content, n)), style=self.grid)
        for note in content.notes[n]:
            yield Paragraph(" ".join(note.lines), self.body)
        if content.tails[n]:
            ways = Paragraph(labels["pay_ways"].replace("\n", "<br/>"), self.small)
            yield Table(
                [[ways, CheapQr(self.qr, content.tails[n], 34 * mm)]], colWidths=[125 * mm, 40 * mm]
            )
            yield Paragraph(f"{labels['remittance_label']} {values['remittance']}", self.strong)
        yield Code128(values["reference"], barHeight=9 * mm, barWidth=0.3 * mm)
        yield Paragraph(values["reference"], self.small)

    def _bills(self, content: Content, n: int) -> Iterator[list[str]]:
        labels = content.wording.labels
        yield [labels[f"line_{name}"] for name in ("label", "unit", "quantity", "price", "amount")]
        for kind, cells in content.bills.cells[content.bills.at[n] : content.bills.at[n + 1]]:
            is_whole = kind == "line"
            yield list(cells) if is_whole else [cells[0], "", "", "", *(cells[1:] or [""])]

    def _items(self, content: Content, n: int) -> Iterator[list[str]]:
        labels = content.wording.labels
        yield [
            labels.get(f"item_{name}", "")
            for name in ("number", "period", "due", "days", "original", "open")
        ]
        for _, cells in content.items.cells[content.items.at[n] : content.items.at[n + 1]]:
            yield list(cells)


def _safe(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")
