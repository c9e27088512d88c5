"""A ledger in which what protects people is missing, has shrunk, or is of yesterday, hurts
nobody.
"""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.policy.policies import BUILT_IN
from tests.jobs.nights import AS_OF, Night, days, deeds, history, nightly, run_states, say_fresh
from tests.world import World

PLAN = ("agreements", "agreement_items", "instalments")
# Who stands on the court list gets no message beside it.
ON_LIST = [("reminders", "000002", "150,00", "on_list")]
LISTS = (
    "reminders/sms",
    "reminders/email",
    "reminders/post",
    "disconnections",
    "court",
    "court_items",
)


def people(holds: int = 10, agreements: int = 10) -> World:
    """Return one for each list, and neighbours whose debts are held or agreed upon; the rest of
    them just pay.
    """
    ledger = World().account(1, ("2026-11-01", "60.00")).account(2, ("2026-05-01", "150.00"))
    ledger.notice(2, "overdue", "2026-09-01", "2026-09-05").notice(
        2, "final_warning", "2026-10-01", "2026-10-05"
    )
    ledger.account(3, ("2026-08-01", "80.00"), meter_no="M3")
    ledger.notice(3, "overdue", "2026-11-01", "2026-11-02").notice(
        3, "disconnection", "2026-10-20", "2026-10-22"
    )
    for number in range(11, 11 + holds):
        ledger.account(number, ("2026-10-01", "40.00")).hold(number)
    for number in range(31, 31 + agreements):
        ledger.account(number, ("2026-10-01", "40.00")).agreement(number)
    return ledger


def run(folder: Path, as_of: date, ledger: World, without: Iterable[str] = ()) -> Night:
    """Run a night of a fresh ledger."""
    written = say_fresh(ledger.write(folder / as_of.isoformat(), without))
    night = nightly(written, folder / "out", as_of)
    assert night.code == 0, night.told
    return night


def listed(night: Night) -> dict[str, int]:
    """Return how many rows each list has, without the empty ones."""
    return {name: len(rows) for name in LISTS if (rows := night.csv(name))}


def withheld(night: Night) -> list[tuple[str, str, str, str]]:
    """Return list, premise, sum and reason of every row that was held back."""
    return [
        (row["list"], row["premise_no"], row["overdue"], row["reason"])
        for row in night.csv("withheld")
    ]


def test_a_whole_ledger_fills_the_lists(home: Path, engine: Engine, tmp_path: Path) -> None:
    night = run(tmp_path, AS_OF, people())

    assert listed(night) == {"reminders/sms": 1, "disconnections": 1, "court": 1, "court_items": 1}
    assert (night.manifest["stops"], withheld(night)) == ({}, ON_LIST)


@pytest.mark.parametrize(
    ("ledger", "without", "stops"),
    [
        (people(), ("holds",), {"holds": "missing"}),
        (
            people(),
            ("agreements", "agreement_items", "instalments"),
            dict.fromkeys(PLAN, "missing"),
        ),
        (people(holds=7), (), {"holds": "shrank"}),
        (people(holds=0), (), {"holds": "shrank"}),
        (people(agreements=7), (), dict.fromkeys(PLAN, "shrank")),
        (people(agreements=2), ("holds",), {**dict.fromkeys(PLAN, "shrank"), "holds": "missing"}),
    ],
    ids=[
        "holds missing",
        "agreements missing",
        "holds shrank",
        "no hold left",
        "agreements shrank",
        "both",
    ],
)
def test_every_row_that_could_hurt_is_withheld(
    ledger: World,
    without: tuple[str, ...],
    stops: dict[str, str],
    home: Path,
    engine: Engine,
    tmp_path: Path,
) -> None:
    """The sums and stages stand, but no list has a row, nothing counts as sent, and the date stays
    open.
    """
    run(tmp_path, days(-1), World().add_world(people()).account(4, ("2026-12-01", "9.00")))
    before = history(engine)
    night = run(tmp_path, AS_OF, ledger.account(4, ("2026-11-21", "9.00")), without)
    (reason,) = {row[3] for row in withheld(night)}

    assert listed(night) == {}
    assert night.manifest["stops"] == {name: f"{name}_{what}" for name, what in stops.items()}
    assert reason in night.manifest["stops"].values()
    assert {row[0:3] for row in withheld(night)} >= {
        ("disconnections", "000003", "80,00"),
        ("court", "000002", "150,00"),
        ("reminders", "000004", "9,00"),
    }
    assert history(engine) == before
    assert run_states(engine) == [("2026-11-21", "closed"), ("2026-11-22", "written")]
    assert "намалели данни, които пазят хората: всички списъци са задържани" in night.printed
    assert [name for name in sorted(stops) if f"({name}), " not in night.printed] == []


