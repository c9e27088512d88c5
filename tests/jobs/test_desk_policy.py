"""The page of the rules: whose files, what is in force, and what each version changed."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.core.errors import DunningError
from dunning.core.words import LANGUAGES
from dunning.documents.pages.policy_text import label_of, title_of
from dunning.documents.pages.rule_values import write_value
from dunning.documents.words import table_of
from dunning.gateways.settings.environment import Settings
from dunning.jobs.desk import policy
from dunning.jobs.desk.session import DeskSession
from dunning.policy.policies import BUILT_IN, load_policy
from dunning.policy.schema import SHAPES
from dunning.policy.show import Row, show_rows
from tests.jobs.nights import AS_OF, nightly, say_fresh
from tests.kept_nights import Keep
from tests.world import World

AGREEMENTS = """selected_by = "as_of"

[[version]]
effective_from = 1990-01-01
source = "закон"
reason = "първа"
grace_days = 3

[[version]]
effective_from = 2026-06-01
source = "заповед 1"
reason = "сгрешена"
grace_days = 4

[[version]]
effective_from = 2026-06-01
revision = 2
source = "заповед 2"
reason = "поправена"
grace_days = 5

[[version]]
effective_from = 2027-01-01
source = "заповед 3"
reason = "същото"
grace_days = 5

