"""Check the control totals of a load: read = refused + repeated + taken in.

For rows of every table, and for the sums of invoices, credit notes and payments per currency. Rows
that protect people are counted, too: the next run sees what was lost since.
"""

from collections.abc import Mapping
from typing import TypedDict

import numpy as np
import numpy.typing as npt

from dunning.core import words
from dunning.core.arrays import Flags
from dunning.core.days import NEVER
from dunning.core.errors import DunningError
from dunning.core.frames import BucketedTable
from dunning.core.ledger_tables import CellKind
from dunning.ledger.check.row_checks import BGN, EUR, is_note
from dunning.ledger.typed_tables import NO_INSTANT, TypedTable

_NOTHING = {CellKind.DAY: NEVER, CellKind.INSTANT: NO_INSTANT, CellKind.FLAG: False}


class EntryCounts(TypedDict):
    """Rows, or minor units, by what became of them; `read` is the sum of the others."""

    read: int
    quarantined: int
    repeated: int
    taken: int


Amounts = dict[str, dict[str, EntryCounts]]


class TotalsInfo(TypedDict):
    """The control totals in `snapshot.json`: rows by table, minor units by kind and currency."""

    tables: dict[str, EntryCounts]
    minor: Amounts


class ControlTotals:
    """Adds the control totals of an extract, a stretch at a time."""

    def __init__(self) -> None:
        self._rows: dict[str, EntryCounts] = {}
        self._amounts: Amounts = {
            name: {word: _no_entries() for word in words.CURRENCIES}
            for name in ("invoices", "credit_notes", "payments")
        }

    def add_rows(self, name: str, rows: EntryCounts) -> None:
        """Add the rows of a table, as `count_rows` returns them."""
        self._rows[name] = _add(self._rows.get(name, _no_entries()), rows)

    def add_amounts(self, amounts: Amounts) -> None:
        """Add minor units, as `sum_amounts` returns them."""
        for name, of_table in amounts.items():
            for word, sums in of_table.items():
                self._amounts[name][word] = _add(self._amounts[name][word], sums)

    def close(self) -> TotalsInfo:
        """Return rows of each table, and minor units of invoices, credit notes and payments.

        Minor units are per currency.

        Raises:
            DunningError: something was read and is neither refused nor repeated nor taken in, or
                twice.
        """
        _check_balance(self._rows, self._amounts)
        return {"tables": self._rows, "minor": self._amounts}


def count_rows(table: TypedTable) -> EntryCounts:
    """Return how many rows of a table were read, refused, repeated and taken in.

    Ragged rows are read and refused.
    """
    ragged = len(table.ragged_lines)
    return {
        "read": len(table) + ragged,
        "quarantined": int(table.is_refused.sum()) + ragged,
        "repeated": int(table.is_repeated.sum()),
        "taken": int(table.accepted.sum()),
    }


def sum_amounts(
    invoices: TypedTable, payments: TypedTable, written: Mapping[str, BucketedTable]
) -> Amounts:
    """Return the sums of these rows, per currency in minor units.

    What was taken in is summed from the tables that go into the snapshot, all else from the rows as
    read. An amount that could not be read, or without a readable currency, counts as a row only.
    """
    # Taken in is summed from what is written, not from the rows read: so a row lost while building
    # breaks the balance.
    notes = is_note(invoices)
    is_note_written = _flags(written["payments"], "is_note")
    paid = _sum_written(written["payments"], ~is_note_written)
    taken_back = _sum_written(written["reversals"])
    credited = _sum_written(written["payments"], is_note_written)
    return {
        "invoices": _sum_read(invoices, ~notes, _sum_written(written["items"])),
        "credit_notes": _sum_read(
            # Credit notes are written without their sign.
            invoices,
            notes,
            {word: -minor for word, minor in credited.items()},
        ),
        "payments": sum_payments(payments, {word: paid[word] + taken_back[word] for word in paid}),
    }


def sum_payments(
    payments: TypedTable, taken: dict[str, int] | None = None
) -> dict[str, EntryCounts]:
    """Return the sums of these payments.

    `taken` is how much of them was taken in (by default nothing).
    """
    return _sum_read(
        payments, np.ones(len(payments), bool), taken or dict.fromkeys(words.CURRENCIES, 0)
    )


def count_protections(tables: Mapping[str, TypedTable]) -> dict[str, int]:
    """Return for each protecting column, as `payers.vulnerable`, how many taken-in rows fill it.

    Dates do not matter. A column that the extract does not have is left out; one that is there but
    empty gives 0.
    """
    return {
        f"{name}.{column}": int((_carries(tables[name], column) & tables[name].accepted).sum())
        for name, columns in words.PROTECTING_COLUMNS.items()
        for column in columns
        if (source := tables[name].raw.source) is not None and column in source.filled
    }


def _sum_read(table: TypedTable, rows: Flags, taken: dict[str, int]) -> dict[str, EntryCounts]:
    currency, amount = table.frame["currency"], table.frame["amount"]
    sums: dict[str, EntryCounts] = {}
    for code, word in enumerate(words.CURRENCIES):
        of_word = rows & (currency == code)
        sums[word] = {
            "read": _sum(amount, of_word),
            "quarantined": _sum(amount, of_word & table.is_refused),
            "repeated": _sum(amount, of_word & table.is_repeated),
            "taken": taken[word],
        }
    return sums


def _sum_written(table: BucketedTable, rows: Flags | None = None) -> dict[str, int]:
    amount, is_bgn = table.rows["amount_minor"].to_numpy(), _flags(table, "is_bgn")
    is_asked = np.ones(len(amount), bool) if rows is None else rows
    # One amount column for both currencies; the flag separates them.
    euro, lev = _sum(amount, is_asked & ~is_bgn), _sum(amount, is_asked & is_bgn)
    return {words.CURRENCIES[EUR]: euro, words.CURRENCIES[BGN]: lev}


def _sum(amount: npt.NDArray, rows: Flags) -> int:
    return int(np.sum(amount, where=rows, dtype=np.int64))


def _flags(table: BucketedTable, column: str) -> Flags:
    return table.rows[column].to_numpy()


def _carries(table: TypedTable, column: str) -> Flags:
    """Return which rows are flagged, or have a day or an instant, in this column."""
    return np.asarray(table.frame[column] != _NOTHING[table.table[column].kind])


def _no_entries() -> EntryCounts:
    return EntryCounts(read=0, quarantined=0, repeated=0, taken=0)


def _add(one: EntryCounts, other: EntryCounts) -> EntryCounts:
    return EntryCounts(
        read=one["read"] + other["read"],
        quarantined=one["quarantined"] + other["quarantined"],
        repeated=one["repeated"] + other["repeated"],
        taken=one["taken"] + other["taken"],
    )


def _check_balance(rows: dict[str, EntryCounts], amounts: Amounts) -> None:
    entries = [(f"{name}, rows", counts) for name, counts in rows.items()]
    entries += [
        (f"{name}, minor units {word}", sums)
        for name, of in amounts.items()
        for word, sums in of.items()
    ]
    for name, entry in entries:
        # read = quarantined + repeated + taken   for every row, and for every cent
        rest = entry["read"] - entry["quarantined"] - entry["repeated"] - entry["taken"]
        if rest:
            raise DunningError(
                f"The books of the load do not balance: {name}: read {entry['read']}, quarantined "
                f"{entry['quarantined']}, repeated {entry['repeated']}, taken in {entry['taken']}; {rest} left over. "
                "Nothing was loaded. This is a fault of the program, not of the ledger; report it with this message."
            )