def test_a_table_may_lose_the_policy_s_share(home: Path, tmp_path: Path) -> None:
    """A fifth of ten: two holds may end in one night."""
    run(tmp_path, days(-1), people())
    night = run(tmp_path, AS_OF, people(holds=8, agreements=8))

    assert (night.manifest["stops"], withheld(night)) == ({}, ON_LIST)


def test_a_table_that_never_was_is_not_missed(home: Path, tmp_path: Path) -> None:
    nights = [
        run(tmp_path, days(n), people(), ("holds", "agreements", "agreement_items", "instalments"))
        for n in (-1, 0)
    ]

    assert [night.manifest["stops"] for night in nights] == [{}, {}]


def test_the_lists_stay_stopped_until_the_protected_are_back(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    """Were a stopped night the measure for the next one, everybody would be acted against a day
    later.
    """
    holds = {-1: 10, 0: None, 1: 5, 2: None, 3: 8}
    nights = [
        run(tmp_path, days(n), people(count or 0), ("holds",) if count is None else ())
        for n, count in holds.items()
    ]

    assert [night.manifest["stops"].get("holds") for night in nights] == [
        None,
        "holds_missing",
        "holds_shrank",
        "holds_missing",
        None,
    ]
    assert [row[0] for row in history(engine)["closed"]] == [days(-1), days(3)]


def test_a_stopped_date_is_closed_by_the_right_ledger(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    """The morning after: billing delivers the holds, and the same date sends and records."""
    run(tmp_path, days(-31), people())
    run(tmp_path / "wrong", AS_OF, people(), ("holds",))
    before = run_states(engine), deeds(engine)
    night = run(tmp_path / "right", AS_OF, people())
    recorded = {reference for reference, _ in deeds(engine)} - {
        reference for reference, _ in before[1]
    }

    assert before[0] == [("2026-10-22", "closed"), ("2026-11-22", "written")]
    assert run_states(engine)[2:] == [("2026-11-22", "closed")]
    assert recorded == {row["reference"] for row in night.csv("reminders/sms")} != set()


def test_a_person_may_say_that_the_smaller_table_is_right(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    """The runbook's way: the day once with another share; from then on the smaller table is the
    measure.
    """
    run(tmp_path, days(-1), people())
    text = (BUILT_IN / "loading.toml").read_text("utf-8")
    (tmp_path / "policy").mkdir()
    (tmp_path / "policy" / "loading.toml").write_text(
        text.replace("shrink_share_max = 0.20", "shrink_share_max = 0.60"), "utf-8"
    )
    small = say_fresh(people(holds=5).write(tmp_path / "small"))
    policies = ((), ("--policy", str(tmp_path / "policy")), ())
    nights = [
        nightly(small, tmp_path / f"out{place}", day, *policy)
        for place, (day, policy) in enumerate(zip((AS_OF, AS_OF, days(1)), policies, strict=True))
    ]

    assert [night.manifest["stops"] for night in nights] == [{"holds": "holds_shrank"}, {}, {}]
    assert [row[0] for row in history(engine)["closed"]] == [days(-1), AS_OF, days(1)]


def test_only_closed_nights_are_the_measure(home: Path, tmp_path: Path) -> None:
    """A trial without holds, or a past night run again, does not make tomorrow's ledger look
    whole.
    """
    run(tmp_path, days(-1), people())
    small = say_fresh(people(holds=5).write(tmp_path / "small"))
    tried = [nightly(small, tmp_path / "try", days(n), "--dry-run") for n in (-1, 0, 1)]
    night = run(tmp_path, AS_OF, people(holds=5))

    assert [n.manifest["stops"] for n in (*tried, night)] == [{}, *[{"holds": "holds_shrank"}] * 3]


@pytest.mark.parametrize(("says", "code"), [(-1, 1), (0, 0), (1, 0), (40, 0)])
def test_a_manifest_may_not_speak_for_an_earlier_day(
    says: int, code: int, home: Path, engine: Engine, tmp_path: Path
) -> None:
    ledger = say_fresh(people().write(tmp_path / "ledger"), days(says))
    night = nightly(ledger, tmp_path / "out")

    assert (night.code, (tmp_path / "out").exists()) == (code, code == 0)
    assert run_states(engine) == ([] if code else [("2026-11-22", "closed")])
    assert night.messages == (
        [
            "dunning: manifest.json says that the ledger speaks for 2026-11-21, but the run is for 2026-11-22: what "
            "was paid since would be missing. Wait for the ledger of that day, or run with its own date."
        ]
        if code
        else []
    )
