"""The rules in force as text (`dunning policy show`), Markdown (the manual) and JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from hashlib import sha256
from itertools import groupby
from typing import Any

from dunning.core.formats import format_day
from dunning.core.money import format_minor
from dunning.documents.pages.html import phrase
from dunning.documents.words import form, word_of
from dunning.policy.show import UNCERTAIN, Row

# Between the entries of a list in which an entry has commas itself; in a page of text each has a
# line of its own.
_APART = "; "


def label_of(language: str, row: Row) -> str:
    """Return the name of a value."""
    return word_of(language, f"{_rule_of(row.file)}.{row.key}", "rule_value")


def title_of(language: str, file: str) -> str:
    """Return the title of a rule file.

    >>> title_of("bg", "stages.toml"), title_of("en", "stages.toml")
    ('Етапи', 'Stages')
    """
    return word_of(language, _rule_of(file), "rule_file")


def _rule_of(file: str) -> str:
    return file.removesuffix(".toml")


def to_json(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return rows for JSON: label and unit in Bulgarian, days in ISO format, decimals as text."""
    return [_to_record(row) for row in rows]


def _to_record(row: Row) -> dict[str, Any]:
    record = {name: _plain(value) for name, value in asdict(row).items()}
    unit = form("bg", 2, row.unit, "unit") if row.unit else ""
    return {
        "file": record.pop("file"),
        "key": record.pop("key"),
        "label": label_of("bg", row),
        **record,
        "unit": unit,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def render_text(rows: list[Row], as_of: date) -> str:
    """Return rows as a page of plain text in Bulgarian, one paragraph per file."""
    parts = [f"Правила в сила на {format_day(as_of)}"]
    for file, members in _by_file(rows).items():
        # Normally one version is in force; a file with values for many days shows each of them.
        is_dated = len({row.effective_from for row in members}) > 1
        parts.append(_render_dated(file, members) if is_dated else _render_version(file, members))
    unsure = sum(row.confidence == UNCERTAIN for row in rows)
    parts.append(f"Стойности: {len(rows)}, от тях за потвърждаване: {unsure}.")
    return "\n\n".join(parts) + "\n"


def _by_file(rows: list[Row]) -> Mapping[str, list[Row]]:
    return {file: list(group) for file, group in groupby(rows, lambda row: row.file)}


def _render_dated(file: str, rows: list[Row]) -> str:
    """Return each value of a file with values that depend on the day, with its own source."""
    lines = [f"{title_of('bg', file)} ({file})"]
    for row in rows:
        lines.append(f"  от {format_day(row.effective_from)}  {format_value(row):>8}  {row.source}")
        if row.confidence == UNCERTAIN:
            lines.append(f"{'':29}за потвърждаване: {row.reason}")
    return "\n".join(lines)


def _render_version(file: str, rows: list[Row]) -> str:
    first = rows[0]
    begin = format_day(first.effective_from)
    days = write_period("bg", begin, format_day(first.until)) if first.until else f"от {begin}"
    lines = [f"{title_of('bg', file)} ({file}), {days}"]
    labels = [label_of("bg", row) for row in rows]
    width = max(map(len, labels))
    for label, row, after in zip(labels, rows, [*rows[1:], None], strict=True):
        shown = format_value(row).replace(_APART, f"{_APART.rstrip()}\n  {'':<{width}}  ")
        lines.append(f"  {label:<{width}}  {shown}")
        if row.confidence == UNCERTAIN and (after is None or after.reason != row.reason):
            lines.append(f"  {'':<{width}}  за потвърждаване: {row.reason}")
    lines.append(f"  Източник: {first.source}")
    return "\n".join(lines)


def render_markdown(rows: list[Row]) -> str:
    """Return rows as tables for `docs/policy.md`, one per file.

    Columns: key, value, meaning, since when, confidence.
    """
    parts = []
    for file, members in _by_file(rows).items():
        lines = [
            f"### {file}",
            "",
            "| key | value | meaning | since | confidence |",
            "| --- | --- | --- | --- | --- |",
            *map(_render_line, members),
        ]
        sources = list(dict.fromkeys(row.source for row in members))
        parts.append("\n".join([*lines, "", *(f"Source: {source}  " for source in sources)]))
    return "\n\n".join(parts) + "\n"


def _render_line(row: Row) -> str:
    sure = f"**uncertain**: {row.reason}" if row.confidence == UNCERTAIN else row.confidence
    value, label = format_value(row), label_of("bg", row)
    return f"| `{row.key}` | {value} | {label} | {row.effective_from} | {sure} |"


def format_value(row: Row) -> str:
    """Return a value with its unit.

    Cents as euro, days as dates, lists with commas, a drawing by name.
    """
    value = row.value
    if row.unit == "cents":
        return f"{format_minor(value)} €"
    if row.unit == "share":
        return format_share(value)
    if isinstance(value, Decimal):
        return format_decimal(row)
    if isinstance(value, date):
        return format_day(value)
    if isinstance(value, tuple):
        entries = [_format_entry(entry) for entry in value]
        apart = _APART if any("," in entry for entry in entries) else ", "
        return apart.join(entries) or phrase("bg", "policy.none")
    if isinstance(value, str) and value.startswith("<svg"):
        return f"SVG, {len(value)} знака ({sha256(value.encode()).hexdigest()[:8]})"
    return f"{value} {form('bg', value, row.unit, 'unit')}" if row.unit else str(value)


def format_share(value: Decimal) -> str:
    """Return a share of 1 as a percentage.

    >>> format_share(Decimal("0.125"))
    '12,500 %'
    """
    return f"{format(value * 100, 'f').replace('.', ',')} %"


def format_decimal(row: Row) -> str:
    """Return a decimal number with its unit."""
    return (
        f"{str(row.value).replace('.', ',')} {form('bg', 2, row.unit, 'unit') if row.unit else ''}"
    )


def write_period(language: str, first: str, until: str) -> str:
    """Return a half-open period of two written days as text."""
    return phrase(language, "policy.period", first=first, until=until)


def _format_entry(entry: Any) -> str:
    if isinstance(entry, tuple):
        return write_period("bg", format_day(entry[0]), format_day(entry[1]))
    return format_day(entry) if isinstance(entry, date) else str(entry)
