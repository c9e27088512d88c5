"""Read cells of text as values, a column at a time: days, amounts, flags, words, numbers, shares.

Each function takes trimmed text (null where empty; a dictionary of it is allowed) and returns the
values and a mask of unreadable cells. An empty cell is not unreadable and has the type's value for
nothing (see `ledger_tables.CellKind`).
"""

from collections.abc import Callable
from datetime import date
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Codes, Flags
from dunning.core.days import NEVER, to_day
from dunning.core.sofia_time import SOFIA
from dunning.core.words import CURRENCIES
from dunning.ledger.typed_tables import NO_INSTANT

FIRST_DAY, LAST_DAY = to_day(date(1990, 1, 1)), to_day(date(2100, 1, 1))  # both included

SPACE = "[ \u00a0\u202f]"
_ISO = r"(?P<iy>[0-9]{4})-(?P<im>[0-9]{1,2})-(?P<id>[0-9]{1,2})"
_BG = r"(?P<bd>[0-9]{1,2})\.(?P<bm>[0-9]{1,2})\.(?P<by>[0-9]{4})(?:" + SPACE + r"*г\.)?"
ZONE = " ?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)"
_TIME = (
    r"[T ](?P<H>[0-9]{1,2}):(?P<M>[0-9]{2})(?::(?P<S>[0-9]{2})(?:[.,][0-9]+)?)?(?P<Z>" + ZONE + ")?"
)
_DATE = "^(?:" + _ISO + "|" + _BG + ")(?:" + _TIME + ")?$"
_PLAIN_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_OPEN = (to_day(date(2999, 12, 31)), to_day(date(9999, 12, 31)))
_NEAR = 5  # days outside which a zone is not looked up: all such days are bad, or open
_MINUS = "[-\u2212]"
_CURRENCY = {"€": "EUR", "EUR": "EUR", "лв.": "BGN", "лв": "BGN", "BGN": "BGN"}
_SIGNS = r"(?:€|EUR|BGN|лв\.?)"
_PLAIN_AMOUNT = r"^-?[0-9]{1,9}(?:[.,][0-9]{1,2})?$"
_FIGURE = "(?P<figure>(?:[0-9]{1,9}|[0-9]{1,3}(?:" + SPACE + r"[0-9]{3}){1,2})(?:[.,][0-9]{1,2})?)"
# Around the figure at most one of a leading minus, a trailing one and parentheses, and at most one
# currency.
_AMOUNT = (
    rf"^(?P<p1>{_SIGNS}{SPACE}?)?(?P<open>\()?(?P<m1>{_MINUS})?(?P<p2>{_SIGNS}{SPACE}?)?{_FIGURE}"
    rf"(?P<m2>{_MINUS})?(?P<s1>{SPACE}?{_SIGNS})?(?P<m3>{_MINUS})?(?P<close>\))?(?P<s2>{SPACE}?{_SIGNS})?$"
)
_CURRENCY_PLACES = ("p1", "p2", "s1", "s2")
_CURRENCY_CODES = [CURRENCIES.index(word) for word in _CURRENCY.values()]
_NUMBER = r"^[0-9]{1,9}$"
_SHARE = r"^(?P<a>[0-9]{1,9})/(?P<b>[0-9]{1,9})$"
_ZONE_SECONDS_MAX = 14 * 3_600
_YES, _NO = ("1", "true", "yes", "да"), ("0", "false", "no", "не")


def read_days(
    column: pa.Array, *, may_be_open: bool = False
) -> tuple[npt.NDArray[np.int32], Flags]:
    """Return days since 1970-01-01 of ISO dates and of `d.m.yyyy`, with or without `г.`.

    A time after the day is dropped; with a zone, the day is the one in Sofia. Bad: anything else,
    no calendar day, or outside 1990-01-01 to 2100-01-01 (both days are inside).

    Args:
        may_be_open: the last day of the years 2999 and 9999 is no day, but means that there is no
            end.

    >>> read_days(pa.array(["2026-01-01", "1.1.2026 г.", "31.02.2026", None]))[0].tolist()
    [20454, 20454, 1073741824, 1073741824]
    """
    return _by_distinct(column, partial(_days_of, may_be_open=may_be_open), NEVER)


def read_instants(column: pa.Array) -> tuple[npt.NDArray[np.int64], Flags]:
    """Return seconds since 1970-01-01 00:00, in Sofia's local time, of dates and times.

    `hh:mm`, `hh:mm:ss` or with a fraction (dropped), after a space or `T`; a time with `Z`, `+02`,
    `+0200` or `+02:00` (at most 14 hours, as far as clocks differ anywhere) is moved to Sofia's
    clock; a date alone is its midnight.

    >>> read_instants(pa.array(["1970-01-01", "2026-01-01T00:30:00Z", "2026-01-01T00:30:00+99:99"]))[1].tolist()
    [True, False, True]
    """
    return _by_distinct(column, _instants_of, NO_INSTANT)


