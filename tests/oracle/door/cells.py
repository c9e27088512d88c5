"""What the contract takes for a value, cell by cell and without a regular expression of the door:
the fuzz's oracle.

Every function takes a trimmed cell in which something stands and returns its value, or None where
it cannot be read.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from dunning.core.ledger_tables import CellKind, LedgerColumn

_SPACES = " \u00a0\u202f"
_DAY_LENGTH_MAX = 100  # of a cell that may be of a megabyte, only so much can be a day
_SOFIA = ZoneInfo("Europe/Sofia")
_FLAGS = {
    "1": True,
    "true": True,
    "yes": True,
    "да": True,
    "0": False,
    "false": False,
    "no": False,
    "не": False,
}
_ZONE_HOURS_MAX = 14
_CURRENCIES = {"€": "EUR", "EUR": "EUR", "BGN": "BGN", "лв.": "BGN", "лв": "BGN"}


def read_cell(column: LedgerColumn, cell: str, currency: str = "") -> Any:
    """Return the value of a cell, None where it is empty or bad; an amount beside its row's
    currency.
    """
    if not is_filled(cell):
        return None
    if column.kind is CellKind.WORD:
        return cell if cell in column.words else None
    if column.kind is CellKind.AMOUNT:
        return read_amount(cell, currency)
    if column.name == "valid_until" and _is_end_of_time(cell):
        return None
    return _READERS[column.kind](cell)


def is_filled(cell: str) -> bool:
    """Say whether something stands in a trimmed cell."""
    return cell.upper() not in ("", "NULL", "\\N", "N/A", "#N/A", "NAN", "NONE", "(NULL)")


def is_bad(column: LedgerColumn, cell: str, currency: str = "") -> bool:
    """Say whether something stands there that cannot be read."""
    if column.name == "valid_until" and _is_end_of_time(cell):
        return False
    return is_filled(cell) and read_cell(column, cell, currency) is None


def read_amount(cell: str, currency: str = "") -> int | None:
    """Return minor units of an amount that may carry a currency: the row's, where that is one."""
    for word, meant in _CURRENCIES.items():
        before, found, behind = cell.partition(word)
        if found:
            if currency in ("EUR", "BGN") and currency != meant:
                return None
            is_outside = any(letter.isdigit() for letter in behind)
            before, behind = _without_gap(before, behind, is_in_front=is_outside)
            return None if before is None else _read_signed(before + behind)
    return _read_signed(cell)


def _without_gap(before: str, behind: str, *, is_in_front: bool) -> tuple[str | None, str]:
    """Return what stands around a currency without the one space between it and the figure."""
    if is_in_front:
        if any(letter.isdigit() for letter in before) or before not in (
            "",
            "-",
            "\u2212",
            "(",
            "(-",
            "(\u2212",
        ):
            return None, behind
        return before, behind[1:] if behind[:1] and behind[0] in _SPACES else behind
    if behind not in ("", "-", "\u2212", ")", "-)", "\u2212)"):
        return None, behind
    return (before[:-1] if before[-1:] and before[-1] in _SPACES else before), behind


def _read_signed(cell: str) -> int | None:
    """Return minor units of a figure with at most one minus, in front or behind, or in
    parentheses.
    """
    if cell[:1] == "(" and cell[-1:] == ")":
        minor = _read_figure(cell[1:-1])
        return None if minor is None else -minor
    if cell[:1] and cell[0] in "-\u2212":
        minor = _read_figure(cell[1:])
        return None if minor is None else -minor
    if cell[-1:] and cell[-1] in "-\u2212":
        minor = _read_figure(cell[:-1])
        return None if minor is None else -minor
    return _read_figure(cell)


def _read_figure(body: str) -> int | None:
    whole, mark, rest = body, "", ""
    for i, letter in enumerate(body):
        if letter in ",.":
            whole, mark, rest = body[:i], letter, body[i + 1 :]
            break
    if mark and not (_is_digits(rest) and len(rest) <= 2):
        return None
    groups = _split_groups(whole)
    if not all(_is_digits(group) for group in groups) or len("".join(groups)) > 9:
        return None
    if len(groups) > 1 and (len(groups[0]) > 3 or any(len(group) != 3 for group in groups[1:])):
        return None
    return int("".join(groups)) * 100 + int(rest.ljust(2, "0") or 0)


def read_day(cell: str) -> date | None:
    """Return a day of an ISO date or `d.m.yyyy`, with or without ` г.`; a time behind it says at
    most which day.
    """
    clock = read_instant(cell)
    return None if clock is None else clock.date()


