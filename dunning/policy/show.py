"""List the values in force on a day: unit, first and last day, source and confidence."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from dunning.policy.policies import Policy
from dunning.policy.reading import RuleFile, Version, flatten
from dunning.policy.schema import unit_of

CONFIRMED, UNCERTAIN = "confirmed", "uncertain"


@dataclass(frozen=True)
class Row:
    """One value in force.

    value: as the rule class has it. until: the first day without it, or None. unit: code of its
    unit (`schema.UNITS`), empty for words. reason: why the value is uncertain, if it is, else why
    its version is what it is.
    """

    file: str
    key: str
    value: Any
    unit: str
    effective_from: date
    until: date | None
    source: str
    confidence: str
    reason: str


def show_rows(policy: Policy, as_of: date) -> list[Row]:
    """Return every value in force on a day, by file and key; of interest rates all up to that day.

    Raises:
        DunningError: a rule file has no version yet on that day.
    """
    rows: list[Row] = []
    for name, rule_file in policy.rule_files.items():
        versions = [policy.version_at(name, as_of)]
        # Interest of past days still uses the rates of those days.
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
    """A value in force on one side but not on the other; None on a side without it."""

    before: Row | None
    after: Row | None


def compare_rules(before: tuple[Policy, date], after: tuple[Policy, date]) -> list[RuleChange]:
    """Return the values in force that differ between two policies, each on its own day.

    An interest rate is one value per day from which it holds.
    """
    sides = [
        {(row.file, row.key, _since(row)): row for row in show_rows(*side)}
        for side in (before, after)
    ]
    pairs = [
        RuleChange(sides[0].get(mark), sides[1].get(mark))
        # Ordered and without repetition: the first side's values, then those only on the second.
        for mark in dict.fromkeys([*sides[0], *sides[1]])
    ]
    return [pair for pair in pairs if _value(pair.before) != _value(pair.after)]


def _since(row: Row) -> date | None:
    return row.effective_from if row.key == "rate_percent" else None


def _value(row: Row | None) -> Any:
    return None if row is None else row.value
