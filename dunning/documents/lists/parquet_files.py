"""Lists as Parquet, for programs: the CSV's columns with types; same rows give the same bytes.

Amounts are decimals with two places, days date32, counts int32, all other text; an empty text is
null. Codes keep their zeros, texts what a spreadsheet would calculate.
"""

import io
from collections.abc import Collection, Sequence
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dunning.documents.lists.columns import ColumnFormat, ListColumn

_TYPES = {
    ColumnFormat.MONEY: pa.decimal128(19, 2),
    ColumnFormat.DAY: pa.date32(),
    ColumnFormat.COUNT: pa.int32(),
}
_CENT = pa.scalar(Decimal("0.01"), pa.decimal128(3, 2))
_CENTS = pa.scalar(Decimal(100), pa.decimal128(3, 0))
_ROW_GROUP = 100_000


def render_parquet(table: pa.Table, columns: Sequence[ListColumn]) -> bytes:
    """Return a table as a Parquet file (bytes) with the contract's column names."""
    schema = pa.schema([(column.name, _TYPES.get(column.kind, pa.string())) for column in columns])
    typed = pa.table([_write(table[column.source], column.kind) for column in columns], schema)
    buffer = io.BytesIO()
    pq.write_table(
        typed,
        buffer,
        row_group_size=_ROW_GROUP,
        compression="lz4",
        use_dictionary=False,
        write_statistics=False,
    )
    return buffer.getvalue()


def read_parquet(
    content: bytes, columns: Sequence[ListColumn], *, leave_out: Collection[str] = ()
) -> pa.Table:
    """Return a table written by `render_parquet`, by the columns' source names.

    Types: cents int64, days date32, counts int32, text.

    Args:
        leave_out: names of columns that are not wanted, such as long texts.

    Raises:
        ValueError: the columns are not those, or not of their types.
    """
    with pq.ParquetFile(pa.BufferReader(content)) as file:
        found = {field.name: field.type for field in file.schema_arrow}
        expected = {column.name: _TYPES.get(column.kind, pa.string()) for column in columns}
        if found != expected:
            raise ValueError(
                f"the columns are {', '.join(found)}, not {', '.join(expected)}, or of other types"
            )
        wanted = [column for column in columns if column.name not in leave_out]
        cells = file.read([column.name for column in wanted], use_threads=False)
    return pa.table(
        {
            column.source: _read(cells[column.name].combine_chunks(), column.kind)
            for column in wanted
        }
    )


def _write(values: pa.ChunkedArray, kind: ColumnFormat) -> pa.Array:
    own = values.combine_chunks()
    own = own if isinstance(own, pa.Array) else pa.concat_arrays(own.chunks)
    if kind is ColumnFormat.MONEY:
        # Cents times 0.01 in exact decimals: no float is involved.
        return pc.multiply(own.cast(pa.int64()).cast(pa.decimal128(19, 0)), _CENT).cast(
            _TYPES[kind]
        )
    if kind in _TYPES:
        return own.cast(_TYPES[kind])
    texts = own.cast(pa.string())
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def _read(cells: pa.Array, kind: ColumnFormat) -> pa.Array:
    return pc.multiply(cells, _CENTS).cast(pa.int64()) if kind is ColumnFormat.MONEY else cells