def read_amounts(
    column: pa.Array, currencies: Codes | None = None
) -> tuple[npt.NDArray[np.int64], Flags]:
    """Return minor units of amounts with a decimal comma or point and at most two decimals.

    At most nine digits before them (so that interest stays within 64 bits), either plain or in
    groups of three (space, NBSP, narrow NBSP); negative by a minus in front or behind (also
    U+2212), or in parentheses. A currency may be there (`€`, `EUR`, `лв.`, `лв`, `BGN`).

    Args:
        currencies: each row's as place in `words.CURRENCIES` (below 0: not known), with which one
            in an amount must agree, if given.

    >>> read_amounts(pa.array(["1 234,5", "7-", "(12,34)", "12.345", "1e9", None]))[0].tolist()
    [123450, -700, -1234, 0, 0, 0]
    """
    minor, is_bad, carried = read_carrying_amounts(column)
    if carried is None or currencies is None:
        return minor, is_bad
    is_other = (carried >= 0) & (currencies >= 0) & (carried != currencies)
    return np.where(is_other, 0, minor), is_bad | is_other


def read_carrying_amounts(
    column: pa.Array,
) -> tuple[npt.NDArray[np.int64], Flags, Codes | None]:
    """Return minor units, a mask of bad cells, and the currency in each amount (-1: none).

    The currencies are None where no amount of the column has one.
    """
    encoded = column.dictionary_encode()
    minor, is_bad, carried = _amounts_of(encoded.dictionary)
    values, bad = _spread(encoded, minor, is_bad, 0)
    return values, bad, np.append(carried, -1)[_places(encoded)] if (carried >= 0).any() else None


def take_signs(column: pa.Array) -> pa.Array:
    """Return amounts without their minus or parentheses; an unreadable one does not change.

    >>> take_signs(pa.array(["-5,00 €", "(1 234,50)", "5,00", "--5", None])).to_pylist()
    ['5,00 €', '1 234,50', '5,00', '--5', None]
    """
    parts = pc.extract_regex(column, _AMOUNT)
    shown = ("p1", "p2", "figure", "s1", "s2")
    bare = pc.binary_join_element_wise(*(pc.struct_field(parts, name) for name in shown), "")
    is_negative, is_twice = _find_negative(parts)
    return pc.if_else(pa.array(is_negative & ~is_twice), bare, column)


def _amounts_of(column: pa.Array) -> tuple[npt.NDArray[np.int64], Flags, Codes]:
    """Return minor units, a mask of bad cells, and the currency in each amount (-1: none)."""
    # Nearly all amounts are plain; only the others need the long expression.
    is_good = _mask(pc.match_substring_regex(column, _PLAIN_AMOUNT))
    carried = np.full(len(column), -1, np.int8)
    texts = pc.if_else(pa.array(is_good), column, "0")
    minor = _to_minor(texts)
    rest = np.flatnonzero(~is_good & _is_filled(column))
    if len(rest):
        odd, good, carried[rest] = _odd_amounts(column.take(pa.array(rest)))
        minor[rest], is_good[rest] = odd, good
    return minor, ~is_good & _is_filled(column), carried


def _odd_amounts(texts: pa.Array) -> tuple[npt.NDArray[np.int64], Flags, Codes]:
    """Return the same for amounts with something beside their digits, with a mask of good ones."""
    parts = pc.extract_regex(texts, _AMOUNT)
    is_negative, is_twice = _find_negative(parts)
    signs = [
        pc.utf8_trim_whitespace(pc.fill_null(pc.struct_field(parts, name), ""))
        for name in _CURRENCY_PLACES
    ]
    currencies = [_currency_of(sign) for sign in signs]
    is_good = (
        _mask(pc.is_valid(parts))
        & ~is_twice
        & (np.sum([of >= 0 for of in currencies], axis=0) <= 1)
    )
    figures = pc.replace_substring_regex(
        pc.fill_null(pc.struct_field(parts, "figure"), "0"), SPACE, ""
    )
    minor = _to_minor(pc.if_else(pa.array(is_good), figures, "0"))
    return np.where(is_negative, -minor, minor), is_good, np.max(currencies, axis=0).astype(np.int8)


def _find_negative(parts: pa.StructArray) -> tuple[Flags, Flags]:
    """Return which amounts are negative, and which have two signs or half of a pair.

    Signs are a minus in front or behind, and parentheses.
    """
    has = {name: _has(parts, name) for name in ("m1", "m2", "m3", "open", "close")}
    marks = [has["m1"], has["m2"], has["m3"], has["open"]]
    return np.any(marks, axis=0), (np.sum(marks, axis=0) > 1) | (has["open"] != has["close"])


