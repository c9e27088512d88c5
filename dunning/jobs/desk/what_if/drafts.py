"""A rule file edited for a trial: its thresholds as form fields, and the check of its text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from dunning.policy.check import check_values
from dunning.policy.findings import Finding
from dunning.policy.policies import DECIDE_NOTHING, Policy, read_files
from dunning.policy.reading import RuleFile, flatten, read_rule_file
from dunning.policy.schema import SHAPES

# What may be tried: the rules that decide something about an account.
FILES = tuple(f"{name}.toml" for name in SHAPES if name not in DECIDE_NOTHING)
QUICK_FILE = "stages.toml"
LONGEST_TEXT = 200_000
_LONGEST_KEY = 200
_NUMBER = r"(=\s*)[\d_]+"


@dataclass(frozen=True)
class LadderField:
    """A number of the ladder as a form field.

    key: dotted; is_money: `value` is euro cents, typed as euro.
    """

    key: str
    is_money: bool
    value: int


class BadNumberError(ValueError):
    """Raised for a field without a number; its message is the key."""


def find_thresholds(policy: Policy, on: date) -> list[LadderField]:
    """Return the sums and days of the ladder in force on a day, in file order."""
    # `type(…) is int`: True and False are ints, too, but no numbers of the ladder.
    values = flatten(policy.version_at("stages", on).values)
    return [LadderField(key, "_cents" in key, value) for key, value in values if type(value) is int]


def change_thresholds(policy: Policy, on: date, given: Mapping[str, str]) -> str:
    """Return the text of the stages file with other numbers in the version in force.

    Args:
        given: what was typed, by key of `find_thresholds`; euro for a sum. What is not given stays.

    Raises:
        BadNumberError: it is no number, or the file writes this value in a way that only a person
            can change.
    """
    rule_file, version = policy.rule_files["stages"], policy.version_at("stages", on)
    lines = rule_file.data.decode().splitlines(keepends=True)
    for threshold in find_thresholds(policy, on):
        value = (
            _read(threshold, given[threshold.key]) if threshold.key in given else threshold.value
        )
        if value == threshold.value:
            continue
        line = version.lines.get(threshold.key)
        if line is None:
            raise BadNumberError(threshold.key)
        # Only the number on the line is replaced: comments and layout of the file stay.
        lines[line - 1] = re.sub(_NUMBER, rf"\g<1>{value}", lines[line - 1], count=1)
    return "".join(lines)


def _read(threshold: LadderField, text: str) -> int:
    """Return a typed number in the unit of the file."""
    try:
        number = Decimal(text.strip().replace(",", ".").replace("\xa0", "").replace(" ", ""))
        number *= 100 if threshold.is_money else 1
        if not 0 <= number <= 10**12 or number != int(number):
            raise BadNumberError(threshold.key)
        return int(number)
    except (InvalidOperation, ValueError) as error:
        raise BadNumberError(threshold.key) from error


def bring_forward(name: str, data: bytes, night: date) -> bytes:
    """Return a file in which the next version after a night begins on that night.

    So that version can be tried there.

    A file that cannot be read, has no later version, or has a value for every day of the past is
    left as it is.
    """
    rule_file, _ = read_rule_file(name, data)
    if rule_file is None or rule_file.selected_by == "accrual_day":
        return data
    later = [version for version in rule_file.versions if version.effective_from > night]
    lines = data.decode().splitlines(keepends=True)
    for version in (v for v in later if v.effective_from == later[0].effective_from):
        place = version.lines["effective_from"] - 1
        lines[place] = lines[place].replace(
            later[0].effective_from.isoformat(), night.isoformat(), 1
        )
    return "".join(lines).encode()


def find_later(name: str, data: bytes, night: date) -> date | None:
    """Return the start of the next version in force after a night; None where there is none."""
    rule_file, _ = read_rule_file(name, data)
    return _next_start(rule_file, night) if rule_file else None


def _next_start(rule_file: RuleFile, night: date) -> date | None:
    return next((v.effective_from for v in rule_file.in_force if v.effective_from > night), None)


def check_files(files: Mapping[str, bytes], changed: str) -> list[Finding]:
    """Return the problems of a policy with one hand-edited file, if they forbid its use."""
    refused = _refuse_text(changed, files[changed])
    if refused:
        return [refused]
    try:
        policy, findings = read_files(files)
        return sorted(findings) if policy is None else check_values(policy)
    except (RecursionError, ValueError) as error:
        return [Finding(changed, 0, f"This is not TOML: {error}.", "Write plain keys and values.")]


def _refuse_text(file: str, data: bytes) -> Finding | None:
    """Return a finding for a text that is too expensive to read.

    The time to read a key grows with the square of its parts.
    """
    for number, line in enumerate(data.decode().splitlines(), 1):
        if any(part.count(".") > _LONGEST_KEY for part in line.split("=")):
            return Finding(
                file,
                number,
                "This line is not TOML: too many points.",
                "Write plain keys and values.",
            )
    return None
