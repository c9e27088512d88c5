"""What is in force on a day: every value with its unit, since when, until when, by which source,
and how sure.
"""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from itertools import groupby
from typing import Any

from dunning.core.money import format_minor
from dunning.policy.labels import LABELS, TITLES
from dunning.policy.policies import Policy
from dunning.policy.reading import RuleFile, Version, flatten
from dunning.policy.schema import unit_of

CONFIRMED, UNCERTAIN = "confirmed", "uncertain"
# Between the entries of a list in which an entry has commas itself; in a page of text each has a
# line of its own.
_APART = "; "
_SINGULAR = {
    "дни": "ден",
    "работни дни": "работен ден",
    "години": "година",
    "месеца": "месец",
    "страници": "страница",
}


@dataclass(frozen=True)
class Row:
    """One value in force. `value` as the rule class holds it; `until` is the first day without it,
    or None.

    reason: why the value is uncertain where it is, else why its version is what it is.
    """

    file: str
    key: str
    label: str
    value: Any
    unit: str
    effective_from: date
    until: date | None
    source: str
    confidence: str
    reason: str


def show_rows(policy: Policy, as_of: date) -> list[Row]:
    """Return every value in force on a day, by file and key order; of interest rates all up to that
    day.

    Raises:
        DunningError: a rule file says nothing yet on that day.
    """
    rows: list[Row] = []
    for name, rule_file in policy.rule_files.items():
        versions = [policy.version_at(name, as_of)]
        if rule_file.selected_by == "accrual_day":
            versions = [
                version for version in rule_file.in_force if version.effective_from <= as_of
            ]
        rows += [row for version in versions for row in rows_of(rule_file, version)]
    return rows


def rows_of(rule_file: RuleFile, version: Version) -> list[Row]:
    """Return every value of a version, in the order of its file."""
    return [
        Row(
            file=f"{rule_file.name}.toml",
            key=key,
            label=LABELS.get(f"{rule_file.name}.{key}", key),
            value=value,
            unit=unit_of(key),
            effective_from=version.effective_from,
            until=rule_file.until(version),
            source=version.source,
            confidence=UNCERTAIN if key in version.uncertain else CONFIRMED,
            reason=version.uncertain.get(key, version.reason),
        )
        for key, value in flatten(version.values)
    ]


@dataclass(frozen=True)
class RuleChange:
    """A value that is in force on one side and not on the other; None where it is not there at
    all.
    """

    before: Row | None
    after: Row | None


def compare_rules(before: tuple[Policy, date], after: tuple[Policy, date]) -> list[RuleChange]:
    """Return the values in force that differ between a policy on its day and another one on its
    own.

    A rate of interest is one value per day from which it holds.
    """
    sides = [
        {(row.file, row.key, _since(row)): row for row in show_rows(*side)}
        for side in (before, after)
    ]
    pairs = [
        RuleChange(sides[0].get(mark), sides[1].get(mark))
        for mark in dict.fromkeys([*sides[0], *sides[1]])
    ]
    return [pair for pair in pairs if _value(pair.before) != _value(pair.after)]


def _since(row: Row) -> date | None:
    return row.effective_from if row.key == "rate_percent" else None


def _value(row: Row | None) -> Any:
    return None if row is None else row.value


def to_json(rows: list[Row]) -> list[dict[str, Any]]:
    """Return rows as JSON has them: days in ISO, decimals as text."""
    return [{key: _plain(value) for key, value in asdict(row).items()} for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def render_text(rows: list[Row], as_of: date) -> str:
    """Return rows as a page of plain text in Bulgarian, a paragraph a file."""
    parts = [f"Правила в сила на {format_day(as_of)}"]
    for file, group in groupby(rows, lambda row: row.file):
        members = list(group)
        is_dated = len({row.effective_from for row in members}) > 1
        parts.append(_render_dated(file, members) if is_dated else _render_version(file, members))
    unsure = sum(row.confidence == UNCERTAIN for row in rows)
    parts.append(f"Стойности: {len(rows)}, от тях за потвърждаване: {unsure}.")
    return "\n\n".join(parts) + "\n"


def _render_dated(file: str, rows: list[Row]) -> str:
    """Say each value of a file that many days select, with its own source."""
    lines = [f"{TITLES[file.removesuffix('.toml')]} ({file})"]
    for row in rows:
        lines.append(f"  от {format_day(row.effective_from)}  {format_value(row):>8}  {row.source}")
        if row.confidence == UNCERTAIN:
            lines.append(f"{'':29}за потвърждаване: {row.reason}")
    return "\n".join(lines)


def _render_version(file: str, rows: list[Row]) -> str:
    until = f" до {format_day(rows[0].until)} (без него)" if rows[0].until else ""
    lines = [
        f"{TITLES[file.removesuffix('.toml')]} ({file}), от {format_day(rows[0].effective_from)}{until}"
    ]
    width = max(len(row.label) for row in rows)
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        shown = format_value(row).replace(_APART, f"{_APART.rstrip()}\n  {'':<{width}}  ")
        lines.append(f"  {row.label:<{width}}  {shown}")
        if row.confidence == UNCERTAIN and (after is None or after.reason != row.reason):
            lines.append(f"  {'':<{width}}  за потвърждаване: {row.reason}")
    lines.append(f"  Източник: {rows[0].source}")
    return "\n".join(lines)


def render_markdown(rows: list[Row]) -> str:
    """Return rows as tables for `docs/policy.md`, one a file: key, value, meaning, since when, how
    sure.
    """
    parts = []
    for file, group in groupby(rows, lambda row: row.file):
        members = list(group)
        lines = [
            f"### {file}",
            "",
            "| key | value | meaning | since | confidence |",
            "| --- | --- | --- | --- | --- |",
        ]
        for row in members:
            sure = f"**uncertain**: {row.reason}" if row.confidence == UNCERTAIN else row.confidence
            lines.append(
                f"| `{row.key}` | {format_value(row)} | {row.label} | {row.effective_from} | {sure} |"
            )
        sources = list(dict.fromkeys(row.source for row in members))
        parts.append("\n".join([*lines, "", *(f"Source: {source}  " for source in sources)]))
    return "\n\n".join(parts) + "\n"


def format_day(day: date) -> str:
    """Return a day as Bulgarian writes it.

    >>> format_day(date(2026, 11, 22))
    '22.11.2026 г.'
    """
    return f"{day:%d.%m.%Y} г."


def format_value(row: Row) -> str:
    """Return a value with its unit, for reading: cents as euro, days as dates, a list with commas,
    a drawing named.
    """
    value = row.value
    if row.unit == "евроцента":
        return f"{format_minor(value)} €"
    if row.unit == "дял от 1":
        return f"{format(value * 100, 'f').replace('.', ',')} %"
    if isinstance(value, Decimal):
        return f"{str(value).replace('.', ',')} {row.unit}"
    if isinstance(value, date):
        return format_day(value)
    if isinstance(value, tuple):
        entries = [_format_entry(entry) for entry in value]
        return (_APART if any("," in entry for entry in entries) else ", ").join(entries) or "няма"
    if isinstance(value, str) and value.startswith("<svg"):
        return f"SVG, {len(value)} знака ({sha256(value.encode()).hexdigest()[:8]})"
    return (
        f"{value} {_SINGULAR.get(row.unit, row.unit) if value == 1 else row.unit}"
        if row.unit
        else str(value)
    )


def _format_entry(entry: Any) -> str:
    if isinstance(entry, tuple):
        return f"от {format_day(entry[0])} до {format_day(entry[1])} (без него)"
    return format_day(entry) if isinstance(entry, date) else str(entry)