[version.uncertain]
grace_days = "чака подпис"
"""


@pytest.fixture
def session(settings: Settings, engine: Engine, home: Path) -> DeskSession:
    """A desk before the first night."""
    return DeskSession(settings, engine)


def _close(folder: Path) -> None:
    """One debtor, under an own file of agreements."""
    ledger = say_fresh(World().account(1, ("2026-04-30", "50.00")).write(folder / "ledger"))
    own = folder / "policy"
    own.mkdir()
    (own / "agreements.toml").write_text(AGREEMENTS, "utf-8")
    assert nightly(ledger, folder / "out", AS_OF, "--policy", str(own)).code == 0


@pytest.fixture
def own_night(kept: Keep, session: DeskSession, tmp_path: Path) -> DeskSession:
    """A desk after a night under an own file of agreements."""
    kept(_close).restore(session.engine, tmp_path)
    return session


def rule(page: policy.PolicyPage, name: str) -> policy.RulePage:
    return next(rule for rule in page.rules if rule.name == name)


def test_before_the_first_night_the_built_in_rules_are_shown(session: DeskSession) -> None:
    page = policy.read_page(session, None)

    assert (page.closed_on, page.origin_on, page.different) == (None, None, ())
    assert [rule.name for rule in page.rules] == list(table_of("bg", "rule_file"))
    assert [row for rule in page.rules for row in rule.rows] == show_rows(load_policy(), page.on)


def test_the_last_night_shows_the_files_that_decided_it(own_night: DeskSession) -> None:
    page = policy.read_page(own_night, None)

    assert (page.on, page.closed_on, page.origin_on, page.different) == (
        AS_OF,
        AS_OF,
        AS_OF,
        ("agreements.toml",),
    )
    assert [row.value for row in rule(page, "agreements").rows] == [5]
    assert (rule(page, "agreements").reason, rule(page, "agreements").until) == (
        "поправена",
        date(2027, 1, 1),
    )


@pytest.mark.parametrize(
    ("on", "value", "states"),
    [
        (date(2026, 5, 31), 3, ["later", "later", "replaced", "now"]),
        (date(2026, 6, 1), 5, ["later", "now", "replaced", "past"]),
        (date(2027, 1, 1), 5, ["now", "past", "replaced", "past"]),
    ],
)
def test_another_day_is_looked_up_in_the_last_nights_files(
    own_night: DeskSession, on: date, value: int, states: list[str]
) -> None:
    page = policy.read_page(own_night, on)

    assert (page.on, page.origin_on) == (on, AS_OF)
    assert [row.value for row in rule(page, "agreements").rows] == [value]
    assert [line.state for line in rule(page, "agreements").history] == states


def test_the_history_says_what_each_version_changed(own_night: DeskSession) -> None:
    lines = rule(policy.read_page(own_night, None), "agreements").history
    changes = [
        [(c.before and c.before.value, c.after and c.after.value) for c in line.changes]
        for line in lines
    ]

    assert changes == [[], [(4, 5)], [(3, 4)], []]
    assert [(line.reason, line.revision, line.doubts) for line in lines] == [
        ("същото", 1, ("чака подпис",)),
        ("поправена", 2, ()),
        ("сгрешена", 1, ()),
        ("първа", 1, ()),
    ]


def test_rates_are_shown_for_every_day_of_the_past(session: DeskSession) -> None:
    rates = rule(policy.read_page(session, date(2026, 11, 22)), "interest_rates")

    assert rates.is_dated
    assert [row.effective_from for row in rates.rows][:2] == [date(1990, 1, 1), date(2015, 1, 1)]


def test_a_day_without_a_rule_is_refused(own_night: DeskSession) -> None:
    with pytest.raises(DunningError, match="nothing holds on 1989-12-31"):
        policy.read_page(own_night, date(1989, 12, 31))


def test_only_days_of_the_calendar_may_be_asked_for() -> None:
    days = [date(1989, 12, 31), date(1990, 1, 1), date(2100, 1, 1), date(2100, 1, 2)]

    assert [policy.is_within(day) for day in days] == [False, True, True, False]


@pytest.mark.parametrize(
    ("key", "bulgarian", "english"),
    [
        ("stages.overdue.days_overdue_min", ["1 ден"], ["1 day"]),
        ("court.order_ceiling_cents", ["12 782,30 €"], ["12 782,30 €"]),
        ("loading.shrink_share_max", ["20,00 %"], ["20,00 %"]),
        ("calendar.extra_working_days", ["няма"], ["none"]),
        (
            "calendar.extra_nonworking_days",
            ["31.12.2025", "02.01.2026"],
            ["31.12.2025", "02.01.2026"],
        ),
        (
            "limitation.suspensions",
            ["от 13.03.2020 до 21.05.2020 (без него)"],
            ["from 13.03.2020 until 21.05.2020 (not included)"],
        ),
        ("stages.final_warning.after_notice", ["напомняне"], ["reminder"]),
        ("interest.kinds_after_equalisation", ["прогнозна сметка"], ["forecast bill"]),
        ("disconnections.payment_latency_working_days", ["2 работни дни"], ["2 working days"]),
    ],
)
def test_values_read_as_people_write_them(
    key: str, bulgarian: list[str], english: list[str]
) -> None:
    row = rows_by_key()[key]
    shown = [
        [line.replace("\N{NO-BREAK SPACE}", " ") for line in write_value(word, row)]
        for word in ("bg", "en")
    ]

    assert shown == [bulgarian, english]


def test_a_single_thing_is_no_several() -> None:
    row = rows_by_key()["limitation.years"]

    assert [write_value("en", replace(row, value=value)) for value in (1, 2)] == [
        ["1 year"],
        ["2 years"],
    ]


def test_every_rule_and_value_has_a_name_in_both_languages() -> None:
    rows = list(rows_by_key().values())

    for language in LANGUAGES:
        labels = [table_of(language, "rule_value")[key] for key in rows_by_key()]
        assert [label_of(language, row) for row in rows] == labels
    titles = [title_of("en", name) for name in table_of("en", "rule_file")]
    assert [title[0].isupper() for title in titles] == [True] * len(SHAPES)
    assert [write_value("en", None), write_value("bg", None)] == [["–"], ["–"]]
    assert all(write_value("en", row) for row in rows)


def rows_by_key() -> dict[str, Row]:
    rows = show_rows(load_policy(BUILT_IN), AS_OF)
    return {f"{row.file.removesuffix('.toml')}.{row.key}": row for row in rows}
