"""Mark rows that contradict themselves; marked rows go to quarantine.

Types of cells are checked before. Every condition is checked on every row with readable cells for
it, whatever else is wrong with the row: the quarantine names all reasons. The dates of law come
from `policy.ledger_dates`.
"""

import numpy as np
import numpy.typing as npt

from dunning.core import words
from dunning.core.arrays import Days, Flags
from dunning.core.days import NEVER
from dunning.core.ledger_tables import INVOICE_KINDS, UNREADABLE, bit
from dunning.ledger.typed_tables import TypedTable
from dunning.policy.ledger_dates import read_ledger_dates

EUR, BGN = words.code(words.CURRENCIES, "EUR"), words.code(words.CURRENCIES, "BGN")
FORECAST, EQUALISATION, PAYOUT, CREDIT_NOTE = (
    INVOICE_KINDS.index(kind)
    for kind in ("forecast", "equalisation", words.PAYOUT, words.CREDIT_NOTE)
)
CARRIED = (
    "(currency)"  # of a table without currencies: the one that its amount carries, -1 where none
)


def mark_conditions(table: TypedTable) -> None:
    """Mark rows of invoices, payments, holds and tenancies that contradict themselves.

    Other tables have no such conditions.

    due_before_issued, wrong_sign, bgn_after_changeover; bad_value of a forecast or equalisation
    without a full period inside one season, of a payout that is not due on the day of its issue,
    and of a hold or tenancy that ends before it begins; missing_value of a hold that names nothing.
    """
    if mark := _MARKS.get(table.table.name):
        mark(table)


def is_note(invoices: TypedTable) -> Flags:
    """Return which invoices are credit notes: kind `credit_note`, or a negative equalisation."""
    kind = invoices.frame["kind"]
    return (kind == CREDIT_NOTE) | ((kind == EQUALISATION) & (invoices.frame["amount"] < 0))


def is_euro_too_early(table: TypedTable, day: str) -> Flags:
    """Return which rows are in EUR and dated (by column `day`) before the changeover.

    They are refused only beside BGN rows.
    """
    return (table.frame["currency"] == EUR) & (table.frame[day] < read_ledger_dates().euro_from_day)


def seasons_of(days: Days) -> npt.NDArray[np.int16]:
    """Return the year in which the heating season of each day begins; `NEVER` gives -1.

    A season lasts from 1 May through 30 April.

    >>> from datetime import date
    >>> from dunning.core.days import to_day
    >>> seasons_of(np.array([to_day(date(2026, 4, 30)), to_day(date(2026, 5, 1)), NEVER], np.int32)).tolist()
    [2025, 2026, -1]
    """
    # NEVER is no calendar day; it is replaced before the calculation and after it.
    known = np.where(days == NEVER, 0, days)
    months = known.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    # Months since 1970, counted from May on, in whole years:
    # 2026-04 -> month 675, 675 - 4 = 671, 671 // 12 = 55 -> 2025
    # 2026-05 -> month 676, 676 - 4 = 672, 672 // 12 = 56 -> 2026
    years = (months - (read_ledger_dates().season_month - 1)) // 12 + 1970
    return np.where(days == NEVER, -1, years).astype(np.int16)


def unreadable(table: TypedTable, column: str) -> Flags:
    """Return which rows have an unreadable cell in this column."""
    return (table.reasons & UNREADABLE[column]) != 0


def mark_other_currency(lines: TypedTable, invoice: npt.NDArray, invoices: TypedTable) -> None:
    """Mark bill lines with an amount in another currency than the bill's.

    `invoice` is the place of each line's bill, or below 0.
    """
    rows = np.flatnonzero((lines.frame[CARRIED] >= 0) & (invoice >= 0))
    of_bill = invoices.frame["currency"][invoice[rows]]
    lines.mark(rows[(of_bill >= 0) & (of_bill != lines.frame[CARRIED][rows])], bit("bad_value"))


def _mark_invoices(invoices: TypedTable) -> None:
    frame = invoices.frame
    kind = frame["kind"]
    issued_on = frame["issued_on"]
    due_on = frame["due_on"]
    amount = frame["amount"]
    is_dated = issued_on != NEVER
    invoices.mark(is_dated & (due_on < issued_on), bit("due_before_issued"))
    wrong = np.where(
        kind == CREDIT_NOTE, amount > 0, (amount < 0) & (kind >= 0) & (kind != EQUALISATION)
    )
    invoices.mark(wrong, bit("wrong_sign"))
    is_after = is_dated & (issued_on >= read_ledger_dates().euro_from_day)
    invoices.mark(is_after & (frame["currency"] == BGN), bit("bgn_after_changeover"))
    invoices.mark(_lacks_season(invoices), bit("bad_value"))
    is_late = (kind == PAYOUT) & is_dated & (due_on != NEVER) & (due_on != issued_on)
    invoices.mark(is_late, bit("bad_value"))  # money paid back falls due at once


def _lacks_season(invoices: TypedTable) -> Flags:
    """Return which forecasts and equalisations have no full period inside one season.

    The period is missing, runs backwards, or includes both 30 April and 1 May.
    """
    frame = invoices.frame
    rows = np.flatnonzero((frame["kind"] == FORECAST) | (frame["kind"] == EQUALISATION))
    first, last = frame["period_from"][rows], frame["period_to"][rows]
    is_full = (
        (first != NEVER)
        & (last != NEVER)
        & (first <= last)
        & (seasons_of(first) == seasons_of(last))
    )
    lacks = np.zeros(len(invoices), bool)
    lacks[rows[~is_full]] = True
    # An unreadable day is bad by itself; whether a season is missing cannot be judged.
    return lacks & ~unreadable(invoices, "period_from") & ~unreadable(invoices, "period_to")


def _mark_payments(payments: TypedTable) -> None:
    frame = payments.frame
    paid_on = frame["paid_on"]
    is_plain = _flags(frame.text("reverses").is_null())
    payments.mark(is_plain & (frame["amount"] < 0), bit("wrong_sign"))
    is_late = (paid_on != NEVER) & (paid_on >= read_ledger_dates().bgn_payments_until_day)
    payments.mark(is_late & (frame["currency"] == BGN), bit("bgn_after_changeover"))


def _mark_holds(holds: TypedTable) -> None:
    named = [
        _flags(holds.frame.text(name).is_valid())
        for name in ("premise_no", "payer_code", "invoice_no")
    ]
    holds.mark(~np.any(named, axis=0), bit("missing_value"))
    _mark_backwards(holds)


def _mark_backwards(table: TypedTable) -> None:
    """Mark intervals without a day in them: such a row is a mistake, never intended."""
    first, until = table.frame["valid_from"], table.frame["valid_until"]
    table.mark((first != NEVER) & (until <= first), bit("bad_value"))


def _flags(values: object) -> Flags:
    return values.to_numpy(zero_copy_only=False)  # type: ignore[attr-defined]


_MARKS = {
    "invoices": _mark_invoices,
    "payments": _mark_payments,
    "holds": _mark_holds,
    "tenancies": _mark_backwards,
}
