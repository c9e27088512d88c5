"""What another policy would have made of a night: exactly who moves, and nothing recorded."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from dunning.decisions.compare.changes import MOVEMENTS
from dunning.jobs.queries.compare import simulate
from dunning.policy.policies import BUILT_IN
from tests.jobs.moves import plain_lists, plain_moves, plain_stages
from tests.jobs.nights import AS_OF, contents, days, dunning, hashes, nightly, read_csv, say_fresh
from tests.world import World

OWED = {1: "49.99", 2: "50.00", 3: "55.00", 4: "59.99", 5: "60.00", 6: "90.00"}
WHY = (
    "последно предупреждение: преди {} €, 206 дни (иска 50,00 € и 60 дни, 15 дни след връчено напомняне), "
    "сега {} €, 206 дни (иска 60,00 € и 60 дни, 15 дни след връчено напомняне)"
)


def policy(
    folder: Path, file: str = "stages.toml", old: str = "= 5000", new: str = "= 6000"
) -> str:
    """Write a policy folder in which one value is another."""
    text = (BUILT_IN / file).read_text("utf-8")
    assert old in text
    folder.mkdir()
    (folder / file).write_text(text.replace(old, new), "utf-8")
    return str(folder)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Six who were reminded long ago and owe more and more."""
    ledger = World()
    for number, amount in OWED.items():
        ledger.account(number, ("2026-04-30", amount)).notice(
            number, "overdue", "2026-09-01", "2026-09-05"
        )
    return say_fresh(ledger.write(tmp_path / "ledger"))


def test_a_higher_threshold_moves_exactly_who_lies_between(
    ledger: Path, home: Path, engine: Engine, tmp_path: Path
) -> None:
    """From 50,00 to 60,00: 50,00, 55,00 and 59,99 fall back to a reminder; 49,99 never was there,
    60,00 stays.
    """
    night = nightly(ledger, tmp_path / "out")
    before, files = contents(engine), hashes(night.folder)
    own = policy(tmp_path / "policy")
    told = dunning(
        "simulate", "--policy", own, "--as-of", str(AS_OF), "--out", str(tmp_path / "moves")
    )
    rows = read_csv(tmp_path / "moves" / "simulate-2026-11-22" / "simulate.csv")

    assert (told.code, told.messages) == (0, [])
    assert [
        (row["premise_no"], row["stage_before"], row["stage_after"], row["why_not_after"])
        for row in rows
    ] == [(f"00000{number}", "final_warning", "overdue", "amount") for number in (2, 3, 4)]
    assert [row["why"] for row in rows] == [
        WHY.format(sum_, sum_) for sum_ in ("50,00", "55,00", "59,99")
    ]
    assert [(row["rule_before"], row["rule_after"]) for row in rows] == [
        ("stages.final_warning", "stages.overdue")
    ] * 3
    assert contents(engine) == before
    assert hashes(night.folder) == files


def test_the_page_names_the_value_that_differs(ledger: Path, home: Path, tmp_path: Path) -> None:
    nightly(ledger, tmp_path / "out")
    told = dunning("simulate", "--policy", policy(tmp_path / "policy"), "--as-of", str(AS_OF))
    lines = [" ".join(line.split()) for line in told.printed.splitlines()]

    assert [
        line
        for line in lines
        if line.startswith("Състояние към 22.11.2026 г.: както беше (правила ")
    ] != []
    assert "stages.toml последно предупреждение: от сума 50,00 € 60,00 €" in lines
    assert "последно предупр. – 3 2 – – 5" in lines
    assert "164,99 € 150,00 € 314,99 €" in lines


def test_the_same_rules_move_nobody(ledger: Path, home: Path, tmp_path: Path) -> None:
    """How long snapshots are kept decides nothing about an account."""
    nightly(ledger, tmp_path / "out")
    own = policy(
        tmp_path / "policy",
        "retention.toml",
        "every_snapshot_days = 35",
        "every_snapshot_days = 40",
    )
    comparison = simulate(Path(own), AS_OF)
    told = dunning("simulate", "--policy", own, "--as-of", str(AS_OF))

    assert comparison.versions[0] == comparison.versions[1]
    assert len(comparison.changes.moves) == 0
    assert told.printed.splitlines()[-1] == "Никой не се мести."


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("stages.toml", "days_overdue_min = 60", "days_overdue_min = 20"),
        ("disconnections.toml", "amount_cents_min = 2000", "amount_cents_min = 20000"),
        ("service.toml", "post = 5", "post = 20"),
    ],
    ids=["stages", "disconnections", "service"],
)
def test_it_is_what_a_dry_run_of_the_ledger_would_have_written(
    file: str, old: str, new: str, lasting_sample: Path, home: Path, tmp_path: Path
) -> None:
    """The second night of the sample, so that our own deeds count: against the files of both
    nights, row by row.
    """
    nightly(lasting_sample, tmp_path / "out", days(-31))
    night = nightly(lasting_sample, tmp_path / "out")
    own = policy(tmp_path / "policy", file, old, new)
    comparison = simulate(Path(own), AS_OF)
    dry = nightly(lasting_sample, tmp_path / "dry", AS_OF, "--policy", own, "--dry-run")
    moves = comparison.changes.moves.to_pylist()

    assert (
        {
            (row["premise_no"], row["payer_code"]): (
                row["stage_before"],
                row["stage_after"],
                row["lists_left"],
                row["lists_came"],
            )
            for row in moves
        }
        == plain_moves(night, dry)
        != {}
    )
    assert {
        (comparison.places[i], comparison.places[j], n): int(value)
        for (i, j, n), value in np.ndenumerate(comparison.changes.stages)
        if value
    } == plain_stages(night, dry)
    assert {
        (comparison.lists[i], MOVEMENTS[j], n): int(value)
        for (i, j, n), value in np.ndenumerate(comparison.changes.lists)
        if value
    } == plain_lists(night, dry)
    assert [row["why"] for row in moves if not row["why"]] == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "days_overdue_min = 60",
            "days_overdue_min = 200",
            "stages.toml:25: `court_bound.days_overdue_min` is 180, "
            "below `final_warning.days_overdue_min` 200: the order of stages is broken.",
        ),
        (
            "= 5000",
            "= 50.00",
            "stages.toml:20: `final_warning.amount_cents_min` is a decimal number (50.00), ",
        ),
    ],
)
def test_a_policy_that_contradicts_itself_is_refused(
    old: str, new: str, said: str, ledger: Path, home: Path, tmp_path: Path
) -> None:
    nightly(ledger, tmp_path / "out")
    own = policy(tmp_path / "policy", "stages.toml", old, new)
    told = dunning("simulate", "--policy", own, "--as-of", str(AS_OF))

    assert (told.code, told.printed, len(told.messages)) == (1, "", 1)
    assert told.told.startswith(f"dunning: {said}")


def test_a_date_without_a_run_is_refused(ledger: Path, home: Path, tmp_path: Path) -> None:
    nightly(ledger, tmp_path / "out")
    told = dunning("simulate", "--policy", policy(tmp_path / "policy"), "--as-of", str(days(1)))

    assert (told.code, told.messages[0][: len("dunning: No run of 2026-11-23 is known here")]) == (
        1,
        "dunning: No run of 2026-11-23 is known here",
    )
