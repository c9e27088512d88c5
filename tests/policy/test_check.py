"""What can be said against a policy without running it."""

from pathlib import Path

import pytest

from dunning.policy.check import check_policy
from dunning.policy.policies import BUILT_IN


def _findings(tmp_path: Path, file: str, old: str, new: str) -> list[str]:
    text = (BUILT_IN / file).read_text("utf-8")
    assert old in text
    before, version, last = text.rpartition(
        "[[version]]"
    )  # a correction stands below what it corrects
    turned = (
        before + version + last.replace(old, new, 1) if old in last else text.replace(old, new, 1)
    )
    (tmp_path / file).write_text(turned, "utf-8")
    return [str(finding) for finding in check_policy(tmp_path)]


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "stages.toml",
            "days_overdue_min = 60",
            "days_overdue_min = 200",
            "stages.toml:51: `court_bound.days_overdue_min` is 180, below `final_warning.days_overdue_min` 200",
        ),
        (
            "stages.toml",
            "amount_cents_min = 5000",
            "amount_cents_min = 99",
            "stages.toml:46: `final_warning.amount_cents_min` is 99, below `overdue.amount_cents_min` 100",
        ),
        (
            "stages.toml",
            'after_notice = "final_warning"',
            'after_notice = "overdue"',
            "stages.toml:53: `court_bound` needs the notice `overdue`: the order of stages is broken. Write",
        ),
        (
            "stages.toml",
            "served_days_min = 30",
            "served_days_min = 181",
            "and a notice holds 180: no account",
        ),
        (
            "stages.toml",
            "days_overdue_min = 1\n",
            "days_overdue_min = 0\n",
            "not overdue on its last day to pay",
        ),
        (
            "stages.toml",
            "limitation_near_amount_cents_min = 10000",
            "limitation_near_amount_cents_min = 10",
            "below the 100 from which an account is overdue",
        ),
        (
            "stages.toml",
            "limitation_near_days = 120",
            "limitation_near_days = 916",
            "every young debt would go",
        ),
        (
            "stages.toml",
            '["forecast"]',
            '["adjudged"]',
            "`adjudged` stands in both lists of kinds.",
        ),
        ("interest.toml", '["forecast"]', '["fee"]', "`fee` never waits for an equalisation bill"),
        ("limitation.toml", "years_long = 5", "years_long = 12", "The terms 3, 12 and 10 years"),
        (
            "disconnections.toml",
            "served_days_min = 15",
            "served_days_min = 0",
            "on the day of the warning",
        ),
        (
            "disconnections.toml",
            "served_days_min = 15",
            "served_days_min = 190",
            "after 190 days and holds 180",
        ),
        (
            "disconnections.toml",
            "window_days = 10",
            "window_days = 2",
            "no premise is ever proposed",
        ),
        (
            "reminders.toml",
            "sms = 100",
            "sms = 99",
            "`sms` begins at 99, below the 100 of an overdue account.",
        ),
        (
            "reminders.toml",
            "\nrepeat_days = 30",
            "\nrepeat_days = 0",
            "would be reminded every night",
        ),
        (
            "reminders.toml",
            "_repeat_days = 180",
            "_repeat_days = 29",
            "A new last warning would go out before the",
        ),
        (
            "service.toml",
            "post = 5",
            "post = 30",
            "service.toml:25: `post` counts as served after 30 days, when",
        ),
        (
            "court.toml",
            "_cents_min = 1278",
            "_cents_min = 1278231",
            "above the ceiling of the claim itself",
        ),
        (
            "calendar.toml",
            "extra_working_days = []",
            "extra_working_days = [2026-01-02]",
            "stands in both lists",
        ),
        (
            "calendar.toml",
            "2026-01-02",
            "2026-01-03",
            "2026-01-03 is a Saturday or Sunday, so it does nothing.",
        ),
        (
            "loading.toml",
            "max_strict = 0.00",
            "max_strict = 0.02",
            "Strict tables lose 0.02, others 0.01.",
        ),
        (
            "loading.toml",
            'guarded = ["holds", ',
            'guarded = ["invoices", ',
            "`invoices` is guarded against shrinking, but",
        ),
        (
            "agreements.toml",
            "effective_from = 1990-01-01",
            "effective_from = 2000-01-01",
            "agreements.toml:5: Gap: from 1990-01-01 through 1999-12-31 nothing holds here",
        ),
        (
            "interest_rates.toml",
            "effective_from = 2016-07-01",
            "effective_from = 2016-08-01",
            "The statutory rate changes on 2016-08-01, within a half-year. It changes on 1 January and 1 July alone",
        ),
        (
            "profile.toml",
            'vat_no = "BG999999995"',
            'vat_no = "BG831609046"',
            "`vat_no` is BG831609046, and the ЕИК 999999995: they name two companies.",
        ),
        (
            "profile.toml",
            '    "South: 3 Opiten Sq., Monday to Saturday, 9:00 - 17:00",\n',
            "",
            "`offices_latin` names 2, `offices` 3: readers of English miss one.",
        ),
    ],
)
def test_a_wrong_value_is_found(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    assert [finding for finding in _findings(tmp_path, file, old, new) if said in finding] != []


def test_what_cannot_be_read_is_a_finding_with_its_line(tmp_path: Path) -> None:
    assert _findings(tmp_path, "agreements.toml", "grace_days = 3", "grace_hours = 72") == [
        "agreements.toml:14: Unknown key `grace_hours`. Did you mean `grace_days`? The unit stands in the name, and "
        "the value must be in that unit.",
    ]


def test_a_folder_that_is_not_there_is_a_finding(tmp_path: Path) -> None:
    (finding,) = check_policy(tmp_path / "absent")
    assert "There is no policy folder" in finding.problem


def test_each_day_with_a_change_is_looked_at(tmp_path: Path) -> None:
    more = """
[[version]]
effective_from = 2027-01-01
source = "Заповед 7"
reason = "Опит"
repeat_days = 30
final_warning_repeat_days = 180
[version.amount_cents_min]
sms = 50
email = 100
post = 500
"""
    last = "sms_parts_max = 2\n\n[version.amount_cents_min]\nsms = 100\nemail = 100\npost = 500\n"
    (finding,) = _findings(tmp_path, "reminders.toml", last, f"{last}{more}")
    assert "`sms` begins at 50" in finding
