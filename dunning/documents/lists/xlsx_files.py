"""Lists as Excel workbooks for clerks, with frozen and filtered Bulgarian titles.

Codes are text; sums and days are numbers.

The contract's name of each column is in the note of its title. XlsxWriter makes the workbook
with its titles, and the rows are put between; the same table gives the same bytes.
"""

import io
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pyarrow as pa
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

from dunning.documents.lists.columns import ColumnFormat, ListColumn
from dunning.documents.lists.xlsx_rows import render_rows

ROWS_MAX = 1_048_575  # of a sheet, without the titles
_NUMBER_FORMATS = {
    ColumnFormat.MONEY: "#,##0.00",
    ColumnFormat.DAY: "dd.mm.yyyy",
    ColumnFormat.COUNT: "0",
}
_HEADING = {
    "bold": True,
    "bg_color": "#DDE6EE",
    "text_wrap": True,
    "valign": "vcenter",
    "border": 1,
    "border_color": "#AAB7C4",
}
_TEXT = {"num_format": "@", "valign": "top"}
# A fixed date in the ZIP entries, so that the same table gives the same bytes.
_STAMP = (1980, 1, 1, 0, 0, 0)
_END = b"</sheetData>"


def render_xlsx(table: pa.Table, columns: Sequence[ListColumn], as_of: date, title: str) -> bytes:
    """Return a table as a workbook (bytes).

    More rows than fit on a sheet continue on the next sheet.

    Args:
        as_of: also the workbook's date of creation.
        title: Bulgarian, at most 25 characters: the sheet's name.
    """
    parts = [table.slice(first, ROWS_MAX) for first in range(0, max(len(table), 1), ROWS_MAX)]
    buffer = io.BytesIO()
    with (
        ZipFile(_shell(columns, as_of, title, [len(part) for part in parts])) as shell,
        ZipFile(buffer, "w") as whole,
    ):
        sheets = {
            f"xl/worksheets/sheet{number}.xml": part for number, part in enumerate(parts, start=1)
        }
        for name in shell.namelist():
            entry = ZipInfo(name, _STAMP)
            entry.compress_type = ZIP_DEFLATED
            # A sheet may exceed 2 GiB, and its size is not known when the entry is opened.
            with whole.open(entry, "w", force_zip64=name in sheets) as file:
                for block in (
                    _fill(shell.read(name), sheets[name], columns)
                    if name in sheets
                    else [shell.read(name)]
                ):
                    file.write(block)
    return buffer.getvalue()


def _fill(sheet: bytes, table: pa.Table, columns: Sequence[ListColumn]) -> Iterator[bytes]:
    """Yield the XML of a sheet with the table's rows after its titles."""
    styles = [int(style) for style in re.findall(rb'<col [^>]*?style="(\d+)"', sheet)]
    # One `<col>` may describe several equal columns: repeat its style for each of them.
    spans = [
        int(last) - int(first) + 1
        for first, last in re.findall(rb'<col min="(\d+)" max="(\d+)"', sheet)
    ]
    per_column = [style for style, span in zip(styles, spans, strict=True) for _ in range(span)]
    used = f'<dimension ref="A1:{xl_col_to_name(len(columns) - 1)}{len(table) + 1}"/>'.encode()
    # The rows go between the titles and the end of the sheet's data.
    head, tail = re.sub(rb'<dimension ref="[^"]*"/>', used, sheet).split(_END)
    yield head
    yield from render_rows(table, columns, per_column)
    yield _END + tail


def _shell(
    columns: Sequence[ListColumn], as_of: date, title: str, rows: Sequence[int]
) -> io.BytesIO:
    """Return a workbook with titles only: one sheet for each number of rows."""
    buffer = io.BytesIO()
    with Workbook(buffer, {"in_memory": True}) as workbook:
        workbook.set_properties(
            {"title": f"{title} – {as_of:%d.%m.%Y} г.", "created": datetime.combine(as_of, time())}
        )
        formats = {
            kind: workbook.add_format({"num_format": shown})
            for kind, shown in _NUMBER_FORMATS.items()
        }
        text, heading = workbook.add_format(_TEXT), workbook.add_format(_HEADING)
        styles = [formats.get(column.kind, text) for column in columns]
        for number, count in enumerate(rows, start=1):
            sheet = workbook.add_worksheet(title if number == 1 else f"{title} {number}")
            _set_up(sheet, columns, styles, count)
            _write_titles(sheet, columns, heading)
    buffer.seek(0)
    return buffer


def _set_up(
    sheet: Worksheet, columns: Sequence[ListColumn], styles: Sequence[Format], rows: int
) -> None:
    for place, (column, style) in enumerate(zip(columns, styles, strict=True)):
        sheet.set_column(place, place, column.width, style)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(rows, 1), len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&RСтр. &P от &N")


def _write_titles(sheet: Worksheet, columns: Sequence[ListColumn], heading: Format) -> None:
    sheet.set_row(0, 32)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.title, heading)
        sheet.write_comment(0, place, column.name, {"author": "", "x_scale": 1.2, "y_scale": 0.4})
