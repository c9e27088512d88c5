"""What protects people may not get lost on the way from billing: a table, a column, or what stands
in it.
"""

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.gateways.settings.environment import Settings
from dunning.gateways.settings.operator_settings import read_house_settings
from dunning.jobs.nightly import load
from dunning.jobs.run_context import RunReceipt
from tests.jobs.nights import AS_OF, Night, days, dunning, hashes, nightly, run_states, say_fresh
from tests.world import World

Cells = dict[str, str]
ONE_OF_EACH = {
    "premises": {"vulnerable": "1", "life_support": "1"},
    "payers": {"vulnerable": "1", "life_support": "1"},
    "tenancies": {"valid_until": "2026-08-01"},
    "contacts": {"revoked_at": "2026-08-01 10:00:00"},
}


def people() -> World:
    """Return one who is reminded, and one of each who is protected: by a flag, a plan, a case, an
    end, a revocation.
    """
    ledger = World().account(1, ("2026-11-21", "60.00")).account(2, ("2026-10-01", "40.00"))
    ledger.account(3, ("2026-10-01", "40.00")).agreement(3).hold(2)
    ledger.add(
        "court_cases",
        case_no="C1",
        premise_no="000002",
        payer_code="P2",
        filed_on="2026-11-02",
        stage="filed",
        stage_on="2026-11-02",
    )
    ledger.add(
        "court_case_items", case_no="C1", invoice_no=ledger.rows["invoices"][1]["invoice_no"]
    )
    for table, cells in ONE_OF_EACH.items():
        ledger.rows[table][1] |= cells
    return ledger


def write(ledger: World, folder: Path) -> Path:
    return say_fresh(ledger.write(folder))


def rewrite(path: Path, turn: Callable[[list[list[str]]], None]) -> None:
    """Read a table, let its rows be turned, and write it again."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))
    turn(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)


def renamed(column: str) -> Callable[[list[list[str]]], None]:
    def turn(rows: list[list[str]]) -> None:
        rows[0][rows[0].index(column)] = f"{column}_x"

    return turn


def emptied(column: str) -> Callable[[list[list[str]]], None]:
    def turn(rows: list[list[str]]) -> None:
        at = rows[0].index(column)
        for row in rows[1:]:
            row[at] = ""

    return turn


# What is lost, its table, and how: one of each kind that a night meets;
# tests/ledger/test_protective_rows has all.
LOSSES = (
    ("payers.life_support", "payers", renamed("life_support"), "missing"),
    ("tenancies.valid_until", "tenancies", emptied("valid_until"), "shrank"),
)
TABLES = ("instalments", "court_case_items", "contacts")


def lost(folder: Path, out: Path) -> Night:
    """Try a ledger on the day after: nothing is recorded, and no list may have a row."""
    night = nightly(folder, out, AS_OF, "--dry-run")
    assert night.code == 0, night.told
    names = ("reminders/sms", "reminders/post", "disconnections", "court")
    assert [name for name in names if night.csv(name)] == []
    return night


def test_whatever_is_lost_stops_the_night_and_is_said(home: Path, tmp_path: Path) -> None:
    assert nightly(write(people(), tmp_path / "whole"), tmp_path / "out", days(-1)).code == 0
    whole = nightly(write(people(), tmp_path / "again"), tmp_path / "whole-out", AS_OF, "--dry-run")
    assert (whole.manifest["stops"], len(whole.csv("reminders/sms"))) == ({}, 1)

    for name, table, turn, what in LOSSES:
        folder = write(people(), tmp_path / name)
        rewrite(folder / f"{table}.csv", turn)
        night = lost(folder, tmp_path / f"out-{name}")
        assert night.manifest["stops"] == {name: f"{name}_{what}"}
        assert f"({name}), 1 → {'липсва' if what == 'missing' else '0'}" in night.printed
    for table in TABLES:
        folder = write(people(), tmp_path / f"without-{table}")
        (folder / f"{table}.csv").unlink()
        stop = "contacts.revoked_at" if table == "contacts" else table
        assert lost(folder, tmp_path / f"out-{table}").manifest["stops"] == {
            stop: f"{stop}_missing"
        }


def test_a_table_that_was_there_without_rows_is_missed_too(home: Path, tmp_path: Path) -> None:
    ledger = World().account(1, ("2026-11-01", "60.00"))
    nightly(write(ledger, tmp_path / "whole"), tmp_path / "out", days(-1))
    night = nightly(say_fresh(ledger.write(tmp_path / "less", ("holds",))), tmp_path / "out")

    assert night.manifest["stops"] == {"holds": "holds_missing"}


def test_one_date_may_close_with_less_and_says_why(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    """The acceptance is an input of its date: run again, from the ledger or from what is kept, it
    gives its bytes.
    """
    nightly(write(people(), tmp_path / "whole"), tmp_path / "out", days(-1))
    small = write(people(), tmp_path / "small")
    (small / "holds.csv").unlink()
    rewrite(small / "payers.csv", emptied("life_support"))
    half = nightly(
        small, tmp_path / "half", AS_OF, "--accept-shrunk", "holds", "--reason", "изтекли са"
    )
    accept = (
        "--accept-shrunk",
        "holds",
        "--accept-shrunk",
        "payers",
        "--reason",
        "новата система; няма ги вече",
    )
    closed = nightly(small, tmp_path / "out", AS_OF, *accept)
    again = nightly(small, tmp_path / "again")
    kept = dunning(
        "nightly",
        "--as-of",
        AS_OF.isoformat(),
        "--out",
        str(tmp_path / "kept"),
        folder=tmp_path / "kept" / AS_OF.isoformat(),
    )
    story = dunning("explain", "000002", "--as-of", AS_OF.isoformat())
    after = nightly(small, tmp_path / "out", days(1))

    assert half.manifest["stops"] == {"payers.life_support": "payers.life_support_shrank"}
    assert (closed.code, closed.manifest["stops"]) == (0, {})
    assert closed.manifest["accepted_shrunk"] == dict.fromkeys(
        ("holds", "payers"), "новата система; няма ги вече"
    )
    assert (
        "Прието за тази дата: задържания (holds), 1 → липсва. Причина: новата система"
        in closed.printed
    )
    assert run_states(engine)[:3] == [
        ("2026-11-21", "closed"),
        ("2026-11-22", "written"),
        ("2026-11-22", "closed"),
    ]
    assert hashes(closed.folder) == hashes(again.folder) == hashes(kept.folder) != {}
    assert (
        "по-малко данни, които пазят хората: задържания (holds). Причина: новата система"
        in story.printed
    )
    assert (after.manifest["stops"], after.manifest["accepted_shrunk"]) == ({}, {})


def test_the_operator_accepts_it_for_a_night_of_airflow(
    home: Path, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings name one date: the night after it is stopped as if nothing stood there."""
    settings = tmp_path / "settings.toml"
    settings.write_text(
        f'accept_shrunk = ["holds"]\naccept_shrunk_reason = "изтекли са"\naccept_shrunk_on = {AS_OF}\n',
        "utf-8",
    )
    monkeypatch.setenv("DUNNING_SETTINGS", str(settings))
    nightly(write(people(), tmp_path / "whole"), tmp_path / "out", days(-1))
    small = write(people(), tmp_path / "small")
    (small / "holds.csv").unlink()

    def load_as_airflow(on: date) -> RunReceipt:
        house = read_house_settings(Settings.from_environment())
        return load.run(
            on.isoformat(), str(small), str(tmp_path / "out"), accept_shrunk=house.accept_shrunk
        )

    other, told = load_as_airflow(days(1)), load_as_airflow(AS_OF)

    assert (other["stops"], other["accepted_shrunk"]) == ({"holds": "holds_missing"}, {})
    assert (told["stops"], told["accepted_shrunk"]) == ({}, {"holds": "изтекли са"})


