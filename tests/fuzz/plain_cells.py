"""What the contract takes for a value, cell by cell and without a regular expression of the door: the fuzz's oracle.

Every function takes a trimmed, non-empty cell and returns its value, or None where it cannot be read.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from dunning.gateways.ledger.tables import Column, Kind

_SPACES = " \u00a0\u202f"
_SOFIA = ZoneInfo("Europe/Sofia")
_FLAGS = {"1": True, "true": True, "yes": True, "да": True, "0": False, "false": False, "no": False, "не": False}
_ZONE_HOURS_MAX = 14


def read_cell(column: Column, cell: str) -> Any:
    """Return the value of a cell, None where it is empty or bad."""
    if not cell:
        return None
    if column.kind is Kind.WORD:
        return cell if cell in column.words else None
    return _READERS[column.kind](cell)


def is_bad(column: Column, cell: str) -> bool:
    """Say whether something stands there that cannot be read."""
    return bool(cell) and read_cell(column, cell) is None


def read_amount(cell: str) -> int | None:
    """Return minor units."""
    sign, body = (-1, cell[1:]) if cell[:1] == "-" else (1, cell)
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
    return sign * (int("".join(groups)) * 100 + int(rest.ljust(2, "0") or 0))


def read_day(cell: str) -> date | None:
    """Return a day of an ISO date or `dd.mm.yyyy`, with or without ` г.`."""
    if len(cell) == 10 and cell[4] == cell[7] == "-":
        parts = (cell[:4], cell[5:7], cell[8:])
    elif len(cell) >= 10 and cell[2] == cell[5] == "." and cell[10:].lstrip(_SPACES) in ("", "г."):
        if cell[10:] and not cell.endswith("г."):
            return None
        parts = (cell[6:10], cell[3:5], cell[:2])
    else:
        return None
    if not all(map(_is_digits, parts)):
        return None
    try:
        day = date(*map(int, parts))
    except ValueError:
        return None
    return day if date(1990, 1, 1) <= day <= date(2100, 1, 1) else None


def read_instant(cell: str) -> datetime | None:
    """Return the wall clock of Sofia."""
    for at in range(len(cell), 9, -1):
        day = read_day(cell[:at])
        if day is not None:
            clock = cell[at:]
            return datetime(day.year, day.month, day.day) if not clock else _add_clock(day, clock)
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
    if len(parts) not in (2, 3) or not all(_is_digits(part) and len(part) == 2 for part in parts):
        return None
    hour, minute, second = (*map(int, parts), 0)[:3]
    if hour > 23 or minute > 59 or second > 59:
        return None
    at = datetime(day.year, day.month, day.day, hour, minute, second)
    return at if zone == "" else at.replace(tzinfo=zone).astimezone(_SOFIA).replace(tzinfo=None)  # type: ignore[arg-type]


def _split_zone(text: str) -> tuple[str, timezone | str | None]:
    """Return the clock and its zone: "" where none is given, None where it is wrong."""
    if text.endswith("Z"):
        return text[:-1], UTC
    at = max(text.rfind("+"), text.rfind("-"))
    if at < 0:
        return text, ""
    zone = text[at + 1 :]
    if len(zone) != 5 or zone[2] != ":" or not _is_digits(zone[:2] + zone[3:]):
        return text, None
    ahead = timedelta(hours=int(zone[:2]), minutes=int(zone[3:]))
    if int(zone[3:]) > 59 or ahead > timedelta(hours=_ZONE_HOURS_MAX):
        return text, None
    return text[:at], timezone(-ahead if text[at] == "-" else ahead)


def _split_groups(whole: str) -> list[str]:
    for space in _SPACES:
        whole = whole.replace(space, " ")
    return whole.split(" ")


def _is_digits(text: str) -> bool:
    return bool(text) and all(letter in "0123456789" for letter in text)


_READERS: dict[Kind, Callable[[str], Any]] = {
    Kind.TEXT: lambda cell: cell,
    Kind.FLAG: lambda cell: _FLAGS.get(cell.lower()),
    Kind.DAY: read_day,
    Kind.INSTANT: read_instant,
    Kind.AMOUNT: read_amount,
    Kind.NUMBER: read_number,
    Kind.SHARE: read_share,
}