def _has(parts: pa.StructArray, name: str) -> Flags:
    return _mask(pc.not_equal(pc.struct_field(parts, name), ""))


def _currency_of(signs: pa.Array) -> Codes:
    place = pc.fill_null(pc.index_in(signs, value_set=pa.array(_CURRENCY)), -1).to_numpy(
        zero_copy_only=False
    )
    return np.where(place < 0, np.int8(-1), np.array(_CURRENCY_CODES, np.int8)[place])


def _to_minor(plain: pa.Array) -> npt.NDArray[np.int64]:
    return _low_words(pc.replace_substring(plain, ",", ".").cast(pa.decimal128(14, 2)))


def read_flags(column: pa.Array) -> tuple[Codes, Flags]:
    """Return 1 for yes, 0 for no, -1 for an empty cell.

    Cells are `1/0`, `true/false`, `yes/no`, `да/не`, in any case.
    """
    return _by_distinct(column, _flags_of, -1)


def _flags_of(column: pa.Array) -> tuple[Codes, Flags]:
    words, is_bad = _words_of(pc.utf8_lower(column), (*_YES, *_NO))
    return np.where(words < 0, np.int8(-1), (words < len(_YES)).astype(np.int8)), is_bad


def read_words(column: pa.Array, words: tuple[str, ...]) -> tuple[Codes, Flags]:
    """Return each cell's place in a closed list, spelled exactly so; -1 where empty or bad."""
    return _by_distinct(column, partial(_words_of, words=words), -1)


def _words_of(column: pa.Array, words: tuple[str, ...]) -> tuple[Codes, Flags]:
    places = pc.fill_null(pc.index_in(column, value_set=pa.array(words)), -1).to_numpy(
        zero_copy_only=False
    )
    return places.astype(np.int8), (places < 0) & _is_filled(column)


def read_numbers(column: pa.Array) -> tuple[npt.NDArray[np.int32], Flags]:
    """Return whole numbers of at most nine digits, without a sign; -1 where empty or bad."""
    return _by_distinct(column, _numbers_of, -1)


def _numbers_of(column: pa.Array) -> tuple[npt.NDArray[np.int32], Flags]:
    is_good = _mask(pc.match_substring_regex(column, _NUMBER))
    numbers = pc.if_else(pa.array(is_good), column, "-1").cast(pa.int32())
    return numbers.to_numpy(zero_copy_only=False), ~is_good & _is_filled(column)


def read_shares(column: pa.Array) -> tuple[pa.Array, Flags]:
    """Return shares as text, `a/b` with 0 < a <= b or `1`; an empty cell is `1`, a bad one null.

    >>> read_shares(pa.array(["5/6", None, "7/6"]))[0].to_pylist()
    ['5/6', '1', None]
    """
    parts = pc.extract_regex(column, _SHARE)
    part, whole = (
        pc.fill_null(pc.struct_field(parts, name).cast(pa.int32()), 0).to_numpy(
            zero_copy_only=False
        )
        for name in "ab"
    )
    is_good = ((part > 0) & (part <= whole)) | _mask(pc.equal(column, "1"))
    is_bad = ~is_good & _is_filled(column)
    return pc.if_else(
        pa.array(is_bad), pa.scalar(None, pa.string()), pc.fill_null(column, "1")
    ), is_bad


def _by_distinct(
    column: pa.Array, read: Callable[[pa.Array], tuple[npt.NDArray, Flags]], nothing: int
) -> tuple[npt.NDArray, Flags]:
    """Return the values of a column; each different text is read once, for there are few."""
    encoded = column.dictionary_encode()
    values, is_bad = read(encoded.dictionary)
    return _spread(encoded, values, is_bad, nothing)


def _spread(
    encoded: pa.DictionaryArray, values: npt.NDArray, is_bad: Flags, nothing: int
) -> tuple[npt.NDArray, Flags]:
    places = _places(encoded)
    # One more value at the end, for empty cells:
    # dictionary   "5,00" "x" | nothing
    # values         500  0     0
    # places         0 1 2 …        2 = null
    values = np.append(np.where(is_bad, nothing, values), nothing).astype(values.dtype)
    if not is_bad.any():
        return values[places], np.zeros(len(places), bool)
    return values[places], np.append(is_bad, False)[places]


def _places(encoded: pa.DictionaryArray) -> npt.NDArray:
    """Return each cell's place in the dictionary; an empty cell gives the place after its end."""
    return pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy(zero_copy_only=False)


