"""Load all rule files of a folder, and return the rules in force on a day."""

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from dunning.core.errors import DunningError
from dunning.policy import rules
from dunning.policy.canonical import canonical_json
from dunning.policy.findings import Finding
from dunning.policy.reading import RuleFile, Version, read_rule_file
from dunning.policy.schema import SHAPES, fields_of

BUILT_IN = Path(__file__).parent / "files"
VIEWS: dict[str, Any] = {
    k: v for k, v in fields_of(rules.Rules).items() if k in SHAPES and k != "interest"
}

# Rules that decide nothing about an account: they are no part of `Rules.version`.
DECIDE_NOTHING = ("retention", "notices", "profile", "release", "protection")
# Rules that came when nights had been run already: such a run kept no file of theirs.
CAME_LATER = ("retention", "notices", "profile", "release", "protection")


@dataclass(frozen=True)
class Policy:
    """All rule files, checked and complete; `rule_files` by rule name."""

    rule_files: Mapping[str, RuleFile]

    def at(self, as_of: date) -> rules.Rules:
        """Return all rules in force on a day.

        A version holds from its `effective_from` (included) until the next one's (not included).
        Interest rates are selected by accrual day: all that began up to `as_of` are returned, so
        that a rate published for a later day changes no earlier run.

        Raises:
            DunningError: a rule file has no version yet on that day.
        """
        selected = {name: self.version_at(name, as_of) for name in self.rule_files}
        rates = [v for v in self.rule_files["interest_rates"].in_force if v.effective_from <= as_of]
        values = {name: version.values for name, version in selected.items()}
        deciding = [name for name in selected if name not in DECIDE_NOTHING]
        values["interest_rates"] = {
            v.effective_from.isoformat(): v.values["rate_percent"] for v in rates
        }
        # The version is the newest day in force and a hash of the values: it changes with a value,
        # not with a comment, a source or a reason.
        newest = max(selected[name].effective_from for name in deciding)
        mark = hashlib.sha256(
            canonical_json({name: values[name] for name in deciding})
        ).hexdigest()[:8]
        views = {name: _build(VIEWS[name], values[name]) for name in VIEWS}
        merged = _merge_equal(tuple((v.effective_from, v.values["rate_percent"]) for v in rates))
        interest = rules.Interest(rates=merged, **values["interest"])
        return rules.Rules(version=f"{newest.isoformat()}-{mark}", interest=interest, **views)

    def version_at(self, name: str, on: date) -> Version:
        """Return the version of a rule file in force on a day.

        Raises:
            DunningError: the day is before its first version.
        """
        rule_file = self.rule_files[name]
        held = [version for version in rule_file.in_force if version.effective_from <= on]
        if not held:
            first = rule_file.versions[0]
            raise DunningError(
                f"{name}.toml:{first.lines.get('effective_from', 1)}: nothing holds on {on}; the first version begins "
                f"on {first.effective_from}. A night cannot be run without a rule. Add a version that held on that day."
            )
        # Versions are in order of their days, so the last one that has begun is in force.
        return held[-1]

    def files(self) -> dict[str, bytes]:
        """Return the bytes of every file used, by file name.

        A run stores them; `read_policy` reads them again.
        """
        return {f"{name}.toml": self.rule_files[name].data for name in sorted(self.rule_files)}

    def hashes(self) -> dict[str, str]:
        """Return the SHA-256 of every file used, by file name."""
        return {file: hashlib.sha256(data).hexdigest() for file, data in self.files().items()}


def load_policy(folder: Path | None = None) -> Policy:
    """Return the policy of a folder, or the built-in one.

    Rule files that the folder does not have are the built-in ones.

    Raises:
        DunningError: no such folder, no rule file in it, or a file that cannot be trusted (file,
            line, cure).
    """
    return read_policy(collect_files(folder))


def read_policy(files: Mapping[str, bytes]) -> Policy:
    """Return the policy of these files (file name to bytes), as returned by `Policy.files`.

    A rule that the files cannot have yet, because it came after the run that kept them, is the
    built-in one.

    Raises:
        DunningError: the first finding of a file that cannot be trusted.
    """
    # A run that was stored before these files existed can still be read.
    later = {f"{name}.toml": (BUILT_IN / f"{name}.toml").read_bytes() for name in CAME_LATER}
    policy, findings = read_files({**later, **files})
    if policy is None:
        more = (
            f" ({len(findings) - 1} more: see `dunning policy check`)" if len(findings) > 1 else ""
        )
        raise DunningError(f"{findings[0]}{more}")
    return policy


def read_files(files: Mapping[str, bytes]) -> tuple[Policy | None, list[Finding]]:
    """Return the policy of these files, or None with all findings in any of them."""
    rule_files, findings = {}, []
    for name in SHAPES:
        if f"{name}.toml" not in files:
            findings.append(
                Finding(f"{name}.toml", 0, "The file is missing.", "Restore it from the run.")
            )
            continue
        rule_file, found = _read_once(name, files[f"{name}.toml"])
        findings += found
        if rule_file:
            rule_files[name] = rule_file
    return (None if findings else Policy(rule_files)), findings


@lru_cache(maxsize=4 * len(SHAPES))
def _read_once(name: str, data: bytes) -> tuple[RuleFile | None, tuple[Finding, ...]]:
    """Return a rule file and its findings; the same bytes are read once a process.

    A night opens the policy at each of its steps. What comes back is shared: nothing
    may change it.
    """
    rule_file, findings = read_rule_file(name, data)
    return rule_file, tuple(findings)


def collect_files(folder: Path | None) -> dict[str, bytes]:
    """Return file name to bytes: the folder's rule files, and the built-in ones for the rest.

    Raises:
        DunningError: no such folder, no rule file in it, or a .toml file that is none.
    """
    files = {f"{name}.toml": (BUILT_IN / f"{name}.toml").read_bytes() for name in SHAPES}
    if folder is None:
        return files
    if not folder.is_dir():
        raise DunningError(
            f"There is no policy folder {folder}. Give a folder with rule files, or leave --policy out."
        )
    own = {path.name: path.read_bytes() for path in sorted(folder.glob("*.toml"))}
    listed = ", ".join(files)
    if not own:
        raise DunningError(
            f"The policy folder {folder} holds no rule file. Put at least one there: {listed}."
        )
    for file in own.keys() - files.keys():
        raise DunningError(
            f"{folder}/{file} is no rule file. Rename or move it; there are: {listed}."
        )
    # The right side wins: a file of the folder replaces the built-in one as a whole.
    return files | own


def _build(shape: type, values: dict[str, Any]) -> Any:
    kinds = fields_of(shape)
    return shape(
        **{
            k: _build(kinds[k], v) if dataclasses.is_dataclass(kinds[k]) else v
            for k, v in values.items()
        }
    )


def _merge_equal(rates: tuple[tuple[date, Any], ...]) -> tuple[tuple[date, Any], ...]:
    """Return the rates without those equal to the rate before.

    So interest is split into segments only where the rate changes.

    file     | 12.00 | 12.00 | 11.50 | 11.50 | 12.00
    merged   | 12.00         | 11.50         | 12.00
    """
    return tuple(rate for i, rate in enumerate(rates) if i == 0 or rate[1] != rates[i - 1][1])
