"""The other yardstick for notices: the same page by fpdf2, straightforwardly."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import segno
from fpdf import FPDF

from dunning.documents.notice.content import Content
from dunning.documents.notice.fonts import _small_file
from dunning.documents.notice.run_constants import Press


class FpdfNotices:
    """Draws notices on an FPDF document; fonts are added to each document, as its users do."""

    def __init__(self, press: Press, folder: Path) -> None:
        self.head = press.payment_head()
        self.fonts = {False: folder / "regular.ttf", True: folder / "bold.ttf"}
        for is_bold, path in self.fonts.items():
            path.write_bytes(_small_file(is_bold))

    def write(self, content: Content, some: range) -> bytes:
        """Return one file of these notices."""
        pdf = FPDF(format="A4")
        pdf.set_creation_date(datetime(2026, 11, 22, tzinfo=UTC))
        pdf.set_auto_page_break(True, 12)
        pdf.add_font("notice", "", str(self.fonts[False]))
        pdf.add_font("notice", "B", str(self.fonts[True]))
        for n in some:
            self._notice(pdf, content, n)
        return bytes(pdf.output())

    def _notice(self, pdf: FPDF, content: Content, n: int) -> None:
        labels, values = (
            content.wording.labels,
            {name: column[n] for name, column in content.values.items()},
        )
        pdf.add_page()
        pdf.set_margins(25, 10, 20)
        left, right = (
            ("supplier", "supplier_numbers", "supplier_address"),
            ("phone", "hours", "online"),
        )
        for row, names in enumerate(zip(left, right, strict=True)):
            self._line(pdf, 25, 16 + 4 * row, labels[names[0]], 8)
            self._right(pdf, 190, 16 + 4 * row, labels[names[1]], 8)
        for row, line in enumerate(content.lines["recipient"][n].lines):
            self._line(pdf, 25, 58 + row * 4.5, line, 10.5)
        for row, name in enumerate(("premise_no", "payer_code", "date", "period", "due", "total")):
            self._line(pdf, 120, 52 + row * 6, labels[f"{name}_label"], 8)
            self._right(pdf, 190, 52 + row * 6, values[name], 11, "B")
        self._line(pdf, 25, 100, labels["title"], 14, "B")
        self._line(pdf, 38, 106, " ".join(content.lines["service_address"][n].lines), 9)
        pdf.set_xy(25, 110)
        if warning := content.lines["warning"][n]:
            self._paragraph(pdf, f"{labels['warning_title']} {values['warning_amount']}", 13, "B")
            self._paragraph(pdf, " ".join(warning.lines), 9)
        self._bills(pdf, content, n)
        if overdue := content.lines["overdue"][n]:
            self._paragraph(pdf, f"{labels['overdue_title']} {values['overdue_amount']}", 11, "B")
            self._paragraph(pdf, " ".join(overdue.lines), 9)
            self._items(pdf, content, n)
        for note in content.notes[n]:
            self._paragraph(pdf, " ".join(note.lines), 9)
        if content.tails[n]:
            pdf.set_xy(25, 234)
            self._paragraph(pdf, labels["pay_ways"], 8)
            self._qr(pdf, self.head + content.tails[n])
            self._line(pdf, 25, 265, f"{labels['remittance_label']} {values['remittance']}", 9, "B")
        self._barcode(pdf, values["reference"])
        self._line(pdf, 25, 281, values["reference"], 6.5)

    def _bills(self, pdf: FPDF, content: Content, n: int) -> None:
        for kind, cells in content.bills.cells[content.bills.at[n] : content.bills.at[n + 1]]:
            y = pdf.get_y() + 4.7
            self._line(pdf, 27, y, cells[0], 9, "" if kind == "line" else "B")
            for x, cell in zip((115, 133, 160, 188)[5 - len(cells) :], cells[1:], strict=True):
                self._right(pdf, x, y, cell, 9)
            pdf.set_xy(25, y)

    def _items(self, pdf: FPDF, content: Content, n: int) -> None:
        for _, cells in content.items.cells[content.items.at[n] : content.items.at[n + 1]]:
            y = pdf.get_y() + 4.7
            for x, cell in zip((27, 66, 110), cells, strict=False):
                self._line(pdf, x, y, cell, 9)
            for x, cell in zip((145, 167, 188), cells[3:], strict=True):
                self._right(pdf, x, y, cell, 9)
            pdf.set_xy(25, y)

    def _line(self, pdf: FPDF, x: float, y: float, text: str, size: float, style: str = "") -> None:
        pdf.set_font("notice", style, size)
        pdf.text(x, y, text)

    def _right(
        self, pdf: FPDF, x: float, y: float, text: str, size: float, style: str = ""
    ) -> None:
        pdf.set_font("notice", style, size)
        pdf.text(x - pdf.get_string_width(text), y, text)

    def _paragraph(self, pdf: FPDF, text: str, size: float, style: str = "") -> None:
        pdf.set_font("notice", style, size)
        pdf.set_x(25)
        pdf.multi_cell(165, size * 0.47, text, new_x="LMARGIN", new_y="NEXT")

    def _qr(self, pdf: FPDF, text: str) -> None:
        code = segno.make(text, error="M", boost_error=False, mode="byte", version=9, mask=2)
        image = BytesIO()
        code.save(image, kind="png", scale=1, border=0)
        pdf.image(image, x=156, y=233, w=34)

    def _barcode(self, pdf: FPDF, text: str) -> None:
        pdf.code39(f"*{text[:12]}*", x=25, y=269, w=0.3, h=9)  # fpdf2 has no Code 128
