"""The verifier runs boundary cases through the real decisions: a sound policy passes, a broken one
gets an example.
"""

from datetime import date
from pathlib import Path

import pytest

from dunning.jobs.nightly.extract_warnings import is_stale
from dunning.jobs.policy_check.boundary_cases import BoundaryCase, Debt, Sent, describe
from dunning.jobs.policy_check.boundary_crowd import make_crowd
from dunning.jobs.policy_check.check_policy import check_night, run
from dunning.jobs.policy_check.policy_knobs import turn_knobs
from dunning.policy.findings import Finding
from dunning.policy.identity import refuse_identity
from dunning.policy.policies import BUILT_IN, load_policy
from dunning.policy.reading import flatten

NIGHT = date(2026, 11, 22)


def _findings(tmp_path: Path, *changes: tuple[str, str, str]) -> list[Finding]:
    """Return what the check finds in a folder whose files have another text in their last version.

    Args:
        changes: file, what stands in it, and what takes its place.
    """
    for file, old, new in changes:
        text = (BUILT_IN / file).read_text("utf-8")
        assert old in text
        # a correction stands below what it corrects
        before, version, last = text.rpartition("[[version]]")
        turned = (
            before + version + last.replace(old, new, 1)
            if old in last
            else text.replace(old, new, 1)
        )
        (tmp_path / file).write_text(turned, "utf-8")
    return run(tmp_path)


def test_the_built_in_policy_can_be_trusted() -> None:
    assert run() == []


def test_every_stage_and_list_is_reached_by_the_boundary_cases() -> None:
    assert check_night(load_policy(), NIGHT) == []
    crowd = make_crowd(NIGHT, load_policy().at(NIGHT))
    assert len(crowd.cases) > 200
    assert len(crowd.bucket.accounts) == len(crowd.cases)


def test_a_stage_past_its_notice_is_shown_on_an_account(tmp_path: Path) -> None:
    findings = _findings(
        tmp_path, ("stages.toml", 'after_notice = "final_warning"', 'after_notice = "overdue"')
    )
    (shown,) = [finding for finding in findings if finding.counterexample]
    assert (shown.file, shown.line) == ("stages.toml", 53)
    assert (
        shown.problem == "An account reaches `court_bound` without a served notice `final_warning`."
    )
    assert shown.cure == 'Write `after_notice = "final_warning"` under `[version.court_bound]`.'
    assert (
        "a bill of 1000,00 EUR due 2027-02-06 (180 days ago); a notice `overdue`"
        in shown.counterexample
    )
    assert shown.counterexample.endswith(
        "Stage: court_bound. No notice `final_warning` that names the debt was served."
    )


def test_a_disconnection_warning_in_place_of_a_reminder_is_shown(tmp_path: Path) -> None:
    findings = _findings(
        tmp_path, ("stages.toml", 'after_notice = "overdue"', 'after_notice = "disconnection"')
    )
    shown = [finding.problem for finding in findings if finding.counterexample]
    assert shown == ["An account reaches `final_warning` without a served notice `overdue`."]


def test_a_disconnection_on_the_day_of_its_warning_is_shown(tmp_path: Path) -> None:
    findings = _findings(
        tmp_path, ("disconnections.toml", "served_days_min = 15", "served_days_min = 0")
    )
    (shown,) = [finding for finding in findings if finding.counterexample]
    assert (
        shown.problem
        == "A premise is proposed for disconnection without a warning served before that day."
    )
    assert "(electricity) on 2027-08-05:" in shown.counterexample


def test_values_without_effect_are_found(tmp_path: Path) -> None:
    findings = _findings(
        tmp_path,
        ("reminders.toml", "sms = 100", "sms = 50"),
        ("calendar.toml", "2026-01-02]", "2026-01-02, 2026-12-25]"),
        ("loading.toml", "max_strict = 0.00", "max_strict = 0.01"),
        ("interest.toml", '["forecast"]', '["forecast", "bill"]'),
    )
    idle = {
        finding.problem.partition("` changes nothing: turned to ")[0]: finding
        for finding in findings
        if "` changes nothing: turned to " in finding.problem
    }
    # where strict tables may lose as much as the others, none of them needs to be named
    strict = load_policy().at(NIGHT).loading.tables_strict
    assert {key: (finding.file, finding.line) for key, finding in idle.items()} == {
        "`amount_cents_min.sms": ("reminders.toml", 26),
        "`extra_nonworking_days[2026-12-25]": ("calendar.toml", 15),
        **{f"`tables_strict[{table}]": ("loading.toml", 39) for table in strict},
        "`kinds_after_equalisation[bill]": ("interest.toml", 18),
    }
    assert "holds" in strict
    assert {finding.cure for finding in idle.values()} == {
        "Delete it, or choose a value that does something; another value may stand before it."
    }


def test_each_version_is_tried_on_a_night_of_its_own(tmp_path: Path) -> None:
    more = '\n[[version]]\neffective_from = 2026-04-01\nsource = "Заповед 1"\nreason = "Опит"\ngrace_days = 7\n'
    text = (BUILT_IN / "agreements.toml").read_text("utf-8")
    (tmp_path / "agreements.toml").write_text(text + more, "utf-8")
    assert run(tmp_path) == []


def test_what_cannot_be_read_is_not_run(tmp_path: Path) -> None:
    (finding,) = _findings(tmp_path, ("agreements.toml", "grace_days = 3", "grace_days = -3"))
    assert (finding.file, finding.line, finding.counterexample) == ("agreements.toml", 14, "")


def test_every_value_is_a_knob() -> None:
    policy = load_policy()
    for name, rule_file in policy.rule_files.items():
        version = rule_file.in_force[-1]
        keys = {turn.key for _, turns in turn_knobs(policy, name, version, NIGHT) for turn in turns}
        assert keys == {key for key, _ in flatten(version.values)}


def test_a_turned_logo_is_a_logo() -> None:
    policy = load_policy()
    (turn,) = dict(turn_knobs(policy, "profile", policy.version_at("profile", NIGHT), NIGHT))[
        "logo"
    ]
    assert turn.policy.at(NIGHT).profile.logo != policy.at(NIGHT).profile.logo
    assert refuse_identity("logo", turn.value) is None


def test_facts_are_told_in_plain_words() -> None:
    case = BoundaryCase(
        (Debt(date(2026, 5, 26), 10001),), (Sent("overdue", date(2026, 6, 1), date(2026, 6, 6)),)
    )
    assert describe(case, 7, NIGHT) == (
        "Account 000007 (heat) on 2026-11-22: a bill of 100,01 EUR due 2026-05-26 (180 days ago); "
        "a notice `overdue` by post sent 2026-06-01, served 2026-06-06."
    )


@pytest.mark.parametrize(
    ("newest_paid_on", "expected"),
    [(date(2026, 11, 17), False), (date(2026, 11, 16), True), (NIGHT, False), (None, True)],
)
def test_a_ledger_is_stale_after_the_policy_s_days(
    newest_paid_on: date | None, expected: bool
) -> None:
    assert is_stale(newest_paid_on, NIGHT, load_policy().at(NIGHT).loading) == expected
