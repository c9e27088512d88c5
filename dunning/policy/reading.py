"""Read one rule file strictly: no unknown key, no wrong type, no version without a source."""

import difflib
import itertools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args, get_origin

from dunning.core.words import STAGES
from dunning.policy.findings import Finding
from dunning.policy.lines import find_lines
from dunning.policy.schema import (
    FIRST_DAY,
    SELECTED_BY,
    SHAPES,
    ValueRefused,
    fields_of,
    is_table,
    map_keys,
    optional_keys,
    read_value,
)

ABOUT_VERSION = ("effective_from", "revision", "source", "reason", "uncertain")


@dataclass(frozen=True)
class Version:
    """The complete content of a rule file from a day on.

    A later revision for the same day replaces the earlier one.

    values: as the rule class has them, tables as dicts; uncertain: dotted key to the reason;
    lines: dotted key ("": the version itself) to line number.
    """

    effective_from: date
    revision: int
    source: str
    reason: str
    values: dict[str, Any]
    uncertain: dict[str, str] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RuleFile:
    """One rule file: its name, the date that selects a version, its versions, its bytes.

    The name is `stages` for `stages.toml`; versions are in order of their days.
    """

    name: str
    selected_by: str
    versions: tuple[Version, ...]
    data: bytes

    @property
    def in_force(self) -> tuple[Version, ...]:
        """The last revision of each day, in order of the days."""
        # A dict keeps one version per day: the last one written, which is the last revision.
        return tuple({version.effective_from: version for version in self.versions}.values())

    def until(self, version: Version) -> date | None:
        """Return the first day on which the version is no longer in force, or None."""
        return next(
            (v.effective_from for v in self.in_force if v.effective_from > version.effective_from),
            None,
        )


