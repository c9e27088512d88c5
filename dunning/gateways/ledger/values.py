"""Cells of text to values, a column at a time: days, instants, amounts, flags, words, numbers, shares.

Each function takes trimmed text (null where empty; a dictionary of it will do) and returns the values and a mask of
cells that could not be read; an empty cell is not among them and has the type's value for nothing (see `tables.Kind`).
"""

from collections.abc import Callable
from datetime import date
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.days import NEVER, to_day
from dunning.gateways.ledger.raw import NO_INSTANT

Mask = npt.NDArray[np.bool_]
FIRST_DAY, LAST_DAY = to_day(date(1990, 1, 1)), to_day(date(2100, 1, 1))  # both included

_SPACE = "[ \u00a0\u202f]"
_ISO = r"(?P<{0}y>[0-9]{{4}})-(?P<{0}m>[0-9]{{2}})-(?P<{0}d>[0-9]{{2}})"
_BG = r"(?P<{0}d>[0-9]{{2}})\.(?P<{0}m>[0-9]{{2}})\.(?P<{0}y>[0-9]{{4}})(?:" + _SPACE + r"*г\.)?"
_DATE = "(?:" + _ISO.format("i") + "|" + _BG.format("b") + ")"
_TIME = r"(?:[T ](?P<H>[0-9]{2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2})(?:[.,][0-9]+)?)?(?P<Z>Z|[+-][0-9]{2}:[0-9]{2})?)?"
_PLAIN_AMOUNT = r"^-?[0-9]{1,9}(?:[.,][0-9]{1,2})?$"
_GROUPED_AMOUNT = "^-?[0-9]{1,3}(?:" + _SPACE + r"[0-9]{3}){1,2}(?:[.,][0-9]{1,2})?$"
_NUMBER = r"^[0-9]{1,9}$"
_SHARE = r"^(?P<a>[0-9]{1,9})/(?P<b>[0-9]{1,9})$"
_ZONE_SECONDS_MAX = 14 * 3_600
_YES, _NO = ("1", "true", "yes", "да"), ("0", "false", "no", "не")


def read_days(column: pa.Array) -> tuple[npt.NDArray[np.int32], Mask]:
    """Return days since 1970-01-01 of ISO dates and of `dd.mm.yyyy`, the latter with or without ` г.`.

    Bad: whatever else, no calendar day, or outside 1990-01-01 to 2100-01-01 (both days are inside).

    >>> read_days(pa.array(["2026-01-01", "01.01.2026 г.", "31.02.2026", None]))[0].tolist()
    [20454, 20454, 1073741824, 1073741824]
    """
    return _by_distinct(column, _days_of, NEVER)


def read_instants(column: pa.Array) -> tuple[npt.NDArray[np.int64], Mask]:
    """Return seconds since 1970-01-01 00:00 by Sofia's wall clock of a date, or a date with a time.

    `hh:mm`, `hh:mm:ss` or with a fraction (dropped), after a space or `T`; a time with `Z` or `+02:00` (at most 14
    hours, as far as clocks differ anywhere) is moved to Sofia's clock; a date alone is its midnight.

    >>> read_instants(pa.array(["1970-01-01", "2026-01-01T00:30:00Z", "2026-01-01T00:30:00+99:99"]))[1].tolist()
    [True, False, True]
    """
    return _by_distinct(column, _instants_of, NO_INSTANT)


def read_amounts(column: pa.Array) -> tuple[npt.NDArray[np.int64], Mask]:
    """Return minor units of amounts with a decimal comma or point and at most two decimals.

    At most nine digits before them (so that interest stays within 64 bits), either plain or in groups of three (space,
    NBSP, narrow NBSP); a leading `-`.

    >>> read_amounts(pa.array(["1 234,5", "-7", "12.345", "1e9", None]))[0].tolist()
    [123450, -700, 0, 0, 0]
    """
    return _by_distinct(column, _amounts_of, 0)


def _amounts_of(column: pa.Array) -> tuple[npt.NDArray[np.int64], Mask]:
    is_good = _mask(pc.match_substring_regex(column, _PLAIN_AMOUNT))
    texts = column
    rest = np.flatnonzero(~is_good & _is_filled(column))
    if len(rest):
        odd = column.take(pa.array(rest))
        is_grouped = _mask(pc.match_substring_regex(odd, _GROUPED_AMOUNT))
        is_good[rest[is_grouped]] = True
        texts = pc.replace_substring_regex(column, _SPACE, "")
    texts = pc.if_else(pa.array(is_good), texts, "0")
    exact = pc.replace_substring(texts, ",", ".").cast(pa.decimal128(14, 2))
    return _low_words(exact), ~is_good & _is_filled(column)


def read_flags(column: pa.Array) -> tuple[npt.NDArray[np.int8], Mask]:
    """Return 1 for yes, 0 for no, -1 for an empty cell: `1/0`, `true/false`, `yes/no`, `да/не` in any case."""
    return _by_distinct(column, _flags_of, -1)


def _flags_of(column: pa.Array) -> tuple[npt.NDArray[np.int8], Mask]:
    words, is_bad = _words_of(pc.utf8_lower(column), (*_YES, *_NO))
    return np.where(words < 0, np.int8(-1), (words < len(_YES)).astype(np.int8)), is_bad


def read_words(column: pa.Array, words: tuple[str, ...]) -> tuple[npt.NDArray[np.int8], Mask]:
    """Return each cell's place in a closed list, exactly as written there; -1 where empty or bad."""
    return _by_distinct(column, partial(_words_of, words=words), -1)


