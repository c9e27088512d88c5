"""What is in force when: the day before, the day itself, the day after."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from dunning.core.errors import DunningError
from dunning.policy.policies import BUILT_IN, DECIDE_NOTHING, Policy, load_policy
from dunning.policy.rules import Changeover, StageRule


def _with_second_version(tmp_path: Path, head: str, grace_days: int) -> Policy:
    """Return a policy whose agreements.toml has one more version."""
    text = (BUILT_IN / "agreements.toml").read_text("utf-8")
    more = (
        f'\n[[version]]\n{head}\nsource = "Заповед 1"\nreason = "Опит"\ngrace_days = {grace_days}\n'
    )
    (tmp_path / "agreements.toml").write_text(text + more, "utf-8")
    return load_policy(tmp_path)


@pytest.mark.parametrize(
    ("as_of", "grace_days"), [(date(2026, 3, 31), 3), (date(2026, 4, 1), 7), (date(2026, 4, 2), 7)]
)
def test_a_version_holds_from_its_day_on(tmp_path: Path, as_of: date, grace_days: int) -> None:
    policy = _with_second_version(tmp_path, "effective_from = 2026-04-01", 7)
    assert policy.at(as_of).agreements.grace_days == grace_days


def test_a_later_version_changes_no_earlier_night(tmp_path: Path) -> None:
    policy = _with_second_version(tmp_path, "effective_from = 2026-04-01", 7)
    assert policy.at(date(2026, 3, 31)) == load_policy().at(date(2026, 3, 31))
    assert policy.at(date(2026, 4, 1)).version.startswith("2026-04-01-")


def test_a_correction_replaces_the_version_of_its_day(tmp_path: Path) -> None:
    policy = _with_second_version(tmp_path, "effective_from = 2026-01-01\nrevision = 2", 9)
    assert policy.at(date(2026, 3, 31)).agreements.grace_days == 9


def test_before_the_first_version_nothing_is_guessed() -> None:
    with pytest.raises(
        DunningError, match="nothing holds on 1989-12-31; the first version begins on 1990-01-01"
    ):
        load_policy().at(date(1989, 12, 31))


def test_interest_knows_the_rates_up_to_the_day() -> None:
    policy = load_policy()
    on_eve, on_day = policy.at(date(2025, 12, 31)), policy.at(date(2026, 1, 1))
    assert on_eve.interest.rates[-1] == (date(2025, 7, 1), Decimal("11.91"))
    assert on_day.interest.rates[-1] == (date(2026, 1, 1), Decimal("10.15"))
    assert on_eve.version != on_day.version


def test_rates_that_do_not_change_are_one() -> None:
    rates = load_policy().at(date(2026, 11, 22)).interest.rates
    assert [day.isoformat() for day, _ in rates] == [
        "1990-01-01",
        "2015-01-01",
        "2016-07-01",
        "2023-01-01",
        "2023-07-01",
        "2024-01-01",
        "2024-07-01",
        "2025-01-01",
        "2025-07-01",
        "2026-01-01",
    ]


def test_the_version_names_the_newest_day_and_every_value() -> None:
    policy = load_policy()
    assert policy.at(date(2026, 11, 22)).version == policy.at(date(2027, 1, 31)).version
    assert policy.at(date(2026, 11, 22)).version.startswith("2026-07-01-")


@pytest.mark.parametrize(
    ("as_of", "version"),
    [(date(2024, 5, 5), "2024-01-01-6543cdaa"), (date(2026, 11, 22), "2026-07-01-f5fd484a")],
)
def test_rules_that_came_later_and_decide_nothing_leave_the_version_of_a_night(
    as_of: date, version: str
) -> None:
    assert load_policy().at(as_of).version == version


@pytest.mark.parametrize("file", [f"{name}.toml" for name in DECIDE_NOTHING])
def test_what_decides_nothing_gives_no_new_version(tmp_path: Path, file: str) -> None:
    changes = [("_days = ", "_days = 1"), ('name = "', 'name = "Нова ')]
    head, *_, text = (BUILT_IN / file).read_text("utf-8").partition("[[version]]")
    newest = "[[version]]" + text.rpartition("[[version]]")[2]
    changed = next(newest.replace(old, new, 1) for old, new in changes if old in newest)
    later = re.sub("effective_from = [0-9-]+", "effective_from = 2026-11-01", changed)
    (tmp_path / file).write_text(head + later, "utf-8")
    day = date(2026, 11, 22)
    mine, built_in = load_policy(tmp_path).at(day), load_policy().at(day)
    assert mine.version == built_in.version
    assert mine != built_in


def test_default_values_are_the_contract_s() -> None:
    rules = load_policy().at(date(2026, 11, 22))
    assert rules.stages.overdue == StageRule(1, 100)
    assert rules.stages.final_warning == StageRule(60, 5000, "overdue", 15)
    assert rules.stages.court_bound == StageRule(180, 10000, "final_warning", 30)
    assert (rules.stages.notice_valid_days, rules.stages.limitation_near_days) == (180, 120)
    assert rules.stages.kinds_enforced == ("adjudged", "adjudged_interest", "court_costs")
    assert rules.changeover == Changeover(date(2026, 1, 1))
    assert (
        rules.limitation.years,
        rules.limitation.years_long,
        rules.limitation.years_absolute,
    ) == (3, 5, 10)
    ((start, until),) = rules.limitation.suspensions
    assert (until - start).days == 69
    assert rules.agreements.grace_days == 3
    assert rules.loading.quarantine_share_max == Decimal("0.01")
    assert (
        rules.loading.tables_strict
        == rules.loading.tables_guarded
        == (
            "holds",
            "agreements",
            "agreement_items",
            "instalments",
            "court_cases",
            "court_case_items",
        )
    )
