"""Find the cells of refused rows that their reasons are about, and the content of these cells."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from dunning.core.arrays import Flags, Places
from dunning.core.days import NEVER
from dunning.core.ledger_tables import (
    INVOICE_KINDS,
    MISSING_IN,
    NOT_NAMED,
    CellKind,
    LedgerColumn,
    bit,
)
from dunning.core.words import PAYOUT
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
# The columns that contradict each other where every cell of a row could be read.
_CONTRADICTING: Mapping[str, tuple[str, ...]] = {
    "invoices": ("period_from", "period_to"),
    "holds": ("valid_from", "valid_until"),
    "tenancies": ("valid_from", "valid_until"),
    "invoice_lines": ("amount",),
}
_PAYOUT_DAYS = ("issued_on", "due_on")
_NAMED_BY_HOLDS = ("premise_no", "payer_code", "invoice_no")
_DATES = (CellKind.DAY, CellKind.INSTANT)
_NOTHING = {
    CellKind.DAY: NEVER,
    CellKind.INSTANT: NO_INSTANT,
    CellKind.AMOUNT: 0,
    CellKind.WORD: -1,
    CellKind.NUMBER: -1,
}


def cells_at_fault(
    table: TypedTable, rows: Places, read: Sequence[Mapping[str, str]], *, is_mapped: bool
) -> list[dict[str, str]]:
    """Return for each of some refused rows the cells that its reasons are about, by column.

    Columns are the contract's. Where the file has other columns and the cell could be read, it is
    empty.

    Args:
        rows: ascending places in the table.
        read: cells as read, by the file's column; aligned with `rows`.
        is_mapped: what a mapping could not read begins with a question mark.
    """
    unread = _find_unread(table, rows)
    found: list[dict[str, str]] = [{} for _ in rows]
    for name, is_at_fault in _Faults(table, rows, unread).find().items():
        texts = unread.get(name, {})
        for at in np.flatnonzero(is_at_fault).tolist():
            if at in texts:
                found[at][name] = texts[at].removeprefix("?") if is_mapped else texts[at]
            else:
                found[at][name] = read[at].get(name, "")
    return found


def _find_unread(table: TypedTable, rows: Places) -> dict[str, dict[int, str]]:
    """Return the texts of the unreadable cells by column, then by place in `rows`."""
    taken = {name: cells.take(rows) for name, cells in table.bad_cells.items()}
    return {
        name: dict(zip(cells.rows.tolist(), cells.texts.to_pylist(), strict=True))
        for name, cells in taken.items()
    }


class _Faults:
    """Which cells of some refused rows the rows' reasons are about."""

    def __init__(
        self, table: TypedTable, rows: Places, unread: Mapping[str, Mapping[int, str]]
    ) -> None:
        self._table, self._rows, self._bits = table, rows, table.reasons[rows]
        columns = table.table.columns
        self._is_unread = {
            c.name: np.isin(np.arange(len(rows)), [*unread.get(c.name, ())]) for c in columns
        }
        self._is_empty = {
            c.name: _is_empty(table, rows, c) & ~self._is_unread[c.name] for c in columns
        }
        self._found = {name: flags.copy() for name, flags in self._is_unread.items()}

    def find(self) -> dict[str, Flags]:
        """Return for each column of the contract, in its order, the rows with a cell at fault."""
        self._add_contradicting(self._has("bad_value"))
        self._add_empty(self._has("missing_value"))
        self._add(self._table.table.key, self._has("duplicate_key"))
        self._add_naming(self._has("missing_reference"))
        for reason, names in _OF_REASON.items():
            self._add(names, self._has(reason))
        return self._found

    def _has(self, reason: str) -> Flags:
        return (self._bits & bit(reason)) != 0

    def _add(self, names: Iterable[str], which: Flags) -> None:
        for name in names:
            if name in self._found:
                self._found[name] |= which

    def _add_contradicting(self, is_bad: Flags) -> None:
        # An unreadable cell that is no date explains bad_value; without one, readable cells
        # contradict each other.
        columns = self._table.table.columns
        others = [self._is_unread[c.name] for c in columns if c.kind not in _DATES]
        is_bad = is_bad & ~np.any(others, axis=0)
        is_payout = _find_payouts(self._table, self._rows)
        self._add(_PAYOUT_DAYS, is_bad & is_payout)
        self._add(_CONTRADICTING.get(self._table.table.name, ()), is_bad & ~is_payout)

    def _add_empty(self, lacks: Flags) -> None:
        # A required cell is empty; or, in a hold, all that could be named is.
        required = [c.name for c in self._table.table.columns if c.is_required]
        has_all = ~np.any([self._is_empty[name] for name in required], axis=0)
        for name, is_empty in self._is_empty.items():
            if name in required:
                self._add([name], lacks & is_empty)
            elif name in _NAMED_BY_HOLDS:
                self._add([name], lacks & has_all & is_empty)

    def _add_naming(self, is_missing: Flags) -> None:
        # What belongs to another account names it by all that it names. A key of one column is
        # the row's own number; parts of a longer key name other rows.
        own = self._table.table.key if len(self._table.table.key) == 1 else ()
        knows_column = (self._bits & sum(MISSING_IN.values())) != 0
        for name in set(MISSING_IN) & set(self._found):
            self._add([name], is_missing & ((self._bits & MISSING_IN[name]) != 0))
            if name not in own:
                self._add([name], is_missing & ~knows_column & ~self._is_empty[name])


def _find_payouts(table: TypedTable, rows: Places) -> Flags:
    if table.table.name != "invoices":
        return np.zeros(len(rows), bool)
    return np.asarray(table.frame["kind"][rows] == INVOICE_KINDS.index(PAYOUT))


def _is_empty(table: TypedTable, rows: Places, column: LedgerColumn) -> Flags:
    """Return which cells of a column are empty.

    Large tables do not keep codes as text; a bit of the reasons marks an empty code there.
    """
    if column.name not in table.frame:
        return table.reasons[rows] & NOT_NAMED.get(column.name, 0) != 0
    values = table.frame.columns[column.name]
    if not isinstance(values, np.ndarray):
        return np.asarray(values.take(pa.array(rows)).is_null().to_numpy(zero_copy_only=False))
    if column.kind not in _NOTHING:
        return np.zeros(len(rows), bool)
    return np.asarray(values[rows] == _NOTHING[column.kind])