def _days_of(texts: pa.Array, *, may_be_open: bool) -> tuple[npt.NDArray[np.int32], Flags]:
    # The usual form in all cells: no times, no zones, a short expression.
    if not may_be_open and pc.all(pc.match_substring_regex(texts, _PLAIN_DATE)).as_py():
        days, is_bad = _calendar_days(pc.extract_regex(texts, "^" + _ISO + "$"), "i")
        is_bad |= (days < FIRST_DAY) | (days > LAST_DAY)
        return np.where(is_bad, 0, days).astype(np.int32), is_bad
    seconds, written, is_bad = _clocks_of(texts)
    days = seconds // 86_400
    is_open = ~is_bad & (np.isin(days, _OPEN) | np.isin(written, _OPEN)) & may_be_open
    is_bad |= ((days < FIRST_DAY) | (days > LAST_DAY)) & ~is_open
    return np.where(is_open, NEVER, np.where(is_bad, 0, days)).astype(np.int32), is_bad


def _instants_of(texts: pa.Array) -> tuple[npt.NDArray[np.int64], Flags]:
    seconds, _, is_bad = _clocks_of(texts)
    days = seconds // 86_400
    return seconds, is_bad | (days < FIRST_DAY) | (days > LAST_DAY)


def _clocks_of(texts: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Flags]:
    """Return seconds in Sofia's local time, the day as written, and a mask of bad cells.

    Any year is good here; callers check the range.
    """
    parts = pc.extract_regex(texts, _DATE)
    days, is_bad = _calendar_days(parts, "ib")
    hour, minute, second = (_integers(pc.struct_field(parts, name)) for name in "HMS")
    is_bad |= (hour > 23) | (minute > 59) | (second > 59)
    seconds = days * 86_400 + hour * 3_600 + minute * 60 + second
    zone = pc.replace_substring_regex(pc.fill_null(pc.struct_field(parts, "Z"), ""), "[ :Z]", "")
    hours, minutes = (_integers(pc.utf8_slice_codeunits(zone, at, at + 2)) for at in (1, 3))
    ahead = np.where(_mask(pc.starts_with(zone, "-")), -1, 1) * (hours * 3_600 + minutes * 60)
    is_bad |= (minutes > 59) | (np.abs(ahead) > _ZONE_SECONDS_MAX)
    has_zone = _has(parts, "Z") & ~is_bad & (days > FIRST_DAY - _NEAR) & (days < LAST_DAY + _NEAR)
    if has_zone.any():
        seconds[has_zone] = _to_sofia(seconds[has_zone], ahead[has_zone])
    return seconds, days, is_bad


def _to_sofia(
    seconds: npt.NDArray[np.int64], ahead: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    utc = pd.to_datetime(seconds - ahead, unit="s", utc=True)
    local = utc.tz_convert(SOFIA.key).tz_localize(None)
    return local.to_numpy().astype("datetime64[s]").astype(np.int64)


def _calendar_days(parts: pa.StructArray, forms: str) -> tuple[npt.NDArray[np.int64], Flags]:
    """Return days of any year, and a mask of those that do not exist.

    `forms` are the letters before the names of the fields.
    """
    year, month, day = (
        sum(_integers(pc.struct_field(parts, form + name)) for form in forms) for name in "ymd"
    )
    is_bad = (month < 1) | (month > 12)
    months = ((year - 1970) * 12 + np.where(is_bad, 1, month) - 1).astype("datetime64[M]")
    first = months.astype("datetime64[D]").astype(np.int64)
    # The first day of the next month: a day on or after it does not exist (31.02.).
    following = (months + 1).astype("datetime64[D]").astype(np.int64)
    days = first + day - 1
    is_bad |= (day < 1) | (days >= following)
    return np.where(is_bad, 0, days), is_bad


def _integers(digits: pa.Array) -> npt.NDArray[np.int64]:
    """Return digits as numbers; an empty text and null are 0."""
    filled = pc.if_else(pc.equal(pc.fill_null(digits, ""), ""), "0", digits)
    return filled.cast(pa.int64()).to_numpy(zero_copy_only=False)


def _mask(values: pa.Array) -> Flags:
    return pc.fill_null(values, False).to_numpy(zero_copy_only=False)


def _is_filled(column: pa.Array) -> Flags:
    return column.is_valid().to_numpy(zero_copy_only=False)


def _low_words(amounts: pa.Array) -> npt.NDArray[np.int64]:
    """Return 14-digit decimals as the integers that Arrow stores.

    Exact, for they fit into the lower 64 bits.
    """
    # A decimal128 is two 64-bit words, the lower one first: take every second word.
    stored = np.frombuffer(amounts.buffers()[1], np.int64)
    return stored[2 * amounts.offset : 2 * (amounts.offset + len(amounts)) : 2].copy()
