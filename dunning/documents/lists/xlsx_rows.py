"""Rows of a worksheet as XML, built column by column: ten times as fast as cell by cell.

Source: ECMA-376 part 1, 18.3.1 (sheetData, row, c) and 22.9.2.19 (escaped characters in strings).
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter.utility import xl_col_to_name

from dunning.core.formats import format_minor_column
from dunning.documents.lists.columns import ColumnFormat, ListColumn, translate

_BLOCK = 50_000  # rows at once: what keeps memory flat
_CELL_MAX = 32_767
_EPOCH_DAYS = 25_569  # from Excel's day 0 (30.12.1899) to 01.01.1970
_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"))
_ODD = r"[\x00-\x08\x0b-\x1f]|_x[0-9A-Fa-f]{4}_|[\x{fffe}\x{ffff}]"
_ODD_HERE = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def render_rows(
    table: pa.Table, columns: Sequence[ListColumn], styles: Sequence[int]
) -> Iterator[bytes]:
    """Yield the XML of a sheet's rows, from row 2 on, in blocks.

    Args:
        styles: the style number of each column.
    """
    names = [xl_col_to_name(place) for place in range(len(columns))]
    # One text per row, built from columns: pyarrow joins a whole column in one call.
    #   <row r="2">  +  <c r="A2" …>…</c>  +  <c r="B2" …>…</c>  +  </row>
    for first in range(0, len(table), _BLOCK):
        block = table.slice(first, _BLOCK)
        rows = pa.array(np.arange(first + 2, first + 2 + len(block))).cast(pa.string())
        cells = [
            _write_cells(block, column, f'<c r="{name}', f'" s="{style}"', rows)
            for column, name, style in zip(columns, names, styles, strict=True)
        ]
        lines = pc.binary_join_element_wise('<row r="', rows, '">', *cells, "</row>", "")
        yield "".join(lines.to_pylist()).encode()


def _write_cells(
    block: pa.Table, column: ListColumn, before: str, after: str, rows: pa.Array
) -> pa.Array:
    """Return a column's cells as XML; an empty cell gives an empty text."""
    values = block[column.source].combine_chunks()
    if column.kind in (ColumnFormat.MONEY, ColumnFormat.DAY, ColumnFormat.COUNT):
        numbers = _numbers(values, column.kind)
        cells = pc.binary_join_element_wise(before, rows, after, "><v>", numbers, "</v></c>", "")
    else:
        texts = _escape(_texts(values, column))
        opened = ' t="inlineStr"><is><t xml:space="preserve">'
        cells = pc.binary_join_element_wise(before, rows, after, opened, texts, "</t></is></c>", "")
        cells = pc.if_else(pc.equal(texts, ""), "", cells)
    return pc.fill_null(cells, "")


def _numbers(values: pa.Array, kind: ColumnFormat) -> pa.Array:
    if kind is ColumnFormat.MONEY:
        minor = pc.fill_null(values, 0).to_numpy(zero_copy_only=False)
        written = pc.replace_substring(format_minor_column(minor), ",", ".")
        # The decimal point of XML, whatever the language of the workbook.
        return pc.if_else(pc.is_valid(values), written, pa.scalar(None, pa.string()))
    if kind is ColumnFormat.DAY:
        values = pc.add(values.cast(pa.int32()), _EPOCH_DAYS)
    return values.cast(pa.string())


def _texts(values: pa.Array, column: ListColumn) -> pa.Array:
    if column.kind in (ColumnFormat.WORD, ColumnFormat.REASONS):
        values = translate(values, column.words, is_open=column.is_open)
    # Excel refuses a workbook with longer texts in a cell.
    return pc.utf8_slice_codeunits(values.cast(pa.string()), 0, _CELL_MAX)


def _escape(texts: pa.Array) -> pa.Array:
    # Few texts have such characters: only those rows are handled one by one.
    odd = pc.fill_null(pc.match_substring_regex(texts, _ODD), False)
    if pc.any(odd).as_py():
        shown = [
            None if text is None else _ODD_HERE.sub(_spell, text)
            for text in texts.filter(odd).to_pylist()
        ]
        texts = pc.replace_with_mask(texts, odd, pa.array(shown, pa.string()))
    # `&` first: the entities that follow have one themselves.
    for sign, entity in _ENTITIES:
        texts = pc.replace_substring(texts, sign, entity)
    return texts


def _spell(found: re.Match[str]) -> str:
    return f"_x{ord(found.group()):04X}_"
