"""The books of a load: what was read is what was refused, what was repeated and what was taken in."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core import words
from dunning.core.errors import DunningError
from dunning.gateways.ledger.conditions import BGN, EUR, is_note
from dunning.gateways.ledger.raw import TypedTable
from dunning.gateways.snapshots import BucketedTable

Flags = npt.NDArray[np.bool_]
Sums = dict[str, dict[str, int]]


def make_books(tables: Mapping[str, TypedTable], written: Mapping[str, BucketedTable]) -> dict[str, Any]:
    """Return rows of each table, and minor units of invoices, credit notes and payments per currency.

    What was taken in is summed from the tables that go into the snapshot, all else from the rows as read. An amount
    that could not be read, or whose currency could not, counts as a row only.

    Raises:
        DunningError: something was read and is neither refused nor repeated nor taken in, or twice.
    """
    rows = {name: _count_rows(table) for name, table in tables.items()}
    invoices, payments = tables["invoices"], tables["payments"]
    notes = is_note(invoices)
    paid = _sum_written(written["payments"], ~_flags(written["payments"], "is_note"))
    taken_back = _sum_written(written["reversals"])
    amounts = {
        "invoices": _sum_read(invoices, ~notes, _sum_written(written["items"])),
        "credit_notes": _sum_read(invoices, notes, {
            currency: -minor
            for currency, minor in _sum_written(written["payments"], _flags(written["payments"], "is_note")).items()
        }),
        "payments": _sum_read(payments, np.ones(len(payments), bool), {c: paid[c] + taken_back[c] for c in paid}),
    }
    _check_balance(rows, amounts)
    return {"tables": rows, "minor": amounts}


def _count_rows(table: TypedTable) -> dict[str, int]:
    refused = int(((table.reasons != 0) & ~table.is_repeated).sum()) + len(table.ragged_lines)
    taken = int(((table.reasons == 0) & ~table.is_repeated).sum())
    return {
        "read": table.rows_read, "quarantined": refused, "repeated": int(table.is_repeated.sum()), "taken": taken,
    }


def _sum_read(table: TypedTable, rows: Flags, taken: dict[str, int]) -> Sums:
    currency, amount = table.frame["currency"], table.frame["amount"]
    is_refused = (table.reasons != 0) & ~table.is_repeated
    return {
        word: {
            "read": _sum(amount, rows & (currency == code)),
            "quarantined": _sum(amount, rows & (currency == code) & is_refused),
            "repeated": _sum(amount, rows & (currency == code) & table.is_repeated),
            "taken": taken[word],
        }
        for code, word in enumerate(words.CURRENCIES)
    }


def _sum_written(table: BucketedTable, rows: Flags | None = None) -> dict[str, int]:
    amount, is_bgn = table.rows["amount_minor"].to_numpy(), _flags(table, "is_bgn")
    is_asked = np.ones(len(amount), bool) if rows is None else rows
    euro, lev = _sum(amount, is_asked & ~is_bgn), _sum(amount, is_asked & is_bgn)
    return {words.CURRENCIES[EUR]: euro, words.CURRENCIES[BGN]: lev}


def _sum(amount: npt.NDArray, rows: Flags) -> int:
    return int(np.sum(amount, where=rows, dtype=np.int64))


def _flags(table: BucketedTable, column: str) -> Flags:
    return table.rows[column].to_numpy()


def _check_balance(rows: Sums, amounts: dict[str, Sums]) -> None:
    entries = [(f"{name}, rows", counts) for name, counts in rows.items()]
    entries += [(f"{name}, minor units {word}", sums) for name, of in amounts.items() for word, sums in of.items()]
    for name, entry in entries:
        rest = entry["read"] - entry["quarantined"] - entry["repeated"] - entry["taken"]
        if rest:
            raise DunningError(
                f"The books of the load do not balance: {name}: read {entry['read']}, quarantined "
                f"{entry['quarantined']}, repeated {entry['repeated']}, taken in {entry['taken']}; {rest} left over. "
                "Nothing was loaded. This is a fault of the program, not of the ledger; report it with this message."
            )


def newest_day(days: pa.ChunkedArray) -> str | None:
    """Return the newest of these days as ISO text, None where there is none."""
    newest = pc.max(days).as_py()
    return newest.isoformat() if newest else None


