"""Find days with a mistyped year: a payment or hold of 2062 would not count for decades.

Where the manifest names the day of the extract, rows dated long after it are refused. Where it
does not, days after a long gap with no more rows than before the gap are reported, so that a run
can count them.
"""

from collections.abc import Iterable
from datetime import date

import numpy as np
import numpy.typing as npt

from dunning.core.arrays import Days
from dunning.core.days import NEVER, to_date, to_day
from dunning.ledger.read.values import FIRST_DAY, LAST_DAY
from dunning.ledger.typed_tables import RawTable, TypedTable

# Of each table the day by which its rows are dated, and how many days after the extract's day it
# may be. Holds and agreements may be entered ahead of their time, so they are refused only where
# the year must be wrong.
DATED = {
    "invoices": ("issued_on", 7),
    "payments": ("paid_on", 7),
    "notices": ("sent_on", 7),
    "court_cases": ("filed_on", 7),
    "holds": ("valid_from", 60),
    "agreements": ("applied_on", 60),
}
GAP_DAYS = 60

DayCounts = npt.NDArray[np.int64]
Groups = list[tuple[str, int]]


def last_days(name: str, as_of: date | None) -> dict[str, int]:
    """Return the last plausible day of a table's date column; empty without a day of the extract.

    >>> last_days("payments", date(1970, 1, 1)), last_days("premises", date(1970, 1, 1)), last_days("holds", None)
    ({'paid_on': 7}, {}, {})
    """
    if as_of is None or name not in DATED:
        return {}
    column, days = DATED[name]
    return {column: to_day(as_of) + days}


def no_days() -> DayCounts:
    """Return the counts of no rows."""
    return np.zeros(LAST_DAY - FIRST_DAY + 1, np.int64)


def count_days(table: TypedTable) -> DayCounts:
    """Return how many rows are dated on each day, from the first to the last readable day."""
    days: Days = table.frame[DATED[table.table.name][0]]
    known = days[days != NEVER]
    # Small counts per day instead of all dates: the size does not depend on the number of rows.
    return np.bincount(known - FIRST_DAY, minlength=LAST_DAY - FIRST_DAY + 1)


def is_dated(raw: RawTable) -> bool:
    """Return whether a table's rows are counted by day."""
    return raw.table.name in DATED


def find_groups(counts: DayCounts) -> Groups:
    """Return the first day after each gap of over 60 days, and the number of rows from it on.

    Only gaps with no more rows after them than before:

    days    xxxxxxxxxxxxxxxx . . . . . . . . x x
            |--- before ---|- over 60 days -|- behind: reported

    >>> some = np.zeros(LAST_DAY - FIRST_DAY + 1, int)
    >>> some[[0, 5, 65, 126]] = 9, 9, 3, 2
    >>> find_groups(some)
    [('1990-05-07', 2)]
    """
    days = np.flatnonzero(counts)
    first = np.flatnonzero(np.diff(days) > GAP_DAYS) + 1
    before = np.cumsum(counts[days])
    # All rows minus those up to the gap.
    behind = before[-1] - before[first - 1] if len(first) else first
    is_fewer = behind <= before[first - 1]
    chosen = zip(days[first[is_fewer]].tolist(), behind[is_fewer].tolist(), strict=True)
    return [(to_date(day + FIRST_DAY).isoformat(), rows) for day, rows in chosen]


def rows_after(groups: Iterable[tuple[str, int]], as_of: date, days: int) -> int:
    """Return how many rows are behind a gap and more than `days` days after `as_of`."""
    last = to_date(to_day(as_of) + days).isoformat()
    return next((rows for day, rows in groups if day > last), 0)
