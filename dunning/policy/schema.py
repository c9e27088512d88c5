"""Define the keys of every rule file and the values that each key may have.

A key of a rule file is a field of its class in `dunning.policy.rules`: one word in the file, the
code and the decision. The unit is the end of the name, and the bounds follow from it.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args, get_origin, get_type_hints

from dunning.core.ladder import MESSAGES
from dunning.core.ledger_tables import TABLES
from dunning.core.words import CHANNELS, DEBT_KINDS, NOTICE_STAGES, SERVICES, STAGES
from dunning.policy import rules
from dunning.policy.identity import MAY_BE_EMPTY, refuse_identity

# What has a band and limits; what is let out a district at a time; what is not proposed again while
# it is being done.
MEASURES = (*STAGES[1:], *CHANNELS, "disconnections", "court")
LIMITED_BY_DISTRICT = (*MESSAGES, "disconnections")
ACTED = ("disconnections", "court")

FIRST_DAY = date(1990, 1, 1)
LAST_DAY = date(2100, 1, 1)


@dataclass(frozen=True)
class InterestRate:
    """The yearly percent for an accrual day; `Rules.interest.rates` is made of these."""

    rate_percent: Decimal


@dataclass(frozen=True)
class ChangeoverDay:
    """`rules.Changeover` without the dates fixed by law."""

    euro_from: date


@dataclass(frozen=True)
class InterestCounting:
    """`rules.Interest` without its rates, which have a file of their own."""

    day_count: int
    kinds: tuple[str, ...]
    kinds_after_equalisation: tuple[str, ...]


SHAPES: dict[str, type] = {
    "changeover": ChangeoverDay,
    "interest": InterestCounting,
    "interest_rates": InterestRate,
    "limitation": rules.Limitation,
    "agreements": rules.Agreements,
    "stages": rules.Stages,
    "service": rules.Service,
    "reminders": rules.Reminders,
    "disconnections": rules.Disconnections,
    "court": rules.Court,
    "calendar": rules.Calendar,
    "loading": rules.Loading,
    "retention": rules.Retention,
    "release": rules.Release,
    "protection": rules.Protection,
    "supplier": rules.Supplier,
    "notices": rules.Notices,
    "profile": rules.Profile,
}
SELECTED_BY = {name: "accrual_day" if name == "interest_rates" else "as_of" for name in SHAPES}

# Code of the unit by the end of a name; the longest that fits counts.
UNITS = {
    "_cents": "cents",
    "_cents_min": "cents",
    "_days": "days",
    "_days_min": "days",
    "_overdue_min": "days",
    "_months": "months",
    "_working_days": "working_days",
    "day_count": "days_a_year",
    "years": "years",
    "years_long": "years",
    "years_absolute": "years",
    "_percent": "percent",
    "_share_max": "share",
    "_share_max_strict": "share",
    "_share_min": "share",
    "_from": "first_day",
    "_until": "first_day_after",
    "suspensions": "from_to",
    "_nonworking_days": "dates",
    "extra_working_days": "dates",
    "day_of_month": "day_of_month",
    "_pages_max": "pages",
    "_cents_max": "cents",
    "rows_max": "rows",
    "_rows_min": "rows",
    "_hours": "hours",
    "_nights": "nights",
    "_nights_min": "nights",
    "payments_min": "payments",
    "_parts_max": "parts",
}
_NEVER_ZERO = (
    "day_count",
    "years",
    "years_long",
    "years_absolute",
    "window_days",
    "notice_valid_days",
    "wording",
    "card_age_days",
    "receipt_days",
    "band_nights",
    "band_nights_min",
    "payments_days",
    "answer_hours",
    "undocumented_days",
)
_ROWS = (1, 10_000_000)
_BOUNDS = {
    "day_of_month": (1, 31),
    "batch_pages_max": (2, 5000),
    "rows_max": _ROWS,
    "district_rows_max": _ROWS,
    "sms_parts_max": (2, 10),
    "court_week_rows_max": _ROWS,
    "payments_min": _ROWS,
    "band_rows_min": _ROWS,
}
_MAPS = {
    "served_after_days": CHANNELS,
    "amount_cents_min": CHANNELS,
    "service_names": SERVICES,
    "service_names_latin": SERVICES,
    "day_of_month": SERVICES,
    "rows_max": MEASURES,
    "amount_cents_max": MEASURES,
    "district_rows_max": LIMITED_BY_DISTRICT,
    "acted_days": ACTED,
}
# 100 million euro; 100 years in days; years.
_CENTS_MAX = 100_000_000_00
_COUNT_MAX = 36_525
_YEARS_MAX = 100


class ValueRefused(ValueError):  # noqa: N818 - said as a sentence, never shown by this name
    """A value that a key may not have: `problem` and `cure`."""

    def __init__(self, problem: str, cure: str) -> None:
        super().__init__(problem, cure)
        self.problem, self.cure = problem, cure


def unit_of(key: str) -> str:
    """Return the code of a dotted key's unit; empty for words.

    >>> unit_of("overdue.amount_cents_min"), unit_of("served_after_days.sms"), unit_of("phone")
    ('cents', 'days', '')
    """
    parts = key.split(".")
    # In a table by channel or service the unit is in the name of the table.
    name = parts[0] if parts[0] in _MAPS else parts[-1]
    fitting = [end for end in UNITS if name.endswith(end)]
    return UNITS[max(fitting, key=len)] if fitting else ""


def fields_of(shape: type) -> dict[str, Any]:
    """Return the keys of a rule class and their types."""
    return get_type_hints(shape)


def optional_keys(shape: type) -> set[str]:
    """Return the keys that a file may leave out because the class has a default for them."""
    return {
        field.name
        for field in dataclasses.fields(shape)
        if field.default is not dataclasses.MISSING
    }


def map_keys(key: str) -> tuple[str, ...]:
    """Return the words that a table of values (by channel, service or measure) must have.

    Every one of them is required.
    """
    return _MAPS[key]


def is_table(kind: Any) -> bool:
    """Return whether a value of this type is a table with keys of its own."""
    return get_origin(kind) is dict or dataclasses.is_dataclass(kind)


def read_value(kind: Any, key: str, value: Any) -> Any:
    """Return a leaf value in its type: integer, decimal, date, text, or a tuple of these.

    Raises:
        ValueRefused: wrong type, out of bounds, not in the closed list.
    """
    # `type(value) is`, not `isinstance`, in the readers below: True is an int, and a datetime is a
    # date.
    if kind is int:
        return _read_count(key, value)
    if kind is Decimal:
        return _read_decimal(key, value)
    if kind is date:
        return _read_day(key, value)
    if kind is str:
        return _read_word(key, value)
    if not isinstance(value, list):
        raise ValueRefused(
            f"`{key}` is {_show_value(value)}, not a list.",
            f'Write a list: `{key} = ["...", "..."]`.',
        )
    item = get_args(kind)[0]
    if get_origin(item) is tuple:
        return _read_intervals(key, value)
    items = tuple(read_value(item, key, entry) for entry in value)
    _refuse_repeated(key, items)
    return items


def _show_value(value: Any) -> str:
    names: dict[type, str] = {
        bool: "a truth value",
        int: "a whole number",
        Decimal: "a decimal number",
        str: "a text",
        list: "a list",
        dict: "a table",
        datetime: "a date with a time",
        date: "a date",
    }
    kind = names.get(type(value), type(value).__name__)
    return f"{kind} ({value})" if isinstance(value, int | Decimal | str | date) else kind


def _read_count(key: str, value: Any) -> int:
    is_cents = "_cents" in key
    if type(value) is not int:
        cure = (
            "Amounts are whole euro cents: 50,00 euro is 5000."
            if is_cents
            else "Write a whole number, no quotes."
        )
        raise ValueRefused(f"`{key}` is {_show_value(value)}, not a whole number.", cure)
    low, high = _bounds(key, is_cents=is_cents)
    if not low <= value <= high:
        raise ValueRefused(
            f"`{key}` is {value}, outside {low} to {high}.", "Write a number within these bounds."
        )
    return value


def _bounds(key: str, *, is_cents: bool) -> tuple[int, int]:
    if key.partition(".")[0] in _BOUNDS:
        return _BOUNDS[key.partition(".")[0]]
    low = 1 if key.rpartition(".")[2] in _NEVER_ZERO else 0
    return low, _CENTS_MAX if is_cents else _YEARS_MAX if key.startswith("years") else _COUNT_MAX


def _read_decimal(key: str, value: Any) -> Decimal:
    if type(value) is not int and not isinstance(value, Decimal):
        raise ValueRefused(
            f"`{key}` is {_show_value(value)}, not a number.",
            "Write a number with a point, no quotes.",
        )
    number = Decimal(value)
    is_share = "_share_" in key
    high = 1 if is_share else 100
    if not number.is_finite() or not 0 <= number <= high:
        cure = (
            "A share is a fraction of one: 5 % is 0.05."
            if is_share
            else "A percent lies between 0 and 100."
        )
        raise ValueRefused(f"`{key}` is {number}, outside 0 to {high}.", cure)
    if not is_share and number != round(number, 2):
        raise ValueRefused(
            f"`{key}` is {number}, with more than two decimals.", "Give at most two decimals."
        )
    # 0.05 written for 5 % is a common mistake, and no percent here is below one.
    if not is_share and 0 < number < 1:
        raise ValueRefused(
            f"`{key}` is {number}, less than one percent.",
            f"The unit is percent: write {number * 100} for {number}.",
        )
    return number


def _read_day(key: str, value: Any) -> date:
    if type(value) is not date:
        raise ValueRefused(
            f"`{key}` is {_show_value(value)}, not a date.",
            "Write a date without quotes: 2026-01-01.",
        )
    if not FIRST_DAY <= value <= LAST_DAY:
        raise ValueRefused(
            f"`{key}` is {value}, outside {FIRST_DAY} to {LAST_DAY}.", "Write a day within them."
        )
    return value


def _read_word(key: str, value: Any) -> str:
    if type(value) is not str:
        raise ValueRefused(
            f"`{key}` is {_show_value(value)}, not a text.", 'Write a text in quotes: "...".'
        )
    if value != value.strip() or not (value or key in MAY_BE_EMPTY):
        raise ValueRefused(
            f"`{key}` is empty or begins or ends with a space.", "Write the text alone, no spaces."
        )
    _refuse_unlisted(key, value)
    if refusal := refuse_identity(key, value):
        raise ValueRefused(f"`{key}` is {refusal[0]}.", refusal[1])
    if key.startswith("service_names_latin.") and not value.isascii():
        raise ValueRefused(
            f"`{key}` has letters that are not Latin: {value}.",
            "Transliterate it; one Cyrillic letter doubles an SMS.",
        )
    return value


def _refuse_unlisted(key: str, value: str) -> None:
    name = key.rpartition(".")[2]
    listed: tuple[str, ...] | None = None
    if name.startswith("kinds"):
        listed = DEBT_KINDS
    elif name.startswith("tables"):
        listed = tuple(TABLES)
    elif name == "after_notice":
        listed = NOTICE_STAGES
    if listed and value not in listed:
        raise ValueRefused(
            f"`{key}` names `{value}`, which is none of: {', '.join(listed)}.",
            "Choose one of these.",
        )


def _refuse_repeated(key: str, items: Iterable[Any]) -> None:
    seen = set()
    for item in items:
        if item in seen:
            raise ValueRefused(f"`{key}` names {item} twice.", "Delete one of them.")
        seen.add(item)


def _read_intervals(key: str, value: list[Any]) -> tuple[tuple[date, date], ...]:
    intervals: list[tuple[date, date]] = []
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ValueRefused(
                f"`{key}` holds something else than pairs of days.",
                "Write [[first day, day after]].",
            )
        start, until = (_read_day(key, day) for day in pair)
        if start >= until:
            raise ValueRefused(
                f"`{key}`: {start} to {until} is empty.",
                "The second day is the first that counts again; put it later.",
            )
        # Half-open intervals: one may begin on the day on which the one before ends.
        if intervals and start < intervals[-1][1]:
            raise ValueRefused(
                f"`{key}`: {start} lies before {intervals[-1][1]}.",
                "Sort the pairs; let none overlap.",
            )
        intervals.append((start, until))
    return tuple(intervals)
