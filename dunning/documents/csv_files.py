"""Lists as CSV that Excel in Bulgaria opens as it is: UTF-8 with BOM, `;`, decimal comma, CRLF; days as 2026-11-22.

Built column by column, so that a night's quarter of a million messages takes a second.
"""

import codecs
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.formats import format_days, format_minor_column
from dunning.core.frames import frame_of
from dunning.documents.columns import Column, Kind

_BLOCK = 100_000  # rows at once: a column of text holds at most 2 GiB
_FORMULA = r"\A[=+\-@\t\r\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]"
_HARMLESS = r"\A(?:\+[1-9]\d{6,14}|-?\d+(?:,\d+)?)\z"
_NEEDS_QUOTES = r'[;"\r\n]'


def render_csv(table: pa.Table, columns: Sequence[Column]) -> bytes:
    """Return a table as the bytes of a CSV file with a header of the columns' names.

    Text that a spreadsheet would take for a formula gets an apostrophe in front; amounts and phone numbers in E.164
    stay. Null is an empty cell. Line breaks within a text are LF, in quotes.
    """
    header = ";".join(column.name for column in columns) + "\r\n"
    blocks = [_render_block(table.slice(first, _BLOCK), columns) for first in range(0, len(table), _BLOCK)]
    return b"".join([codecs.BOM_UTF8, header.encode(), *blocks])


def _render_block(block: pa.Table, columns: Sequence[Column]) -> bytes:
    cells = [_quote(_write(block, column)) for column in columns]
    return _bytes_of(pc.binary_join_element_wise(pc.binary_join_element_wise(*cells, ";"), "\r\n", ""))


def neutralise(texts: pa.Array) -> pa.Array:
    """Return texts with an apostrophe before whatever a spreadsheet would calculate.

    >>> neutralise(pa.array(["=1+1", "-84,20", "+359888123456", "+1+1", "ok"])).to_pylist()
    ["'=1+1", '-84,20', '+359888123456', "'+1+1", 'ok']

    Source: OWASP, CSV injection.
    """
    is_formula = pc.and_not(pc.match_substring_regex(texts, _FORMULA), pc.match_substring_regex(texts, _HARMLESS))
    return pc.if_else(is_formula, pc.binary_join_element_wise(pa.scalar("'"), texts, ""), texts)


def _write(table: pa.Table, column: Column) -> pa.Array:
    values = table[column.source]
    if column.kind is Kind.MONEY:
        texts = format_minor_column(pc.fill_null(values, 0).to_numpy())
        return pc.if_else(pc.is_valid(values).combine_chunks(), texts, "")
    if column.kind is Kind.DAY:
        return pc.fill_null(format_days(frame_of(table.select([column.source]))[column.source]), "")
    if column.kind is Kind.COUNT:
        return pc.fill_null(values.combine_chunks().cast(pa.string()), "")
    return neutralise(pc.fill_null(values.combine_chunks().cast(pa.string()), ""))


def _quote(cells: pa.Array) -> pa.Array:
    quoted = pc.binary_join_element_wise("\"", pc.replace_substring(cells, '"', '""'), "\"", "")
    return pc.if_else(pc.match_substring_regex(cells, _NEEDS_QUOTES), quoted, cells)


def _bytes_of(texts: pa.Array) -> bytes:
    """Return the bytes of all texts, one after the other."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32, len(texts) + 1, texts.offset * 4)
    return texts.buffers()[2][int(offsets[0]) : int(offsets[-1])].to_pybytes()
