"""Lists as workbooks for clerks: Bulgarian titles, frozen and filtered; codes as text, sums and days as numbers.

The contract's name of each column stands in the note of its title. The same table gives the same bytes.
"""

import io
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from dunning.core.days import to_day
from dunning.documents.bulgarian import translate
from dunning.documents.columns import Column, Kind

ROWS_MAX = 1_048_575  # of a sheet, without the titles
_CELL_MAX = 32_767
_EXCEL_EPOCH = date(1899, 12, 30)
_NUMBER_FORMATS = {Kind.MONEY: "#,##0.00", Kind.DAY: "dd.mm.yyyy", Kind.COUNT: "0"}
_OPTIONS = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
}


def render_xlsx(table: pa.Table, columns: Sequence[Column], as_of: date, title: str) -> bytes:
    """Return a table as the bytes of a workbook; more rows than a sheet holds go on in the next sheet.

    Args:
        as_of: also the workbook's date of creation.
        title: Bulgarian, at most 25 characters: the sheet's name.
    """
    buffer = io.BytesIO()
    with Workbook(buffer, _OPTIONS) as workbook:
        workbook.set_properties({"title": f"{title} – {as_of:%d.%m.%Y} г.", "created": datetime.combine(as_of, time())})
        formats = {kind: workbook.add_format({"num_format": shown}) for kind, shown in _NUMBER_FORMATS.items()}
        plain = workbook.add_format({"num_format": "@", "valign": "top"})
        heading = workbook.add_format({"bold": True, "bg_color": "#DDE6EE", "text_wrap": True, "valign": "vcenter",
                                       "border": 1, "border_color": "#AAB7C4"})
        for number, first in enumerate(range(0, max(len(table), 1), ROWS_MAX), start=1):
            sheet = workbook.add_worksheet(title if number == 1 else f"{title} {number}")
            part = table.slice(first, ROWS_MAX)
            _set_up(sheet, columns, formats, plain, len(part))
            _write_titles(sheet, columns, heading)
            _write_rows(sheet, part, columns, formats, plain)
    return buffer.getvalue()


def _set_up(
    sheet: Worksheet, columns: Sequence[Column], formats: dict[Kind, Format], plain: Format, rows: int
) -> None:
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width, formats.get(column.kind, plain))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(rows, 1), len(columns) - 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&L&A&RСтр. &P от &N")


def _write_titles(sheet: Worksheet, columns: Sequence[Column], heading: Format) -> None:
    sheet.set_row(0, 32)
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.title, heading)
        sheet.write_comment(0, place, column.name, {"author": "", "x_scale": 1.2, "y_scale": 0.4})


def _write_rows(
    sheet: Worksheet, table: pa.Table, columns: Sequence[Column], formats: dict[Kind, Format], plain: Format
) -> None:
    values = [_values(table, column) for column in columns]
    styles = [formats.get(column.kind, plain) for column in columns]
    writers = [sheet.write_number if column.kind in formats else sheet.write_string for column in columns]
    for row, cells in enumerate(zip(*values, strict=True), start=1):
        for place, cell in enumerate(cells):
            if cell is not None and cell != "":
                writers[place](row, place, cell, styles[place])


def _values(table: pa.Table, column: Column) -> list[Any]:
    values = table[column.source].combine_chunks()
    if column.kind is Kind.MONEY:
        return [None if minor is None else minor / 100 for minor in values.to_pylist()]
    if column.kind is Kind.DAY:
        return pc.add(values.cast(pa.int32()), -to_day(_EXCEL_EPOCH)).to_pylist()
    if column.kind is Kind.COUNT:
        return values.to_pylist()
    if column.kind in (Kind.WORD, Kind.REASONS):
        values = translate(values, column.name)
    return pc.utf8_slice_codeunits(values.cast(pa.string()), 0, _CELL_MAX).to_pylist()
