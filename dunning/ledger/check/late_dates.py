"""Days that cannot be meant: a year mistyped, so that what was paid or protected would not count
for decades.

Where the manifest names the day that the extract speaks for, what is dated long after it is
refused. Where it does not, the days behind a gap, with no more rows behind it than before, are
told, so that a run can count them.
"""

from collections.abc import Iterable
from datetime import date

import numpy as np
import numpy.typing as npt

from dunning.core.arrays import Days
from dunning.core.days import NEVER, to_date, to_day
from dunning.ledger.read.values import FIRST_DAY, LAST_DAY
from dunning.ledger.typed_tables import RawTable, TypedTable

# Of each table the day by which its rows are dated, and how many days after the extract's one it
# may lie. Holds and agreements may be entered ahead of their time, so they are refused only where
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

Counts = npt.NDArray[np.int64]
Groups = list[tuple[str, int]]


def last_days(name: str, as_of: date | None) -> dict[str, int]:
    """Return the last day that can be meant in a table's column of days; nothing where the extract
    names no day.

    >>> last_days("payments", date(1970, 1, 1)), last_days("premises", date(1970, 1, 1)), last_days("holds", None)
    ({'paid_on': 7}, {}, {})
    """
    if as_of is None or name not in DATED:
        return {}
    column, days = DATED[name]
    return {column: to_day(as_of) + days}


def no_days() -> Counts:
    """Return the counts of no rows."""
    return np.zeros(LAST_DAY - FIRST_DAY + 1, np.int64)


def count_days(table: TypedTable) -> Counts:
    """Return how many rows are dated on each day from the first to the last that can be read."""
    days: Days = table.frame[DATED[table.table.name][0]]
    known = days[days != NEVER]
    return np.bincount(known - FIRST_DAY, minlength=LAST_DAY - FIRST_DAY + 1)


def is_dated(raw: RawTable) -> bool:
    """Say whether a table's rows are counted by day."""
    return raw.table.name in DATED


def find_groups(counts: Counts) -> Groups:
    """Return the first day behind each gap of over 60 days with no more rows behind it than before,
    and how many rows.

    >>> some = np.zeros(LAST_DAY - FIRST_DAY + 1, int)
    >>> some[[0, 5, 65, 126]] = 9, 9, 3, 2
    >>> find_groups(some)
    [('1990-05-07', 2)]
    """
    days = np.flatnonzero(counts)
    first = np.flatnonzero(np.diff(days) > GAP_DAYS) + 1
    before = np.cumsum(counts[days])
    behind = before[-1] - before[first - 1] if len(first) else first
    is_fewer = behind <= before[first - 1]
    chosen = zip(days[first[is_fewer]].tolist(), behind[is_fewer].tolist(), strict=True)
    return [(to_date(day + FIRST_DAY).isoformat(), rows) for day, rows in chosen]


def rows_after(groups: Iterable[tuple[str, int]], as_of: date, days: int) -> int:
    """Return how many rows stand behind a gap and more than so many days after a day."""
    last = to_date(to_day(as_of) + days).isoformat()
    return next((rows for day, rows in groups if day > last), 0)
