"""Print formats of an extract: plain (UTF-8, ISO days, decimal point), or Bulgarian."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

_FIRST_DAY, _DAYS = -44_000, 120_000


@dataclass(frozen=True)
class SampleDialect:
    """The encoding and the formats of days and sums."""

    encoding: str
    is_bulgarian: bool


DIALECTS = {"plain": SampleDialect("utf-8", False), "bulgaria": SampleDialect("cp1251", True)}


_ALL_DAYS = np.arange(_FIRST_DAY, _FIRST_DAY + _DAYS).astype("datetime64[D]")
_DAY_TEXTS = pa.array(np.datetime_as_string(_ALL_DAYS), pa.string())


def to_text(table: pa.Table) -> pa.Table:
    """Return each cell as plain text: ISO days, decimals with a point, missing values as null."""
    return pa.table(
        {
            name: _text(column)
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )


def _text(column: pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    if pa.types.is_date32(column.type):
        # Days repeat: each is formatted once, and cells pick their text by number.
        return _DAY_TEXTS.take(pc.subtract(column.combine_chunks().cast(pa.int32()), _FIRST_DAY))
    return column if pa.types.is_string(column.type) else column.cast(pa.string())


def in_dialect(text: pa.Table, shape: pa.Schema, dialect: SampleDialect) -> pa.Table:
    """Return plain text in the format of a dialect.

    `shape`: the typed columns, which distinguish days and sums.
    """
    if not dialect.is_bulgarian:
        return text
    columns = {}
    for name, column in zip(text.column_names, text.columns, strict=True):
        if pa.types.is_date32(shape.field(name).type):
            year, month, day = (
                pc.utf8_slice_codeunits(column, a, b) for a, b in ((0, 4), (5, 7), (8, 10))
            )
            column = pc.if_else(
                pc.equal(column, ""), "", pc.binary_join_element_wise(day, month, year, ".")
            )
        elif pa.types.is_decimal(shape.field(name).type):
            column = pc.replace_substring(column, ".", ",")
        columns[name] = column
    return pa.table(columns)


def csv_bytes(text: pa.Table, dialect: SampleDialect, with_header: bool) -> bytes:
    """Return rows as CSV lines; raises for a cell that would need quotes.

    In one piece: without a header pyarrow 26 writes garbage for a table with an empty first piece.
    """
    options = pacsv.WriteOptions(include_header=False, delimiter=";", quoting_style="none")
    sink = pa.BufferOutputStream()
    if with_header:
        sink.write((";".join(text.column_names) + "\n").encode("ascii"))
    if text.num_rows:
        pacsv.write_csv(text.combine_chunks(), sink, options)
    printed = sink.getvalue()
    if dialect.encoding == "utf-8":
        return printed.to_pybytes()
    return printed.to_pybytes().decode("utf-8").encode(dialect.encoding)


def ragged_bytes(text: pa.Table, dialect: SampleDialect) -> bytes:
    """Return rows as CSV lines without their last cell."""
    return csv_bytes(text.drop_columns([text.column_names[-1]]), dialect, with_header=False)