def _words_of(column: pa.Array, words: tuple[str, ...]) -> tuple[npt.NDArray[np.int8], Mask]:
    places = pc.fill_null(pc.index_in(column, value_set=pa.array(words)), -1).to_numpy(zero_copy_only=False)
    return places.astype(np.int8), (places < 0) & _is_filled(column)


def read_numbers(column: pa.Array) -> tuple[npt.NDArray[np.int32], Mask]:
    """Return whole numbers of at most nine digits, without a sign; -1 where empty or bad."""
    return _by_distinct(column, _numbers_of, -1)


def _numbers_of(column: pa.Array) -> tuple[npt.NDArray[np.int32], Mask]:
    is_good = _mask(pc.match_substring_regex(column, _NUMBER))
    numbers = pc.if_else(pa.array(is_good), column, "-1").cast(pa.int32())
    return numbers.to_numpy(zero_copy_only=False), ~is_good & _is_filled(column)


def read_shares(column: pa.Array) -> tuple[pa.Array, Mask]:
    """Return shares as text, `a/b` with 0 < a <= b or `1`; an empty cell is `1`, a bad one null.

    >>> read_shares(pa.array(["5/6", None, "7/6"]))[0].to_pylist()
    ['5/6', '1', None]
    """
    parts = pc.extract_regex(column, _SHARE)
    part, whole = (
        pc.fill_null(pc.struct_field(parts, name).cast(pa.int32()), 0).to_numpy(zero_copy_only=False) for name in "ab"
    )
    is_good = ((part > 0) & (part <= whole)) | _mask(pc.equal(column, "1"))
    is_bad = ~is_good & _is_filled(column)
    return pc.if_else(pa.array(is_bad), pa.scalar(None, pa.string()), pc.fill_null(column, "1")), is_bad


def _by_distinct(
    column: pa.Array, read: Callable[[pa.Array], tuple[npt.NDArray, Mask]], nothing: int
) -> tuple[npt.NDArray, Mask]:
    """Read each different text once: most columns have few of them."""
    encoded = column.dictionary_encode()
    values, is_bad = read(encoded.dictionary)
    places = pc.fill_null(encoded.indices, len(values)).to_numpy(zero_copy_only=False)
    values = np.append(np.where(is_bad, nothing, values), nothing).astype(values.dtype)
    if not is_bad.any():
        return values[places], np.zeros(len(places), bool)
    return values[places], np.append(is_bad, False)[places]


def _days_of(texts: pa.Array) -> tuple[npt.NDArray[np.int32], Mask]:
    return _calendar_days(pc.extract_regex(texts, "^" + _DATE + "$"))


def _instants_of(texts: pa.Array) -> tuple[npt.NDArray[np.int64], Mask]:
    parts = pc.extract_regex(texts, "^" + _DATE + _TIME + "$")
    days, is_bad = _calendar_days(parts)
    hour, minute, second = (_integers(pc.struct_field(parts, name)) for name in "HMS")
    is_bad |= (hour > 23) | (minute > 59) | (second > 59)
    seconds = days.astype(np.int64) * 86_400 + hour * 3_600 + minute * 60 + second
    zone = pc.fill_null(pc.struct_field(parts, "Z"), "")
    hours, minutes = (_integers(pc.utf8_slice_codeunits(zone, at, at + 2)) for at in (1, 4))
    ahead = np.where(_mask(pc.starts_with(zone, "-")), -1, 1) * (hours * 3_600 + minutes * 60)
    is_bad |= (minutes > 59) | (np.abs(ahead) > _ZONE_SECONDS_MAX)
    has_zone = _mask(pc.not_equal(zone, "")) & ~is_bad
    if has_zone.any():
        seconds[has_zone] = _to_sofia(seconds[has_zone], ahead[has_zone])
    return seconds, is_bad


def _to_sofia(seconds: npt.NDArray[np.int64], ahead: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    utc = pd.to_datetime(seconds - ahead, unit="s", utc=True)
    local = utc.tz_convert("Europe/Sofia").tz_localize(None)
    return local.to_numpy().astype("datetime64[s]").astype(np.int64)


def _calendar_days(parts: pa.StructArray) -> tuple[npt.NDArray[np.int32], Mask]:
    year, month, day = (
        _integers(pc.struct_field(parts, "i" + name)) + _integers(pc.struct_field(parts, "b" + name)) for name in "ymd"
    )
    is_bad = (month < 1) | (month > 12)
    months = ((year - 1970) * 12 + np.where(is_bad, 1, month) - 1).astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[D]").astype(np.int64)
    days = first + day - 1
    is_bad |= (day < 1) | (days >= following) | (days < FIRST_DAY) | (days > LAST_DAY)
    return np.where(is_bad, 0, days).astype(np.int32), is_bad


def _integers(digits: pa.Array) -> npt.NDArray[np.int64]:
    """Return digits as numbers; none, and null, are 0."""
    filled = pc.if_else(pc.equal(pc.fill_null(digits, ""), ""), "0", digits)
    return filled.cast(pa.int64()).to_numpy(zero_copy_only=False)


def _mask(values: pa.Array) -> Mask:
    return pc.fill_null(values, False).to_numpy(zero_copy_only=False)


def _is_filled(column: pa.Array) -> Mask:
    return column.is_valid().to_numpy(zero_copy_only=False)


def _low_words(amounts: pa.Array) -> npt.NDArray[np.int64]:
    """Return 14-digit decimals as the integers they are stored as; exact, for they fit into the lower 64 bits."""
    stored = np.frombuffer(amounts.buffers()[1], np.int64)
    return stored[2 * amounts.offset : 2 * (amounts.offset + len(amounts)) : 2].copy()
