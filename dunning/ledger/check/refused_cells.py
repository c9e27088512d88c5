"""Find the cells of a refused row that its reasons are about, and their content."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.days import NEVER
from dunning.core.ledger_tables import (
    INVOICE_KINDS,
    MISSING_IN,
    NOT_NAMED,
    CellKind,
    LedgerColumn,
    bit,
)
from dunning.ledger.typed_tables import NO_INSTANT, TypedTable

# The columns that a reason is about, where the reason alone decides; each table has some of them.
_OF_REASON: Mapping[str, tuple[str, ...]] = {
    "due_before_issued": ("issued_on", "due_on"),
    "wrong_sign": ("amount",),
    "bgn_after_changeover": ("issued_on", "paid_on", "currency"),
    "eur_before_changeover": ("issued_on", "paid_on", "currency"),
    "bad_reversal": ("reverses",),
    "no_single_payer": ("premise_no",),
    "unmatched_payment": ("premise_no", "payer_code", "invoice_no"),
}
_INTERVAL, _SEASON, _PAYOUT = (
    ("valid_from", "valid_until"),
    ("period_from", "period_to"),
    ("issued_on", "due_on"),
)
_DATES = (CellKind.DAY, CellKind.INSTANT)
_NOTHING = {
    CellKind.DAY: NEVER,
    CellKind.INSTANT: NO_INSTANT,
    CellKind.AMOUNT: 0,
    CellKind.WORD: -1,
    CellKind.NUMBER: -1,
}


def cells_at_fault(
    table: TypedTable, row: int, read: Mapping[str, str], *, is_mapped: bool
) -> dict[str, str]:
    """Return the content of the cells that the reasons of a refused row are about, by column.

    Columns are the contract's. Where the file has other columns and the cell could be read, it is
    empty.

    Args:
        row: its place in the table.
        read: its cells as read, by the file's column.
        is_mapped: what a mapping could not read begins with a question mark.
    """
    unread = _find_unread(table, row)
    if is_mapped:
        unread = {name: text.removeprefix("?") for name, text in unread.items()}
    names = _find_columns(table, row, unread)
    return {
        name: unread.get(name, read.get(name, "")) for name in table.table.names if name in names
    }


def _find_unread(table: TypedTable, row: int) -> dict[str, str]:
    """Return the text of the row's unreadable cells, by column."""
    found = {}
    for name, cells in table.bad_cells.items():
        at = int(np.searchsorted(cells.rows, row))
        if at < len(cells.rows) and int(cells.rows[at]) == row:
            found[name] = cells.texts[at].as_py()
    return found


def _find_columns(table: TypedTable, row: int, unread: Mapping[str, str]) -> set[str]:
    bits, names = int(table.reasons[row]), set(unread)
    # An unreadable cell that is no date explains bad_value; without one, readable cells
    # contradict each other.
    if bits & bit("bad_value") and all(table.table[name].kind in _DATES for name in unread):
        names.update(_contradicting(table, row))
    if bits & bit("missing_value"):
        empty = _find_empty(table, row, unread)
        # A required cell is empty; or, in a hold, all that could be named is.
        names |= _required(table) & empty or {"premise_no", "payer_code", "invoice_no"} & empty
    if bits & bit("duplicate_key"):
        names.update(table.table.key)
    if bits & bit(
        "missing_reference"
    ):  # what belongs to another account names it by all that it names
        names |= {name for name, flag in MISSING_IN.items() if bits & flag} or _naming(
            table, row, unread
        )
    for reason, columns in _OF_REASON.items():
        if bits & bit(reason):
            names |= set(columns)
    return names


def _naming(table: TypedTable, row: int, unread: Mapping[str, str]) -> set[str]:
    """Return the columns in which a row names another row."""
    # A key of one column is the row's own number; parts of a longer key name other rows.
    own = table.table.key if len(table.table.key) == 1 else ()
    return set(MISSING_IN) - set(own) - _find_empty(table, row, unread)


def _find_empty(table: TypedTable, row: int, unread: Mapping[str, str]) -> set[str]:
    return {column.name for column in table.table.columns if _is_empty(table, row, column)} - set(
        unread
    )


def _required(table: TypedTable) -> set[str]:
    return {column.name for column in table.table.columns if column.is_required}


def _contradicting(table: TypedTable, row: int) -> Sequence[str]:
    """Return the columns that contradict each other, in a row with readable cells only."""
    name = table.table.name
    if name == "invoices":
        return _PAYOUT if INVOICE_KINDS[int(table.frame["kind"][row])] == "payout" else _SEASON
    return {"holds": _INTERVAL, "tenancies": _INTERVAL, "invoice_lines": ("amount",)}.get(name, ())


def _is_empty(table: TypedTable, row: int, column: LedgerColumn) -> bool:
    """Return whether a cell is empty.

    Large tables do not keep codes as text; a bit of the reasons marks an empty code there.
    """
    if column.name not in table.frame:
        return bool(int(table.reasons[row]) & NOT_NAMED.get(column.name, 0))
    values: npt.NDArray | pa.Array = table.frame.columns[column.name]
    if isinstance(values, np.ndarray):
        return column.kind in _NOTHING and int(values[row]) == _NOTHING[column.kind]
    return not values[row].is_valid