def test_what_may_be_accepted_is_said(home: Path, tmp_path: Path) -> None:
    ledger = write(people(), tmp_path / "ledger")

    def told(*options: str) -> tuple[int, str]:
        night = nightly(ledger, tmp_path / "out", date(2026, 11, 22), *options)
        return night.code, night.told

    unknown = told("--accept-shrunk", "hold", "--reason", "x")
    assert unknown[0] == 2
    assert (
        "--accept-shrunk is hold, which guards nobody. Give one of: holds, agreements,"
        in unknown[1]
    )
    assert told("--accept-shrunk", "holds") == (
        2,
        "dunning: There are 1 --accept-shrunk and 0 --reason. Give each table a reason, or one --reason for all: it "
        "stays recorded with this date.\n",
    )
    assert told("--accept-shrunk", "holds", "--reason", " ")[0] == 2
    assert told("--reason", "x")[0] == 2
    assert not (tmp_path / "out").exists()


def test_whom_a_refused_notice_of_ours_speaks_of_is_left_alone(home: Path, tmp_path: Path) -> None:
    """What became of our message is not known, so nothing follows it: not from the names of the
    row, which are lost.
    """
    ledger = World().account(1, ("2026-08-01", "60.00")).account(2, ("2026-08-01", "60.00"))
    first = nightly(write(ledger, tmp_path / "first"), tmp_path / "out", days(-40))
    sent = {row["premise_no"]: row["reference"] for row in first.csv("reminders/sms")}
    ledger.notice(9, "overdue", "2026-10-13", notice_no=sent["000001"], channel="sms")
    ledger.notice(2, "overdue", "2026-10-13", "2026-10-14", notice_no=sent["000002"], channel="sms")
    second = write(ledger, tmp_path / "second")
    night = nightly(second, tmp_path / "out", AS_OF, "--quarantine-limit", "notices=0.5")
    kept = dunning(
        "nightly",
        "--as-of",
        AS_OF.isoformat(),
        "--out",
        str(tmp_path / "kept"),
        folder=tmp_path / "kept" / AS_OF.isoformat(),
    )

    assert [(row["premise_no"], row["reasons"]) for row in withheld_rows(night)] == [
        ("000001", "refused_evidence")
    ]
    assert [row["premise_no"] for row in night.csv("reminders/sms")] == ["000002"]
    assert "refused_evidence" in night.account("000001")["reasons"].split()
    assert hashes(night.folder) == hashes(kept.folder)


def withheld_rows(night: Night) -> list[Cells]:
    return [
        {"premise_no": row["premise_no"], "reasons": row["reason"]} for row in night.csv("withheld")
    ]


def test_a_hold_that_reaches_nothing_is_told_of(home: Path, tmp_path: Path) -> None:
    ledger = people()
    ledger.add(
        "invoices",
        invoice_no="K1",
        premise_no="000002",
        payer_code="P2",
        kind="credit_note",
        amount="-1.00",
        issued_on="2026-10-01",
        due_on="2026-10-01",
        currency="EUR",
    )
    ledger.add("holds", hold_no="H9", invoice_no="K1", reason="manual", valid_from="2026-01-01")
    night = nightly(write(ledger, tmp_path / "ledger"), tmp_path / "out")

    assert (
        "Внимание: задържания (holds): 1 от приетите редове не стигат до никоя партида или фактура"
        in night.printed
    )
