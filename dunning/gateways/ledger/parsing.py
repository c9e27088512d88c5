"""Raw tables to typed tables: every cell in its type, every row with its reasons, nothing left out."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.errors import DunningError
from dunning.core.frames import Frame
from dunning.core.words import SERVICES, code
from dunning.gateways.ledger import values
from dunning.gateways.ledger.raw import BadCells, RawBatch, RawTable, TypedTable
from dunning.gateways.ledger.tables import Column, Kind, Table, bit

Values: TypeAlias = npt.NDArray | pa.Array

_READERS: dict[Kind, Callable[[pa.Array], tuple[Values, values.Mask]]] = {
    Kind.DAY: values.read_days,
    Kind.INSTANT: values.read_instants,
    Kind.AMOUNT: values.read_amounts,
    Kind.FLAG: values.read_flags,
    Kind.NUMBER: values.read_numbers,
    Kind.SHARE: values.read_shares,
}
_DATES = (Kind.DAY, Kind.INSTANT)


def parse_table(raw: RawTable) -> TypedTable:
    """Return a table with every cell in its type; streams the file, so that its text is never held whole.

    Adds `bad_value`, `bad_date` and `missing_value`; ragged rows are no rows of it but stand in `ragged_lines`. An
    absent table has no rows.

    Raises:
        DunningError: the file cannot be read to its end, or its rows cannot be told apart.
    """
    parts = [_parse_batch(raw.table, batch) for batch in raw.source.batches()] if raw.source else []
    parts = parts or [_parse_batch(raw.table, _nothing(raw.table))]
    typed = TypedTable(
        raw=raw,
        frame=Frame({}),
        lines=np.concatenate([part.lines for part in parts]),
        reasons=np.concatenate([part.reasons for part in parts]),
        is_repeated=np.zeros(sum(len(part.lines) for part in parts), bool),
        ragged_lines=np.concatenate([part.ragged_lines for part in parts]),
        bad_cells=_join_bad_cells(parts),
    )
    columns = {name: _join(raw.file, name, [part.columns.pop(name) for part in parts]) for name in raw.table.names}
    typed.frame = Frame(_with_defaults(raw.table, columns))
    return typed


class _Part:
    """A batch in its types, before the batches are joined."""

    def __init__(self, batch: RawBatch) -> None:
        self.lines, self.ragged_lines = batch.lines, batch.ragged_lines
        self.reasons = np.zeros(len(batch), np.int32)
        self.columns: dict[str, Values] = {}
        self.bad_cells: dict[str, BadCells] = {}


def _parse_batch(table: Table, batch: RawBatch) -> _Part:
    part = _Part(batch)
    for column in table.columns:
        texts = batch.columns[column.name]
        part.columns[column.name], is_bad = _read_column(column, texts)
        if is_bad is not None and is_bad.any():
            rows = np.flatnonzero(is_bad)
            part.bad_cells[column.name] = BadCells(rows, texts.take(pa.array(rows)))
            part.reasons[rows] |= bit("bad_date" if column.kind in _DATES else "bad_value")
        if column.is_required and texts.null_count:
            part.reasons[texts.is_null().to_numpy(zero_copy_only=False)] |= bit("missing_value")
    return part


def _read_column(column: Column, texts: pa.Array) -> tuple[Values, values.Mask | None]:
    if column.kind is Kind.TEXT:
        return texts, None
    if column.kind is Kind.WORD:
        return values.read_words(texts, column.words)
    return _READERS[column.kind](texts)


def _nothing(table: Table) -> RawBatch:
    none = np.empty(0, np.int64)
    return RawBatch({name: pa.array([], pa.string()) for name in table.names}, none, none)


def _join(file: str, name: str, parts: list[Values]) -> Values:
    if isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    if sum(part.nbytes for part in parts) >= np.iinfo(np.int32).max:
        raise DunningError(
            f"{file}: the texts of column {name} come to more than 2 GiB, which one load does not take. Shorten them, "
            "or leave the column out if it is optional."
        )
    return pa.concat_arrays(parts)


def _join_bad_cells(parts: list[_Part]) -> dict[str, BadCells]:
    joined: dict[str, list[BadCells]] = {}
    first = 0
    for part in parts:
        for name, cells in part.bad_cells.items():
            joined.setdefault(name, []).append(BadCells(cells.rows + first, cells.texts))
        first += len(part.lines)
    return {
        name: BadCells(np.concatenate([c.rows for c in cells]), pa.concat_arrays([c.texts for c in cells]))
        for name, cells in joined.items()
    }


def _with_defaults(table: Table, columns: dict[str, Values]) -> dict[str, Values]:
    """Turn flags into booleans; where the cell was empty, the contract's default."""
    for column in table.columns:
        if column.kind is not Kind.FLAG:
            continue
        flags = columns[column.name]
        default = column.default
        if default is None:
            default = columns["service"] == code(SERVICES, "electricity")
        columns[column.name] = np.where(flags < 0, default, flags == 1)
    return columns