def read_instant(cell: str) -> datetime | None:
    """Return the wall clock of Sofia, from 1990-01-01 to the end of 2100-01-01."""
    clock = _read_clock(cell)
    return clock if clock and date(1990, 1, 1) <= clock.date() <= date(2100, 1, 1) else None


def _is_end_of_time(cell: str) -> bool:
    for at in range(min(len(cell), _DAY_LENGTH_MAX), 7, -1):
        day = _read_written(cell[:at])
        if day is not None:
            is_whole = at == len(cell) or _add_clock(date(2020, 1, 1), cell[at:]) is not None
            return is_whole and (day.month, day.day) == (12, 31) and day.year in (2999, 9999)
    return False


def _read_clock(cell: str) -> datetime | None:
    for at in range(min(len(cell), _DAY_LENGTH_MAX), 7, -1):
        day = _read_written(cell[:at])
        if day is not None:
            clock = cell[at:]
            return datetime(day.year, day.month, day.day) if not clock else _add_clock(day, clock)
    return None


def _read_written(cell: str) -> date | None:
    """Return the day of a text that is a day and nothing else, whatever its year."""
    if cell.endswith("г.") and "." in cell[:-2]:
        cell = cell[:-2].rstrip(_SPACES)
        parts = cell.split(".")
    elif "-" in cell:
        parts = cell.split("-")[::-1]
    else:
        parts = cell.split(".")
    if len(parts) != 3 or not all(map(_is_digits, parts)):
        return None
    day, month, year = parts
    if len(year) != 4 or len(day) > 2 or len(month) > 2:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def read_number(cell: str) -> int | None:
    """Return a whole number of at most nine digits."""
    return int(cell) if _is_digits(cell) and len(cell) <= 9 else None


def read_share(cell: str) -> str | None:
    """Return the share as it stands there."""
    if cell == "1":
        return cell
    parts = cell.split("/")
    if len(parts) != 2 or any(read_number(part) is None for part in parts):
        return None
    return cell if 0 < int(parts[0]) <= int(parts[1]) else None


def _add_clock(day: date, text: str) -> datetime | None:
    if text[0] not in "T ":
        return None
    text, zone = _split_zone(text[1:])
    if zone is None:
        return None
    main, _, fraction = text.replace(",", ".").partition(".")
    parts = main.split(":")
    if "." in text.replace(",", ".") and (not _is_digits(fraction) or len(parts) != 3):
        return None
    if len(parts) not in (2, 3) or not all(map(_is_digits, parts)):
        return None
    if len(parts[0]) > 2 or any(len(part) != 2 for part in parts[1:]):
        return None
    hour, minute, second = (*map(int, parts), 0)[:3]
    if hour > 23 or minute > 59 or second > 59:
        return None
    at = datetime(day.year, day.month, day.day, hour, minute, second)
    if zone == "" or not 1900 < day.year < 2200:
        return at
    return at.replace(tzinfo=zone).astimezone(_SOFIA).replace(tzinfo=None)  # type: ignore[arg-type]


def _split_zone(text: str) -> tuple[str, timezone | str | None]:
    """Return the clock and its zone: "" where none is given, None where it is wrong."""
    if text.endswith("Z"):
        return text[:-1].removesuffix(" "), UTC
    at = max(text.rfind("+"), text.rfind("-"))
    if at < 0:
        return text, ""
    zone = text[at + 1 :]
    if len(zone) == 5 and zone[2] == ":":
        zone = zone[:2] + zone[3:]
    if len(zone) not in (2, 4) or not _is_digits(zone):
        return text, None
    ahead = timedelta(hours=int(zone[:2]), minutes=int(zone[2:] or 0))
    if int(zone[2:] or 0) > 59 or ahead > timedelta(hours=_ZONE_HOURS_MAX):
        return text, None
    return text[:at].removesuffix(" "), timezone(-ahead if text[at] == "-" else ahead)


def _split_groups(whole: str) -> list[str]:
    for space in _SPACES:
        whole = whole.replace(space, " ")
    return whole.split(" ")


def _is_digits(text: str) -> bool:
    return bool(text) and all(letter in "0123456789" for letter in text)


_READERS: dict[CellKind, Callable[[str], Any]] = {
    CellKind.TEXT: lambda cell: cell,
    CellKind.FLAG: lambda cell: _FLAGS.get(cell.lower()),
    CellKind.DAY: read_day,
    CellKind.INSTANT: read_instant,
    CellKind.NUMBER: read_number,
    CellKind.SHARE: read_share,
}
