"""Turn raw tables into typed tables: every cell in its type, every row with its reasons."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.arrays import Flags
from dunning.core.days import NEVER
from dunning.core.frames import Frame
from dunning.core.ledger_tables import (
    NOT_NAMED,
    OPEN_ENDS,
    UNREADABLE,
    CellKind,
    LedgerColumn,
    Table,
    bit,
)
from dunning.core.words import SERVICES, code
from dunning.ledger.check.row_checks import CARRIED, mark_conditions
from dunning.ledger.read import values
from dunning.ledger.typed_tables import BadCells, RawBatch, RawTable, TypedTable, join_tables

Values: TypeAlias = npt.NDArray | pa.Array

_READERS: dict[CellKind, Callable[[pa.Array], tuple[Values, Flags]]] = {
    CellKind.DAY: values.read_days,
    CellKind.INSTANT: values.read_instants,
    CellKind.FLAG: values.read_flags,
    CellKind.NUMBER: values.read_numbers,
    CellKind.SHARE: values.read_shares,
}
_NAMING = ("invoices", "payments")  # what names an account, by rules where the row does not
_DATES = (CellKind.DAY, CellKind.INSTANT)
_SPELLED = (
    CellKind.TEXT,
    CellKind.SHARE,
)  # kinds with their text kept; of all others each different text is read once


def parse_table(raw: RawTable) -> TypedTable:
    """Return a whole table with every cell in its type.

    The file is streamed, so that its text is never in memory as a whole. An absent table has no
    rows.

    Raises:
        DunningError: the file cannot be read to its end, or its rows cannot be separated.
    """
    encoded = encoded_columns(raw.table)
    parts = [parse_batch(raw, batch) for batch in raw.source.batches(encoded)] if raw.source else []
    return join_tables(raw, parts or [parse_batch(raw, no_rows(raw.table))])


def encoded_columns(table: Table) -> frozenset[str]:
    """Return the columns in which each different text needs to be read only once."""
    return frozenset(column.name for column in table.columns if column.kind not in _SPELLED)


def parse_batch(raw: RawTable, batch: RawBatch) -> TypedTable:
    """Return some rows with every cell in its type, and all reasons found in a row by itself.

    Adds `bad_value`, `bad_date`, `missing_value` and what `row_checks` finds; ragged rows are not
    among its rows but in `ragged_lines`.
    """
    columns: dict[str, Values] = {}
    typed = TypedTable(
        raw,
        Frame(columns),
        batch.lines,
        np.zeros(len(batch), np.int32),
        np.zeros(len(batch), bool),
        batch.ragged_lines,
    )
    for column in raw.table.columns:
        texts = batch.columns[column.name]
        columns[column.name], is_bad = _read_column(column, texts, raw, batch, columns)
        if is_bad is not None and is_bad.any():
            rows = np.flatnonzero(is_bad)
            typed.bad_cells[column.name] = BadCells(
                rows, texts.take(pa.array(rows)).cast(pa.string())
            )
            reason = bit("bad_date" if column.kind in _DATES else "bad_value")
            typed.mark(rows, reason | UNREADABLE.get(column.name, 0))
        # Empty, not unreadable: a cell that could not be read has text and its own reason.
        if column.is_required and texts.null_count:
            typed.mark(texts.is_null().to_numpy(zero_copy_only=False), bit("missing_value"))
    # Rules fill in the account later; these bits keep that the row itself did not name it.
    if raw.table.name in _NAMING:
        for name, not_named in NOT_NAMED.items():
            typed.mark(batch.columns[name].is_null().to_numpy(zero_copy_only=False), not_named)
    _fill_defaults(raw.table, columns)
    mark_conditions(typed)
    return typed


def no_rows(table: Table) -> RawBatch:
    """Return a batch without rows."""
    none = np.empty(0, np.int64)
    return RawBatch({name: pa.array([], pa.string()) for name in table.names}, none, none)


def _read_column(
    column: LedgerColumn, texts: pa.Array, raw: RawTable, batch: RawBatch, known: dict[str, Values]
) -> tuple[Values, Flags | None]:
    if column.kind is CellKind.TEXT:
        return texts, None
    if column.kind is CellKind.WORD:
        return values.read_words(texts, column.words)
    if column.kind is CellKind.AMOUNT:
        return _read_amounts(texts, raw.table, batch, known)
    if column.kind is CellKind.DAY:
        days, is_bad = values.read_days(texts, may_be_open=column.name in OPEN_ENDS)
        return _refuse_late(column, days, is_bad, raw)
    return _READERS[column.kind](texts)


def _read_amounts(
    texts: pa.Array, table: Table, batch: RawBatch, known: dict[str, Values]
) -> tuple[Values, Flags]:
    """Return amounts and a mask of bad ones.

    A table without currencies keeps the currency in the amounts, to compare it with the bill's
    later.
    """
    minor, is_bad, carried = values.read_carrying_amounts(texts)
    if "currency" not in table.names:
        known[CARRIED] = carried if carried is not None else np.full(len(minor), -1, np.int8)
    elif carried is not None:
        currencies, _ = values.read_words(batch.columns["currency"], table["currency"].words)
        return values.read_amounts(texts, currencies)
    return minor, is_bad


def _refuse_late(
    column: LedgerColumn, days: npt.NDArray[np.int32], is_bad: Flags, raw: RawTable
) -> tuple[npt.NDArray[np.int32], Flags]:
    """Return days and bad cells, with days after the last plausible one added to the bad cells."""
    last = raw.last_days.get(column.name)
    if last is None:
        return days, is_bad
    is_late = (days != NEVER) & (days > last)
    # A late day is like an unreadable one: no later rule may count with it.
    return np.where(is_late, NEVER, days), is_bad | is_late


def _fill_defaults(table: Table, columns: dict[str, Values]) -> None:
    """Replace flags by booleans, in place; an empty cell gets the contract's default."""
    for column in table.columns:
        if column.kind is not CellKind.FLAG:
            continue
        flags = columns[column.name]
        default = column.default
        if default is None:
            # The only default that depends on another column: electricity can be disconnected,
            # heat cannot.
            default = columns["service"] == code(SERVICES, "electricity")
        columns[column.name] = np.where(flags < 0, default, flags == 1)
