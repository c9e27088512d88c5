"""Days as integers since 1970-01-01, so that a column of dates is an int32 array.

A missing date is `NEVER`, a day after all others: an event without a date has not happened, and an
interval without an end does not end. Comparisons then need no special case.
"""

from datetime import date

import numpy as np
import numpy.typing as npt

from dunning.core.arrays import Days

# Far below the int32 limit, so that days can still be added to it.
NEVER = 2**30
_EPOCH = date(1970, 1, 1).toordinal()


def to_day(on: date) -> int:
    """Return the day number of a date.

    >>> to_day(date(2026, 1, 1))
    20454
    """
    return on.toordinal() - _EPOCH


def to_date(day: int) -> date:
    """Return the date of a day number; raises ValueError for `NEVER`.

    >>> to_date(20454)
    datetime.date(2026, 1, 1)
    """
    return date.fromordinal(int(day) + _EPOCH)


def add_years(days: Days, years: int) -> Days:
    """Return the same day `years` later; 29 February becomes 28 February in a year without it.

    Args:
        days: day numbers, none of them `NEVER`.
        years: whole years, positive.

    >>> to_date(add_years(np.array([to_day(date(2024, 2, 29))], np.int32), 3)[0])
    datetime.date(2027, 2, 28)
    """
    days = np.asarray(days)
    first, last = (int(days.min()), int(days.max())) if len(days) else (0, -1)
    if last - first < len(days):  # each day of the calendar once, then looked up
        return _add_years(np.arange(first, last + 1), years)[days - first]
    return _add_years(days, years)


def _add_years(days: npt.NDArray[np.integer], years: int) -> Days:
    start = days.astype("datetime64[D]")
    months = start.astype("datetime64[M]")
    # Counted from 0; cut to the length of the target month below (29 February).
    day_of_month = (start - months).astype(np.int64)
    target = (months.astype(np.int64) + 12 * years).astype("datetime64[M]")
    length = ((target + 1).astype("datetime64[D]") - target.astype("datetime64[D]")).astype(
        np.int64
    )
    moved = target.astype("datetime64[D]") + np.minimum(day_of_month, length - 1)
    return moved.astype(np.int64).astype(np.int32)
