"""Columns as text: money with a decimal comma, days as ISO or Bulgarian dates."""

from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Days
from dunning.core.days import NEVER, to_date

NBSP = "\N{NO-BREAK SPACE}"


def format_minor_column(minor: npt.NDArray[np.int64], group: str = "") -> pa.Array:
    """Return minor units as decimal strings with a comma.

    Args:
        minor: euro cents or stotinki.
        group: separator between groups of three digits, from five digits on; a four-digit whole is
            never grouped (Bulgarian typography).

    >>> format_minor_column(np.array([123405, -7, 1234567]), " ").to_pylist()
    ['1234,05', '-0,07', '12 345,67']
    """
    minor = np.asarray(minor, np.int64)
    size = np.abs(minor)
    whole = pa.array(size // 100).cast(pa.string())
    if group:
        long = pc.greater_equal(pc.utf8_length(whole), 5)
        # Six groups of three digits, blank on the left; the blanks and separators there are then
        # cut off.
        padded = pc.utf8_lpad(whole, 18, padding=" ")
        parts = [pc.utf8_slice_codeunits(padded, start, start + 3) for start in range(0, 18, 3)]
        spaced = pc.utf8_ltrim_whitespace(pc.binary_join_element_wise(*parts, group))
        whole = pc.if_else(long, pc.utf8_ltrim(spaced, characters=group + " "), whole)
    rest = pc.utf8_lpad(pa.array(size % 100).cast(pa.string()), 2, padding="0")
    text = pc.binary_join_element_wise(whole, rest, ",")
    sign = pc.if_else(pa.array(minor < 0), "-", "")
    return pc.binary_join_element_wise(sign, text, "")


def format_day(day: date) -> str:
    """Return a day in Bulgarian format.

    >>> format_day(date(2026, 11, 22))
    '22.11.2026 г.'
    """
    return f"{day:%d.%m.%Y} г."


def format_days(days: Days, pattern: str = "%Y-%m-%d") -> pa.Array:
    """Return days as text; `NEVER` gives null.

    Each different day is formatted once.

    >>> format_days(np.array([20454, NEVER], np.int32), "%d.%m.%Y г.").to_pylist()
    ['01.01.2026 г.', None]
    """
    values, places = np.unique(np.asarray(days, np.int32), return_inverse=True)
    texts = [None if day == NEVER else to_date(int(day)).strftime(pattern) for day in values]
    return pa.array(texts, pa.string()).take(pa.array(places))
