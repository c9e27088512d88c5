"""The values of rules as text for a page, in Bulgarian or English."""

from datetime import date
from decimal import Decimal
from typing import Any

from dunning.documents.pages.html import phrase, write_day, write_money, write_number
from dunning.documents.pages.policy_text import (
    format_decimal,
    format_share,
    format_value,
    write_period,
)
from dunning.documents.words import form, table_of, word_of, word_or_text
from dunning.policy.show import Row


def write_value(language: str, row: Row | None) -> list[str]:
    """Return a value with its unit as the lines of a cell; a list has one line per entry.

    „–“ means no value.
    """
    if row is None:
        return ["–"]
    if isinstance(row.value, tuple):
        entries = [_write_entry(language, entry) for entry in row.value]
        return entries or [phrase(language, "policy.none")]
    if row.key.endswith("after_notice"):
        return [word_of(language, row.value, "message") if row.value else "–"]
    return [_write_bulgarian(row) if language == "bg" or not row.unit else _write_english(row)]


def _write_bulgarian(row: Row) -> str:
    """Return the text of the terminal, with separated thousands."""
    if row.unit == "cents":
        return write_money(row.value)
    if type(row.value) is int and row.value > 9999:
        unit = form("bg", row.value, row.unit, "unit") if row.unit else ""
        return f"{write_number(row.value)} {unit}".strip()
    return format_value(row)


def _write_english(row: Row) -> str:
    value: Any = row.value
    if row.unit == "cents":
        return write_money(value)
    if row.unit == "share":
        return format_share(value)
    if isinstance(value, date):
        return write_day(value)
    if isinstance(value, Decimal):
        return format_decimal(row)
    return f"{write_number(value)} {form('en', value, row.unit, 'unit')}"


def _write_entry(language: str, entry: Any) -> str:
    if isinstance(entry, tuple):
        return write_period(language, *(write_day(day) for day in entry))
    if isinstance(entry, date):
        return write_day(entry)
    # The manual and the ledger call a table by its name; English reads it as words.
    if language == "en" and entry in table_of(language, "table"):
        return word_of(language, entry, "table")
    return word_or_text(language, str(entry))