def flatten(values: dict[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every leaf of nested values with its dotted key."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{at}{key}.")
        else:
            yield f"{at}{key}", value


def read_rule_file(name: str, data: bytes) -> tuple[RuleFile | None, list[Finding]]:
    """Return a rule file, or None with everything that is wrong with it.

    Args:
        name: of the rule, a key of `schema.SHAPES`.
        data: the bytes of the file.
    """
    try:
        text = data.decode("utf-8")
        # Decimal, not float: 12.15 must stay exactly 12.15.
        parsed = tomllib.loads(text, parse_float=Decimal)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return None, [
            Finding(f"{name}.toml", line, "This line is not UTF-8.", "Save the file as UTF-8.")
        ]
    except tomllib.TOMLDecodeError as error:
        return None, [_explain_syntax(name, str(error), text)]
    reader = _Reader(name, find_lines(text))
    rule_file = reader.read(parsed, data)
    return (None if reader.findings else rule_file), reader.findings


def _explain_syntax(name: str, message: str, text: str) -> Finding:
    place = re.search(r"\(at line (\d+)", message)
    line = int(place[1]) if place else len(text.splitlines())
    fault = message.split(" (at ")[0]
    return Finding(
        f"{name}.toml", line, f"This is not TOML: {fault}.", "Compare with the lines around it."
    )


class _Reader:
    """Makes a `RuleFile` from a parsed file, and collects findings."""

    def __init__(self, name: str, lines: dict[tuple[int, str], int]) -> None:
        self.name, self.lines = name, lines
        self.findings: list[Finding] = []

    def read(self, parsed: dict[str, Any], data: bytes) -> RuleFile:
        self._check_top(parsed)
        tables = parsed.get("version", [])
        if (
            not isinstance(tables, list)
            or not tables
            or not all(isinstance(table, dict) for table in tables)
        ):
            self._add(-1, "version", "There is no version.", "Add one under `[[version]]`.")
            tables = []
        versions = tuple(self._read_version(number, table) for number, table in enumerate(tables))
        self._check_order(versions)
        return RuleFile(self.name, SELECTED_BY[self.name], versions, data)

    def _add(self, number: int, key: str, problem: str, cure: str) -> None:
        line = self.lines.get((number, key), 0)
        # A key without a line of its own (missing, or in an inline table): use its table's line.
        while not line and key:
            key = key.rpartition(".")[0]
            line = self.lines.get((number, key), 0)
        self.findings.append(Finding(f"{self.name}.toml", line, problem, cure))

    def _check_top(self, parsed: dict[str, Any]) -> None:
        expected = SELECTED_BY[self.name]
        found = parsed.get("selected_by")
        if found != expected:
            fault = "is missing" if found is None else f"is `{found}`"
            cure = f'Write `selected_by = "{expected}"`: that is the day by which the decisions look this rule up.'
            self._add(-1, "selected_by", f"`selected_by` {fault}.", cure)
        for key in (key for key in parsed if key not in ("selected_by", "version")):
            self._add(
                -1,
                key,
                f"`{key}` stands outside a version.",
                "Move it under `[[version]]`, or delete it.",
            )

    def _read_version(self, number: int, table: dict[str, Any]) -> Version:
        values = self._read_table(number, SHAPES[self.name], table, "")
        self._check_notice(number, values)
        revision = table.get("revision", 1)
        if type(revision) is not int or revision < 1:
            self._add(
                number,
                "revision",
                f"`revision` is {revision}, not 1, 2, 3.",
                "Number the corrections of a day.",
            )
            revision = 1
        return Version(
            effective_from=self._read_start(number, table),
            revision=revision,
            source=self._read_sentence(
                number, table, "source", "the law, announcement or decision that says so"
            ),
            reason=self._read_sentence(number, table, "reason", "why the values are what they are"),
            values=values,
            uncertain=self._read_uncertain(number, table.get("uncertain", {}), values),
            lines={key: line for (version, key), line in self.lines.items() if version == number},
        )

    def _read_start(self, number: int, table: dict[str, Any]) -> date:
        if "effective_from" not in table:
            self._add(
                number,
                "",
                "`effective_from` is missing.",
                "Write the first day on which this version holds.",
            )
            return FIRST_DAY
        try:
            return read_value(date, "effective_from", table["effective_from"])
        except ValueRefused as refused:
            self._add(number, "effective_from", refused.problem, refused.cure)
            return FIRST_DAY

    def _read_sentence(self, number: int, table: dict[str, Any], key: str, what: str) -> str:
        value = table.get(key, "")
        if type(value) is str and value.strip():
            return value
        fault = "is missing" if key not in table else "says nothing"
        self._add(number, key, f"`{key}` {fault}.", f'Write `{key} = "..."`: {what}.')
        return ""

    def _read_table(
        self, number: int, shape: type, table: dict[str, Any], at: str
    ) -> dict[str, Any]:
        kinds, values = fields_of(shape), {}
        # Source, reason and so on belong to the version itself, not to its tables.
        known = {*kinds, *(() if at else ABOUT_VERSION)}
        # A misspelled key is reported once, not as unknown and as missing.
        meant = set()
        for key in (key for key in table if key not in known):
            cure, key_meant = _suggest(key, kinds)
            meant.add(key_meant)
            self._add(number, f"{at}{key}", f"Unknown key `{at}{key}`.", cure)
        for key, kind in kinds.items():
            if key in table:
                values[key] = self._read_any(number, kind, f"{at}{key}", table[key])
            elif key not in optional_keys(shape) | meant:
                where = f"[version.{at}{key}]" if is_table(kind) else f"{key} = ..."
                self._add(
                    number,
                    at[:-1],
                    f"`{at}{key}` is missing.",
                    f"Every version is complete: write `{where}`.",
                )
        return values

    def _read_any(self, number: int, kind: Any, key: str, value: Any) -> Any:
        if not is_table(kind):
            try:
                return read_value(kind, key, value)
            except ValueRefused as refused:
                self._add(number, key, refused.problem, refused.cure)
                return None
        if not isinstance(value, dict):
            self._add(
                number,
                key,
                f"`{key}` is one value, not a table.",
                f"Write a table `[version.{key}]`.",
            )
            return {}
        if get_origin(kind) is dict:
            return self._read_map(number, get_args(kind)[1], key, value)
        return self._read_table(number, kind, value, f"{key}.")

    def _read_map(self, number: int, kind: Any, key: str, table: dict[str, Any]) -> dict[str, Any]:
        words = map_keys(key)
        for word in (word for word in table if word not in words):
            self._add(
                number,
                f"{key}.{word}",
                f"Unknown key `{key}.{word}`.",
                f"Choose of: {', '.join(words)}.",
            )
        for word in words:
            if word not in table:
                self._add(
                    number,
                    key,
                    f"`{key}.{word}` is missing.",
                    f"Give a value for each of: {', '.join(words)}.",
                )
        return {
            word: self._read_any(number, kind, f"{key}.{word}", table[word])
            for word in words
            if word in table
        }

    def _check_notice(self, number: int, values: dict[str, Any]) -> None:
        """Add findings on notices: `overdue` waits for none, every higher stage for a served one.

        A higher stage begins a number of days after its notice was served.
        """
        for stage in STAGES[1:] if self.name == "stages" else ():
            rule = values.get(stage, {})
            for key in ("after_notice", "served_days_min"):
                if stage == STAGES[1] and key in rule:
                    problem = f"`{stage}.{key}` has no effect: the first stage waits for no notice."
                    self._add(number, f"{stage}.{key}", problem, "Delete it.")
                elif stage != STAGES[1] and rule and key not in rule:
                    cure = "Say which notice must have been served, and for how many days."
                    self._add(number, stage, f"`{stage}.{key}` is missing.", cure)

    def _read_uncertain(self, number: int, table: Any, values: dict[str, Any]) -> dict[str, str]:
        if not isinstance(table, dict):
            self._add(
                number, "uncertain", "`uncertain` is not a table.", "Write `[version.uncertain]`."
            )
            return {}
        keys = [key for key, _ in flatten(values)]
        found: dict[str, str] = {}
        for name, why in flatten(table):
            # A table named as uncertain makes all values in it uncertain.
            covered = [key for key in keys if key == name or key.startswith(f"{name}.")]
            if not covered:
                cure = "Name a key of this version, or delete the line."
                self._add(
                    number,
                    f"uncertain.{name}",
                    f"`uncertain` names `{name}`, which is no key here.",
                    cure,
                )
            if type(why) is not str or not why.strip():
                self._add(
                    number,
                    f"uncertain.{name}",
                    f"`uncertain.{name}` says nothing.",
                    "Write what is uncertain.",
                )
            found.update(dict.fromkeys(covered, str(why)))
        return found

    def _check_order(self, versions: tuple[Version, ...]) -> None:
        for number, (before, after) in enumerate(itertools.pairwise(versions), 1):
            day, revision = after.effective_from, after.revision
            # Allowed below a version: a correction of that day, or revision 1 of a later day.
            # 2026-01-01          2026-01-01
            # 2026-01-01, rev 2   2026-07-01
            if day == before.effective_from and revision == before.revision + 1:
                continue
            if day == before.effective_from:
                problem = f"`effective_from` {day} stands twice, as revisions {before.revision} and {revision}."
                cure = f"A correction of a version stands below it with `revision = {before.revision + 1}`."
                self._add(number, "effective_from", problem, cure)
            elif day < before.effective_from:
                problem = f"`effective_from` {day} stands below {before.effective_from}."
                self._add(
                    number, "effective_from", problem, "Sort the versions by day, the oldest first."
                )
            elif revision != 1:
                cure = "Begin with 1, or leave `revision` out."
                self._add(
                    number, "revision", f"The first version of {day} has revision {revision}.", cure
                )
        if versions and versions[0].revision != 1:
            self._add(
                0,
                "revision",
                "The first version has a revision beyond 1.",
                "Begin with 1, or leave it out.",
            )
        if self.name == "interest_rates" and versions and versions[0].effective_from > FIRST_DAY:
            last = versions[0].effective_from - timedelta(days=1)
            problem = f"Days from {FIRST_DAY} through {last} have no rate, and a debt may fall due on any of them."
            self._add(
                0,
                "effective_from",
                problem,
                f"Begin the first version on {FIRST_DAY}, with 0.00 if need be.",
            )


def _suggest(key: str, kinds: dict[str, Any]) -> tuple[str, str]:
    """Return a cure for an unknown key, and the key that was probably meant.

    Where only the unit differs, the cure explains that.
    """
    for known in kinds:
        if _bare(known) == _bare(key):
            return (
                f"Did you mean `{known}`? The unit stands in the name, and the value must be in that unit.",
                known,
            )
    near = difflib.get_close_matches(key, kinds, 1)
    if near:
        return f"Did you mean `{near[0]}`?", near[0]
    return f"Delete it; the keys are: {', '.join(kinds)}.", ""


def _bare(key: str) -> str:
    units = {
        "cents",
        "eur",
        "euro",
        "bgn",
        "days",
        "hours",
        "weeks",
        "months",
        "percent",
        "share",
        "working",
    }
    return "_".join(part for part in key.split("_") if part not in units)
