"""Check that published versions are unchanged: their values are hashed.

A correction is a new version. `published.toml` names, for every version of the built-in files, the
keys it had when it was published and the hash of their values. A key that comes later (a new knob)
is published by an entry of its own; the older ones stay as they are.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dunning.policy.canonical import hash_values
from dunning.policy.findings import Finding
from dunning.policy.policies import Policy, load_policy
from dunning.policy.reading import Version, flatten

PUBLISHED = Path(__file__).parent / "published.toml"
_HEAD = "# What has been published, with the hash of its values. `dunning policy publish` adds, nobody changes.\n"


@dataclass(frozen=True)
class Published:
    """One published version: file, day, revision, dotted keys, and the hash of their values."""

    file: str
    effective_from: date
    revision: int
    keys: tuple[str, ...]
    sha256: str


def read_published(path: Path = PUBLISHED) -> tuple[Published, ...]:
    """Return all published versions."""
    entries = tomllib.loads(path.read_text("utf-8")).get("published", [])
    return tuple(Published(**{**entry, "keys": tuple(entry["keys"])}) for entry in entries)


def check_published(policy: Policy, published: Iterable[Published]) -> list[Finding]:
    """Return a finding for every published version changed or removed, and every unpublished one.

    A version with a new key counts as unpublished.
    """
    published = tuple(published)
    findings = [finding for entry in published for finding in _compare(policy, entry)]
    for name, version in _versions(policy):
        if _unpublished_keys(name, version, published):
            cure = "Run `dunning policy publish`, so that nobody changes it later unseen."
            line = version.lines.get("", 0)
            problem = (
                f"The version of {version.effective_from} holds values that are not published."
            )
            findings.append(Finding(f"{name}.toml", line, problem, cure))
    return findings


def publish(path: Path = PUBLISHED) -> list[Published]:
    """Add the new versions of the built-in files to the published ones, and return them.

    Raises:
        DunningError: a built-in file cannot be read.
    """
    policy = load_policy()
    known = read_published(path) if path.exists() else ()
    added = []
    for name, version in _versions(policy):
        keys = _unpublished_keys(name, version, known)
        if keys:
            sha256 = _hash_keys(version, keys)
            added.append(
                Published(
                    f"{name}.toml", version.effective_from, version.revision, tuple(keys), sha256
                )
            )
    text = path.read_text("utf-8") if path.exists() else _HEAD
    path.write_text(text + "".join(_write_entry(entry) for entry in added), "utf-8")
    return added


def _versions(policy: Policy) -> list[tuple[str, Version]]:
    return [
        (name, version)
        for name in sorted(policy.rule_files)
        for version in policy.rule_files[name].versions
    ]


def _unpublished_keys(name: str, version: Version, published: Iterable[Published]) -> list[str]:
    mark = (f"{name}.toml", version.effective_from, version.revision)
    # A version may have several entries: one for each time keys were added to it.
    covered = {key for entry in published if _mark(entry) == mark for key in entry.keys}
    return sorted(key for key, _ in flatten(version.values) if key not in covered)


def _mark(entry: Published) -> tuple[str, date, int]:
    return entry.file, entry.effective_from, entry.revision


def _hash_keys(version: Version, keys: Iterable[str]) -> str:
    values = dict(flatten(version.values))
    return hash_values({key: values[key] for key in keys})


def _compare(policy: Policy, entry: Published) -> list[Finding]:
    what = f"The version of {entry.effective_from}" + (
        f", revision {entry.revision}," if entry.revision > 1 else ""
    )
    versions = dict((_mark_of(name, version), version) for name, version in _versions(policy))
    version = versions.get(_mark(entry))
    if version is None:
        return [
            Finding(
                entry.file,
                0,
                f"{what} was published and is gone.",
                "Restore it; nights were run with it.",
            )
        ]
    values = dict(flatten(version.values))
    # Only keys that the version had then are compared: a key added later has an entry of its own.
    gone = [key for key in entry.keys if key not in values]
    line = version.lines.get("", 0)
    if gone:
        problem = f"{what} was published with `{gone[0]}`, which is gone."
        return [Finding(entry.file, line, problem, "Restore the key; nights were run with it.")]
    if _hash_keys(version, entry.keys) != entry.sha256:
        cure = (
            "Restore its values. A change is a new version with its own `effective_from`; "
            f"a correction stands below it with the same day and `revision = {entry.revision + 1}`."
        )
        return [Finding(entry.file, line, f"{what} was published with other values.", cure)]
    return []


def _mark_of(name: str, version: Version) -> tuple[str, date, int]:
    return f"{name}.toml", version.effective_from, version.revision


def _write_entry(entry: Published) -> str:
    keys = ", ".join(f'"{key}"' for key in entry.keys)
    return (
        f'\n[[published]]\nfile = "{entry.file}"\neffective_from = {entry.effective_from}\n'
        f'revision = {entry.revision}\nkeys = [{keys}]\nsha256 = "{entry.sha256}"\n'
    )
