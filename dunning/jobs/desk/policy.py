"""The rules page: the values in force on a day, file by file, and each file's history."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from dunning.gateways.store import inputs, runs
from dunning.jobs.desk.session import DeskSession
from dunning.policy.policies import Policy, load_policy, read_policy
from dunning.policy.reading import RuleFile, Version
from dunning.policy.schema import FIRST_DAY, LAST_DAY
from dunning.policy.show import UNCERTAIN, Row, RuleChange, rows_of, show_rows

PAST, NOW, LATER, REPLACED = "past", "now", "later", "replaced"


@dataclass(frozen=True)
class VersionLine:
    """One version of a file in its history.

    state: `past`, `now` or `later` on the day of the page; `replaced` by a later revision of the
    same day. changes: values that differ from the version before it; empty for the first one.
    doubts: why values are uncertain.
    """

    effective_from: date
    until: date | None
    revision: int
    state: str
    source: str
    reason: str
    changes: tuple[RuleChange, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True)
class RulePage:
    """One rule file on a day.

    is_dated: each past day has its own value, like an interest rate.
    """

    name: str
    is_dated: bool
    effective_from: date
    until: date | None
    source: str
    reason: str
    rows: tuple[Row, ...]
    history: tuple[VersionLine, ...]


@dataclass(frozen=True)
class PolicyPage:
    """The rules in force on a day.

    closed_on: the last closed night, or None. origin_on: the night that these files belong to; None:
    the built-in ones.
    different: the files in which these differ from the built-in ones. unsure: how many values are
    uncertain.
    """

    on: date
    closed_on: date | None
    origin_on: date | None
    version: str
    rules: tuple[RulePage, ...]
    different: tuple[str, ...]
    unsure: int


def read_page(session: DeskSession, on: date | None) -> PolicyPage:
    """Return the rules of a day.

    A closed night has its own policy; any other day has that of the last closed night.

    Args:
        on: None is the last closed night; where there is none, the newest day of the built-in
            files.

    Raises:
        DunningError: a rule file has no version yet on that day.
    """
    closed_on = runs.last_closed_on(session.engine)
    policy, origin_on = _find_policy(session, on, closed_on)
    on = on or closed_on or _newest(policy)
    rows = show_rows(policy, on)
    built_in = _load_built_in().hashes()
    return PolicyPage(
        on=on,
        closed_on=closed_on,
        origin_on=origin_on,
        version=policy.at(on).version,
        rules=tuple(_show_rule(policy, name, on, rows) for name in policy.rule_files),
        different=tuple(
            file for file, sha256 in policy.hashes().items() if built_in[file] != sha256
        ),
        unsure=sum(row.confidence == UNCERTAIN for row in rows),
    )


def is_within(on: date) -> bool:
    """Return whether rules exist for a day: it is in the contract's calendar."""
    return FIRST_DAY <= on <= LAST_DAY


def fetch_policy(session: DeskSession, run_id: int) -> Policy:
    """Return the policy of a run, read once per process; the files of a run never change."""
    return _read_kept(session, run_id)


@lru_cache(maxsize=32)
def _read_kept(session: DeskSession, run_id: int) -> Policy:
    return read_policy(inputs.fetch_policy_files(session.engine, run_id))


@lru_cache(maxsize=1)
def _load_built_in() -> Policy:
    return load_policy()


def _find_policy(
    session: DeskSession, on: date | None, closed_on: date | None
) -> tuple[Policy, date | None]:
    # The day's own run, else the last closed one, else the built-in files.
    for night in (on, closed_on):
        known = runs.fetch_run(session.engine, night) if night else None
        if known is not None and known.state == "closed":
            return fetch_policy(session, known.run_id), known.as_of
    return _load_built_in(), None


def _newest(policy: Policy) -> date:
    return max(
        v.effective_from for rule_file in policy.rule_files.values() for v in rule_file.in_force
    )


def _show_rule(policy: Policy, name: str, on: date, rows: list[Row]) -> RulePage:
    rule_file, version = policy.rule_files[name], policy.version_at(name, on)
    return RulePage(
        name=name,
        is_dated=rule_file.selected_by == "accrual_day",
        effective_from=version.effective_from,
        until=rule_file.until(version),
        source=version.source,
        reason=version.reason,
        rows=tuple(row for row in rows if row.file == f"{name}.toml"),
        history=_version_lines(rule_file, on),
    )


def _version_lines(rule_file: RuleFile, on: date) -> tuple[VersionLine, ...]:
    """Return all versions of a file, newest first."""
    befores = (None, *rule_file.versions)
    pairs = zip(befores, rule_file.versions, strict=False)
    return tuple(_version_line(rule_file, version, before, on) for before, version in pairs)[::-1]


def _version_line(
    rule_file: RuleFile, version: Version, before: Version | None, on: date
) -> VersionLine:
    until = rule_file.until(version)
    if not any(version is other for other in rule_file.in_force):
        state = REPLACED
    elif version.effective_from > on:
        state = LATER
    else:
        state = NOW if until is None or on < until else PAST
    return VersionLine(
        version.effective_from,
        until,
        version.revision,
        state,
        version.source,
        version.reason,
        _compare(rule_file, before, version) if before else (),
        tuple(dict.fromkeys(version.uncertain.values())),
    )


def _compare(rule_file: RuleFile, before: Version, after: Version) -> tuple[RuleChange, ...]:
    sides = [{row.key: row for row in rows_of(rule_file, version)} for version in (before, after)]
    pairs = [
        RuleChange(sides[0].get(key), sides[1].get(key))
        for key in dict.fromkeys([*sides[0], *sides[1]])
    ]
    return tuple(pair for pair in pairs if _value(pair.before) != _value(pair.after))


def _value(row: Row | None) -> object:
    return None if row is None else row.value
