"""Each value of a policy changed by one unit, to see whether any outcome changes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from dunning.core.ledger_tables import TABLES
from dunning.core.words import ITEM_KINDS, NOTICE_STAGES
from dunning.policy.policies import Policy
from dunning.policy.reading import RuleFile, Version, flatten

_OTHER_LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
)


@dataclass(frozen=True)
class Turn:
    """One changed value: the policy with another value under `key`, and that value."""

    key: str
    value: Any
    policy: Policy


def turn_knobs(
    policy: Policy, name: str, version: Version, night: date
) -> Iterator[tuple[str, list[Turn]]]:
    """Yield each value of a version with the changes of which at least one must have an effect.

    An entry of a list is a knob of its own: it must be missed when it is gone. An empty list is
    tried with an entry.

    Args:
        night: on which the policies will be tried; the version is in force on it.
    """
    for key, value in flatten(version.values):
        for label, others in _turn(key, value, night):
            yield (
                label,
                [
                    Turn(key, other, _with_value(policy, name, version, key, other))
                    for other in others
                ],
            )


def _turn(key: str, value: Any, night: date) -> Iterator[tuple[str, list[Any]]]:
    """Yield label and other values for a value, or for each entry of a list."""
    if isinstance(value, tuple):
        for n, entry in enumerate(value):
            # An entry is tested by leaving it out: some outcome must change without it.
            yield f"{key}[{_show_value(entry)}]", [value[:n] + value[n + 1 :]]
        if not value:
            yield key, [(_first_entry(key, night),)]
    elif isinstance(value, Decimal):
        step = Decimal("0.01")
        yield key, [other for other in (value + step, value - step) if other >= 0]
    elif isinstance(value, int):
        yield key, [other for other in (value + 1, value - 1) if other >= 0]
    elif isinstance(value, date):
        yield key, [value + timedelta(days=1), value - timedelta(days=1)]
    elif key.endswith("after_notice"):
        yield key, [stage for stage in NOTICE_STAGES if stage != value]
    elif key == "logo":
        yield key, [_OTHER_LOGO]
    else:
        yield key, [f"{value} 1"]


def _show_value(entry: Any) -> str:
    return f"{entry[0]} to {entry[1]}" if isinstance(entry, tuple) else str(entry)


def _first_entry(key: str, night: date) -> Any:
    """Return a list entry that should have an effect on the night."""
    # A working Saturday and a free Tuesday: days that are otherwise the opposite.
    saturday = night + timedelta(days=(5 - night.weekday()) % 7 or 7)
    entries: dict[str, Any] = {
        "suspensions": (night - timedelta(days=60), night - timedelta(days=30)),
        "extra_working_days": saturday,
        "extra_nonworking_days": saturday + timedelta(days=3),
        "tables_strict": next(iter(TABLES)),
        "tables_guarded": next(iter(TABLES)),
    }
    return entries.get(key, "forecast" if key == "kinds_after_equalisation" else ITEM_KINDS[0])


def _with_value(policy: Policy, name: str, version: Version, key: str, value: Any) -> Policy:
    """Return a policy with another value in one version."""
    changed = replace(version, values=_replace(version.values, key.split("."), value))
    rule_file = policy.rule_files[name]
    versions = tuple(changed if other is version else other for other in rule_file.versions)
    turned = RuleFile(rule_file.name, rule_file.selected_by, versions, rule_file.data)
    return Policy({**policy.rule_files, name: turned})


def _replace(values: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    first, *rest = path
    return {**values, first: _replace(values[first], rest, value) if rest else value}
