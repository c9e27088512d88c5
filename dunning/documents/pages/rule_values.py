"""How a value of a rule reads on a page, in Bulgarian or English: a list as its entries, a word as
a clerk says it.
"""

from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from dunning.documents.pages.html import (
    read_texts,
    write_day,
    write_money,
    write_number,
    write_word,
)
from dunning.policy.labels import LABELS, TITLES
from dunning.policy.show import Row, format_value


def write_title(language: str, name: str) -> str:
    """Return what a rule file is about.

    >>> write_title("bg", "stages"), write_title("en", "stages")
    ('Етапи', 'Stages')
    """
    return TITLES[name] if language == "bg" else _english()[name]


def write_label(language: str, row: Row) -> str:
    """Return what a value is called."""
    key = f"{row.file.removesuffix('.toml')}.{row.key}"
    return LABELS.get(key, row.key) if language == "bg" else _english().get(key, row.key)


def write_value(language: str, row: Row | None) -> list[str]:
    """Return a value with its unit as the lines of a cell; of a list its entries, „–“ where there
    is no value.
    """
    if row is None:
        return ["–"]
    if isinstance(row.value, tuple):
        none = "няма" if language == "bg" else "none"
        return [_write_entry(language, entry) for entry in row.value] or [none]
    if row.key.endswith("after_notice"):
        return [write_word(language, row.value, "message")]
    return [_write_bulgarian(row) if language == "bg" or not row.unit else _write_english(row)]


def _write_bulgarian(row: Row) -> str:
    """Return what the terminal shows, with thousands apart."""
    if row.unit == "евроцента":
        return write_money(row.value)
    if type(row.value) is int and row.value > 9999:
        return f"{write_number(row.value)} {row.unit}".strip()
    return format_value(row)


def _write_english(row: Row) -> str:
    value: Any = row.value
    if row.unit == "евроцента":
        return write_money(value)
    if row.unit == "дял от 1":
        return f"{format(value * 100, 'f').replace('.', ',')} %"
    if isinstance(value, date):
        return write_day(value)
    if isinstance(value, Decimal):
        return f"{str(value).replace('.', ',')} {row.unit}"
    unit = _english()[row.unit]
    return f"{write_number(value)} {unit.removesuffix('s') if value == 1 else unit}"


def _write_entry(language: str, entry: Any) -> str:
    if isinstance(entry, tuple):
        first, until = (write_day(day) for day in entry)
        return (
            f"от {first} до {until} (без него)"
            if language == "bg"
            else f"from {first} until {until} (not included)"
        )
    return write_day(entry) if isinstance(entry, date) else write_word(language, str(entry))


@lru_cache
def _english() -> dict[str, str]:
    return read_texts("rules", "en")
