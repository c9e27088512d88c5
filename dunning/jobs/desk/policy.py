"""What is in force on a day, file by file, with sources, doubts and the versions before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from dunning.core.errors import NotThereError
from dunning.gateways.store import runs
from dunning.jobs.desk.office import Office
from dunning.jobs.kept import kept_policy
from dunning.policy.labels import TITLES
from dunning.policy.policies import Policy, load_policy
from dunning.policy.reading import Version
from dunning.policy.shapes import FIRST_DAY, LAST_DAY
from dunning.policy.show import UNCERTAIN, Row, format_value, show_rows


@dataclass(frozen=True)
class Value:
    """One value as people read it. doubt: why it is uncertain; empty where it is not."""

    label: str
    key: str
    value: str
    effective_from: date
    doubt: str


@dataclass(frozen=True)
class FilePage:
    """One rule file: what of it is in force, and every version that it has."""

    name: str
    title: str
    values: Sequence[Value]
    sources: Sequence[str]
    reason: str
    versions: Sequence[Version]


@dataclass(frozen=True)
class PolicyPage:
    """All rules on a day, as the last closed night used them; the built-in ones before the first night."""

    on: date
    closed_on: date | None
    version: str
    files: Sequence[FilePage]


def look(office: Office, on: date | None) -> PolicyPage:
    """Return what is in force on a day; on that of the last closed night, if none is named.

    Raises:
        NotThereError: the day lies outside of the calendar. DunningError: a rule says nothing on it.
    """
    closed_on = runs.last_closed_on(office.engine)
    day = on or closed_on or LAST_DAY
    if not FIRST_DAY <= day <= LAST_DAY:
        raise NotThereError(f"The day {day} lies outside {FIRST_DAY} to {LAST_DAY}; give another one.")
    policy = current_policy(office)
    rows = groupby(show_rows(policy, day), lambda row: row.file.removesuffix(".toml"))
    files = [_file(policy, name, list(members), day) for name, members in rows]
    return PolicyPage(day, closed_on, policy.at(day).version, files)


def current_policy(office: Office) -> Policy:
    """Return the policy of the last closed night; the built-in one before the first."""
    closed_on = runs.last_closed_on(office.engine)
    known = runs.fetch_run(office.engine, closed_on) if closed_on else None
    return kept_policy(office.engine, known) if known else load_policy()


def _file(policy: Policy, name: str, rows: list[Row], day: date) -> FilePage:
    values = [
        Value(row.label, row.key, format_value(row), row.effective_from, _doubt(row)) for row in rows
    ]
    rule_file = policy.rule_files[name]
    reason = policy.version_at(name, day).reason
    return FilePage(
        name, TITLES[name], values, list(dict.fromkeys(row.source for row in rows)), reason, rule_file.versions
    )


def _doubt(row: Row) -> str:
    return row.reason if row.confidence == UNCERTAIN else ""
