"""The check of a policy: its files, and its decisions on both sides of each boundary."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from dunning.core.days import to_day
from dunning.core.errors import DunningError
from dunning.core.frames import Frame
from dunning.core.ladder import NAMED_RUNGS
from dunning.core.words import NOTICE_STAGES, STAGES, code
from dunning.decisions.account.classify import decide_with_actions
from dunning.decisions.frames import Decision
from dunning.jobs.nightly.classify import propose
from dunning.jobs.policy_check.boundary_cases import describe
from dunning.jobs.policy_check.boundary_crowd import Crowd, make_crowd
from dunning.jobs.policy_check.policy_knobs import turn_knobs
from dunning.jobs.policy_check.policy_outcomes import Outcomes, differs, find_outcomes
from dunning.policy.check import check_policy, read_policy_folder
from dunning.policy.findings import Finding
from dunning.policy.policies import Policy
from dunning.policy.reading import Version
from dunning.policy.rules import Rules


def run(folder: Path | None = None) -> list[Finding]:
    """Return all problems of the built-in policy or a folder's; an empty list means it can be used.

    A file that cannot be read is not run. Otherwise boundary cases go through the real decisions,
    on a night of every version: no stage above `overdue` may be reached without a served notice of
    the stage below (`court_bound` by `limitation_near` excepted), no premise may be proposed for
    disconnection without a served warning, and every value must change some outcome.
    """
    findings = check_policy(folder)
    policy, _ = read_policy_folder(folder)
    if policy is None:
        return findings
    nights = _nights(policy)
    for night in sorted({night for _, _, night in nights}):
        findings += check_night(policy, night)
    findings += check_knobs(policy, nights)
    return sorted(set(findings))


def check_night(policy: Policy, night: date) -> list[Finding]:
    """Return the problems of a night's boundary cases.

    These are stages without their notice, and disconnections without a warning.
    """
    rules = policy.at(night)
    try:
        crowd = make_crowd(night, rules)
        decision, found = decide_with_actions(crowd.bucket, night, rules, crowd.actions)
        proposed = propose(crowd.bucket, decision, found, rules, night)
    except DunningError as error:
        return [
            Finding(
                "policy",
                0,
                f"The decisions of {night} refuse this policy: {error}",
                "Correct the value.",
            )
        ]
    cut_off = proposed["disconnections"]["premise_no"].to_pylist()
    return [
        *_check_stages(policy, rules, crowd, decision, found.history),
        *_check_disconnections(
            policy, rules, crowd, [int(premise_no) for premise_no in cut_off], found.history
        ),
    ]


def check_knobs(policy: Policy, nights: list[tuple[str, Version, date]]) -> list[Finding]:
    """Return the values without any effect on a night of their version.

    An effect is a change in a decision, list, day or limit.

    Args:
        nights: rule, version and the night on which it is tried.
    """
    findings: list[Finding] = []
    # Many versions share a night: its outcomes are made once.
    tried: dict[date, tuple[Crowd, Outcomes]] = {}
    for name, version, night in nights:
        rules = policy.at(night)
        try:
            if night not in tried:
                crowd = make_crowd(night, rules)
                tried[night] = crowd, find_outcomes(crowd, rules)
            crowd, before = tried[night]
            findings += _check_version(policy, name, version, rules, crowd, before)
        except DunningError as error:
            problem = f"The decisions of {night} refuse a value: {error}"
            findings.append(Finding(f"{name}.toml", version.lines[""], problem, "Correct it."))
    return findings


def _nights(policy: Policy) -> list[tuple[str, Version, date]]:
    """Return each version in force once, with a night on which it decides.

    The night is the last of its days, or a late one.

    The late night is more than a year after every date in the files, so that every boundary has
    room before it.
    """
    euro_from = max(v.values["euro_from"] for v in policy.rule_files["changeover"].in_force)
    newest = max(
        v.effective_from for rule_file in policy.rule_files.values() for v in rule_file.in_force
    )
    late = max(euro_from, newest) + timedelta(days=400)
    nights = []
    for name, rule_file in policy.rule_files.items():
        for version in rule_file.in_force:
            until = rule_file.until(version)
            is_dated = rule_file.selected_by == "accrual_day"
            nights.append(
                (name, version, late if is_dated or until is None else until - timedelta(days=1))
            )
    return nights


def _check_version(
    policy: Policy, name: str, version: Version, rules: Rules, crowd: Crowd, before: Outcomes
) -> Iterator[Finding]:
    for label, turns in turn_knobs(policy, name, version, crowd.as_of):
        # One effect is enough: the outcomes are made one by one until the first difference.
        for turn in turns:
            # The version's name is not an outcome: a new name alone must not count as a change.
            turned = replace(turn.policy.at(crowd.as_of), version=rules.version)
            if turned != rules and differs(crowd, turned, rules, before):
                break
        else:
            tried = ", ".join(_show_value(turn.value) for turn in turns)
            problem = (
                f"`{label}` changes nothing: turned to {tried}, nothing differs on {crowd.as_of}."
            )
            cure = "Delete it, or choose a value that does something; another value may stand before it."
            yield Finding(f"{name}.toml", _line(version, turns[0].key), problem, cure)


def _show_value(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_show_value(entry) for entry in value)}]"
    return str(value)


def _line(version: Version, key: str) -> int:
    return version.lines.get(key) or version.lines.get(key.rpartition(".")[0]) or version.lines[""]


def _check_stages(
    policy: Policy, rules: Rules, crowd: Crowd, decision: Decision, history: Frame
) -> Iterator[Finding]:
    """Yield a finding for each stage that was reached without a served notice.

    Judged by the bare facts, not by the policy's idea of which notice counts.
    """
    version = policy.version_at("stages", crowd.as_of)
    # Near its limitation an account goes to court without a notice.
    excepted = [
        rule == "stages.limitation_near" for rule in decision.accounts.text("rule").to_pylist()
    ]
    for rung in NAMED_RUNGS:
        stage, below = rung.stage, rung.notice_below
        at_stage = decision.accounts["stage"] == code(STAGES, stage)
        for row in at_stage.nonzero()[0].tolist():
            account = int(decision.accounts["account"][row])
            in_stage = decision.open_items["is_in_stage"] & (
                decision.open_items["account"] == account
            )
            due_on = crowd.bucket.items["due_on"][decision.open_items["item"][in_stage]]
            if excepted[row] or _was_served(
                history, account, below, int(due_on.max()), crowd.as_of
            ):
                continue
            facts = describe(crowd.cases[account], account, crowd.as_of)
            yield Finding(
                "stages.toml",
                _line(version, f"{stage}.after_notice"),
                f"An account reaches `{stage}` without a served notice `{below}`.",
                f'Write `after_notice = "{below}"` under `[version.{stage}]`.',
                f"{facts} Stage: {stage}. No notice `{below}` that names the debt was served.",
            )
            break


def _check_disconnections(
    policy: Policy, rules: Rules, crowd: Crowd, cut_off: list[int], history: Frame
) -> Iterator[Finding]:
    version = policy.version_at("disconnections", crowd.as_of)
    for account in cut_off:
        oldest = min(debt.due_on for debt in crowd.cases[account].debts)
        due_on = to_day(oldest)
        if _was_served(history, account, "disconnection", due_on, crowd.as_of - timedelta(days=1)):
            continue
        facts = describe(crowd.cases[account], account, crowd.as_of)
        yield Finding(
            "disconnections.toml",
            version.lines[""],
            "A premise is proposed for disconnection without a warning served before that day.",
            "Ask for a warning that was served at least a day before.",
            f"{facts} Proposed for disconnection. No `disconnection` notice that names the debt was served before.",
        )
        break


def _was_served(history: Frame, account: int, stage: str, due_on: int, until: date) -> bool:
    """Return whether a notice was sent after `due_on` and served by `until` (inclusive)."""
    served = (history["account"] == account) & (history["stage"] == code(NOTICE_STAGES, stage))
    served &= (history["sent_on"] > due_on) & (history["served_on"] <= to_day(until))
    return bool(served.any())
