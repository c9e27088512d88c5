"""The release of a night's lists: who may say so, the last look, deeds once, killed and run again,
and the way back.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, text

from dunning.core.errors import DunningError
from dunning.gateways.files.targets import FolderTarget
from dunning.gateways.postgres.database import connect
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import holds, recalls, releases
from dunning.gateways.store.outbox import fetch_intents
from dunning.gateways.store.proposals import fetch_account_proposals
from dunning.jobs.release import offer, publish, recall
from dunning.jobs.release.last_look import Layout
from dunning.policy.policies import BUILT_IN
from tests.jobs.nights import AS_OF, days, dunning, hashes, history, nightly, read_csv, say_fresh
from tests.world import World, premise_of

APPROVERS = """[people.head]
role = "collections"
approves = ["disconnections", "reminders"]
[people.legal]
role = "legal"
approves = ["court"]
"""


def ledger() -> World:
    """Three premises to cut off (1, 2, 3), a case for court (4), two messages (7, 8); 9 is an
    account without debt.
    """
    made = World()
    for number in (1, 2, 3):
        made.account(number, ("2026-08-20", "80.00"), ("2026-09-20", "40.00"))
        made.notice(number, "disconnection", "2026-10-01", "2026-10-03")
        made.notice(number, "overdue", "2026-11-01", "2026-11-03")
    made.account(4, ("2026-01-20", "300.00"), disconnectable="no")
    made.notice(4, "overdue", "2026-05-01", "2026-05-03").notice(
        4, "final_warning", "2026-09-01", "2026-09-03"
    )
    for number in (7, 8):
        made.account(number, ("2026-09-20", "40.00"), disconnectable="no")
    return made.account(9, ("2026-12-20", "10.00"))


@pytest.fixture
def night(home: Path, tmp_path: Path) -> Path:
    """The night of AS_OF, closed; its folder of lists. Who may approve stands in the home."""
    folder = say_fresh(ledger().write(tmp_path / "ledger"), AS_OF)
    assert nightly(folder, tmp_path / "out").code == 0
    (home / "people.toml").write_text(APPROVERS, "utf-8")
    return tmp_path / "out" / AS_OF.isoformat()


def reply(answer: str = "approved", by: str = "head", note: str = "") -> publish.Reply:
    return publish.Reply(answer, by, note)


def release(
    list_name: str, given: publish.Reply, ledger: Path | None = None, on: date = AS_OF
) -> dict:
    """Release a list of the last closed night on a day."""
    waits = offer.find_waiting()[list_name]
    return publish.run(waits, given, str(ledger) if ledger else None, on=on.isoformat())


def released(night: Path, list_name: str) -> Path:
    return night.parent / "released" / AS_OF.isoformat() / list_name


def deeds_of(engine: Engine, channel: str) -> list[tuple[str, str]]:
    query = text(
        "SELECT premise_no, state FROM dunning.deeds WHERE channel = :channel ORDER BY premise_no"
    )
    with engine.connect() as connection:
        return [
            (row.premise_no, row.state) for row in connection.execute(query, {"channel": channel})
        ]


def premises(*numbers: int) -> list[str]:
    return [premise_of(number) for number in numbers]


def test_what_waits_is_told_in_counts_and_hashes_only(night: Path) -> None:
    found = offer.run()
    assert list(found) == ["disconnections", "court"]
    waits = found["disconnections"]
    content = (night / "disconnections.csv").read_bytes()
    assert (waits["rows"], waits["cents"], waits["before_on"]) == (3, 36000, "")
    assert list(waits["files"]) == ["disconnections.csv", "disconnections.parquet"]
    assert waits["files"]["disconnections.csv"] == hashlib.sha256(content).hexdigest()
    said = json.dumps(found, ensure_ascii=False)
    assert not any(secret in said for secret in (*premises(1, 2, 3, 4), "Росица", "P1"))


def test_one_sum_for_the_list_of_cases_wherever_it_is_told(night: Path, engine: Engine) -> None:
    listed = json.loads((night / "manifest.json").read_bytes())["lists"]["court"]["cents"]
    case = next(
        row
        for row in fetch_account_proposals(engine, AS_OF, premise_of(4))
        if row["list"] == "court"
    )

    assert (case["overdue_cents"], case["total_cents"]) == (30_000, listed)
    assert listed > 30_000  # interest and state fee
    assert offer.run()["court"]["cents"] == listed
    assert [
        each.cents for each in releases.fetch_releases(engine, AS_OF) if each.list_name == "court"
    ] == [listed]


def test_the_question_tells_counts_sums_and_where_to_look(night: Path) -> None:
    subject, body = offer.ask(offer.find_waiting()["disconnections"], "http://desk:8080/")
    assert subject == "Списък за прекъсване към 22.11.2026 г.: 3 реда, 360,00 €"
    assert "| 22.11.2026 г. | 3 | 360,00 |" in body
    assert "(http://desk:8080/dunning/lists/disconnections?as_of=2026-11-22)" in body


def test_an_approved_list_leaves_as_it_was_looked_at(night: Path, engine: Engine) -> None:
    told = release("disconnections", reply())
    assert (told["state"], told["rows"], told["cents"], told["dropped"]) == (
        "released",
        3,
        36000,
        0,
    )
    folder = released(night, "disconnections")
    for name in ("disconnections.csv", "disconnections.parquet", "disconnections.xlsx"):
        assert (folder / name).read_bytes() == (night / name).read_bytes()
    assert deeds_of(engine, "field") == [(number, "done") for number in premises(1, 2, 3)]
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["answer"] == {"answer": "approved", "by": "head", "note": ""}
    assert hashes(folder) == {**manifest["files"], "manifest.json": hashes(folder)["manifest.json"]}


def test_a_case_leaves_with_its_items(night: Path, engine: Engine) -> None:
    told = release("court", reply(by="legal"))
    listed = json.loads((night / "manifest.json").read_bytes())["lists"]["court"]
    assert (told["rows"], told["cents"]) == (listed["rows"], listed["cents"])
    for name in (
        f"{path}.{end}" for path in ("court", "court_items") for end in ("csv", "parquet", "xlsx")
    ):
        assert (released(night, "court") / name).read_bytes() == (night / name).read_bytes()
    assert deeds_of(engine, "court") == [(premise_of(4), "done")]


@pytest.fixture
def reviewed(home: Path, tmp_path: Path) -> Path:
    """A night with a ready case (4) and two that a person must look at first (5: no identifier, 6:
    that, and dead).
    """
    made = ledger()
    for number in (5, 6):
        made.account(number, ("2026-01-20", "200.00"), disconnectable="no")
        made.notice(number, "overdue", "2026-05-01", "2026-05-03")
        made.notice(number, "final_warning", "2026-09-01", "2026-09-03")
        made.rows["payers"][-1]["national_id"] = ""
    made.invoice(6, "2026-02-20", "5.00")
    made.add(
        "holds",
        hold_no="H1",
        premise_no=premise_of(6),
        payer_code="P6",
        reason="deceased",
        valid_from="2026-11-01",
        invoice_no=made.rows["invoices"][-1]["invoice_no"],
    )
    assert nightly(say_fresh(made.write(tmp_path / "ledger"), AS_OF), tmp_path / "out").code == 0
    (home / "people.toml").write_text(APPROVERS, "utf-8")
    return tmp_path / "out" / AS_OF.isoformat()


def test_the_question_counts_what_would_leave_and_says_why_the_others_wait(
    reviewed: Path, engine: Engine
) -> None:
    waits = offer.find_waiting()["court"]
    assert (waits.rows, waits.person_rows) == (1, 2)
    assert waits.person_reasons == {"deceased": 1, "missing_identifier": 2}
    listed = json.loads((reviewed / "manifest.json").read_bytes())["lists"]["court"]
    assert (listed["rows"], waits.cents + waits.person_cents) == (3, listed["cents"])
    subject, body = offer.ask(waits, "http://desk")
    assert (
        subject == "Списък за съд към 22.11.2026 г.: 1 ред, 338,66 €; още 2 за преглед остават тук"
    )
    assert "| от тях готови, за които се пита | 1 | 338,66 |" in body
    assert ("- починал клиент: 1" in body, "- липсва ЕГН/ЛНЧ/ЕИК: 2" in body) == (True, True)
    (standing,) = [
        each for each in releases.fetch_releases(engine, AS_OF) if each.list_name == "court"
    ]
    assert (standing.state, standing.rows) == ("waiting", 1)


def test_only_ready_cases_leave(reviewed: Path, tmp_path: Path, engine: Engine) -> None:
    told = release("court", reply(by="legal"), on=days(1))
    assert (told["rows"], told["dropped"], deeds_of(engine, "court")) == (
        1,
        0,
        [(premise_of(4), "done")],
    )
    assert [
        row["premise_no"] for row in read_csv(released(reviewed, "court") / "court.csv")
    ] == premises(4)
    items = read_csv(released(reviewed, "court") / "court_items.csv")
    assert {row["case_ref"] for row in items} == {f"C-20261122-{premise_of(4)}-P4"}
    following = nightly(tmp_path / "ledger", tmp_path / "out", AS_OF)
    parts = {row["premise_no"]: row["part"] for row in following.csv("court")}
    assert parts == {premise_of(4): "ready", premise_of(5): "person", premise_of(6): "person"}


def test_a_list_of_cases_for_a_person_alone_waits_for_no_approval(
    home: Path, tmp_path: Path
) -> None:
    made = World().account(5, ("2026-01-20", "200.00"), disconnectable="no")
    made.notice(5, "overdue", "2026-05-01", "2026-05-03").notice(
        5, "final_warning", "2026-09-01", "2026-09-03"
    )
    made.rows["payers"][-1]["national_id"] = ""
    night = nightly(say_fresh(made.write(tmp_path / "ledger"), AS_OF), tmp_path / "out")
    assert ([row["part"] for row in night.csv("court")], offer.run()) == (["person"], {})


def test_a_second_run_does_nothing_twice(night: Path, engine: Engine) -> None:
    waits = offer.find_waiting()["disconnections"]
    publish.run(waits, reply(), on=AS_OF.isoformat())
    before = (
        history(engine),
        hashes(released(night, "disconnections")),
        releases.fetch_answers(engine, AS_OF),
    )
    again = publish.run(waits, reply(), on=AS_OF.isoformat())
    assert (again["state"], again["rows"]) == ("released", 3)
    assert (
        history(engine),
        hashes(released(night, "disconnections")),
        releases.fetch_answers(engine, AS_OF),
    ) == before


@pytest.mark.parametrize(("answer", "by"), [("rejected", "head"), ("expired", "никой")])
def test_without_approval_nothing_leaves_and_that_is_recorded(
    night: Path, engine: Engine, answer: str, by: str
) -> None:
    told = release("disconnections", reply(answer, by, "не днес"))
    assert (
        told["state"],
        deeds_of(engine, "field"),
        released(night, "disconnections").exists(),
    ) == (answer, [], False)
    (kept,) = releases.fetch_answers(engine, AS_OF)
    assert (kept.answer, kept.by_user, kept.note, kept.row_count) == (answer, by, "не днес", 3)
    standing = {each.list_name: each.state for each in releases.fetch_releases(engine, AS_OF)}
    assert standing["disconnections"] == answer


def test_what_was_rejected_cannot_be_approved_afterwards(night: Path, engine: Engine) -> None:
    waits = offer.find_waiting()["disconnections"]
    publish.run(waits, reply("rejected"), on=AS_OF.isoformat())
    with pytest.raises(DunningError, match="was answered already: rejected by head"):
        publish.run(waits, reply(), on=AS_OF.isoformat())
    assert deeds_of(engine, "field") == []


@pytest.mark.parametrize("by", ["legal", "adviser", "nobody at all"])
def test_who_may_not_approve_releases_nothing(night: Path, engine: Engine, by: str) -> None:
    with pytest.raises(
        DunningError, match=f"{by} may not approve the list disconnections; head may"
    ):
        release("disconnections", reply(by=by))
    assert (deeds_of(engine, "field"), releases.fetch_answers(engine, AS_OF)) == ([], [])


def test_nothing_leaves_without_asking_where_people_are_named(
    night: Path, home: Path, engine: Engine
) -> None:
    with pytest.raises(DunningError, match="only where nobody is named, and 2 are"):
        release("disconnections", reply("automatic", "auto_approve"))
    (home / "people.toml").unlink()
    with pytest.raises(DunningError, match="is not of the sample in this home"):
        release("disconnections", reply("automatic", "auto_approve"))
    assert deeds_of(engine, "field") == []


def test_the_list_of_an_older_night_is_refused(night: Path, tmp_path: Path, engine: Engine) -> None:
    waits = offer.find_waiting()["disconnections"]
    newer = say_fresh(ledger().write(tmp_path / "newer"), days(1))
    assert nightly(newer, tmp_path / "out", days(1)).code == 0
    with pytest.raises(DunningError, match="were replaced by those of 2026-11-23"):
        publish.run(waits, reply(), on=AS_OF.isoformat())
    assert deeds_of(engine, "field") == []
    assert (offer.is_replaced("2026-11-22"), offer.is_replaced("2026-11-23")) == (True, False)


@pytest.mark.parametrize("end", ["csv", "parquet"])
def test_a_file_that_was_changed_is_not_released(night: Path, engine: Engine, end: str) -> None:
    path = night / f"disconnections.{end}"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(DunningError, match="was changed since it was published"):
        release("disconnections", reply())
    assert deeds_of(engine, "field") == []


def strike(engine: Engine, number: int) -> int:
    return holds.append_hold(
        engine,
        premise_no=premise_of(number),
        payer_code=f"P{number}",
        list_name="disconnections",
        struck_on=AS_OF,
        note="жалба по телефона",
        author="head",
        valid_until=days(30),
    )


def test_a_struck_row_stays_here_and_the_account_is_shielded_the_next_night(
    night: Path, tmp_path: Path, engine: Engine
) -> None:
    strike(engine, 2)
    told = release("disconnections", reply())
    assert (told["rows"], told["dropped"]) == (2, 1)
    assert deeds_of(engine, "field") == [(number, "done") for number in premises(1, 3)]
    (dropped,) = read_csv(released(night, "disconnections") / "dropped.csv")
    assert (dropped["premise_no"], dropped["reason"]) == (premise_of(2), "struck")
    newer = say_fresh(ledger().write(tmp_path / "newer"), days(1))
    following = nightly(newer, tmp_path / "out", days(1))
    account = following.account(premise_of(2))
    assert (account["stage"], account["shielded_cents"], account["reasons"]) == (
        "current",
        12000,
        "hold_manual",
    )
    assert following.csv("disconnections") == []
    again = nightly(say_fresh(ledger().write(tmp_path / "same"), AS_OF), tmp_path / "again", AS_OF)
    assert hashes(again.folder) == hashes(night)


def test_a_strike_that_was_ended_keeps_nobody_here(night: Path, engine: Engine) -> None:
    number = strike(engine, 2)
    with pytest.raises(DunningError, match="is struck already"):
        strike(engine, 2)
    holds.end_hold(engine, number, "head")
    with pytest.raises(DunningError, match="no strike"):
        holds.end_hold(engine, number, "head")
    assert release("disconnections", reply())["rows"] == 3


def test_who_has_paid_or_is_shielded_meanwhile_stays_here(
    night: Path, tmp_path: Path, engine: Engine
) -> None:
    newer = ledger().payment(1, "2026-11-23", "120.00").hold(2).payment(3, "2026-11-23", "10.00")
    told = release(
        "disconnections", reply(), say_fresh(newer.write(tmp_path / "newer"), days(1)), on=days(1)
    )
    assert (told["rows"], told["dropped"], deeds_of(engine, "field")) == (0, 3, [])
    rows = read_csv(released(night, "disconnections") / "dropped.csv")
    assert {row["premise_no"]: row["reason"] for row in rows} == {
        premise_of(1): "paid",
        premise_of(2): "shielded",
        premise_of(3): "amount_fell",
    }


def dropped(night: Path, list_name: str) -> dict[str, str]:
    """Why rows stayed at the last look, by premise."""
    rows = read_csv(released(night, list_name) / "dropped.csv")
    return {row["premise_no"]: row["reason"] for row in rows}


def test_the_last_look_is_for_the_day_of_the_release_whatever_strangers_pay_later(
    night: Path, tmp_path: Path
) -> None:
    """A payment that is dated weeks ahead moves no day: who disputes his debt on that of the
    release is not cut off.
    """
    newer = ledger().payment(1, days(1).isoformat(), "120.00").payment(9, "2026-12-20", "10.00")
    newer.add(
        "holds",
        hold_no="H1",
        premise_no=premise_of(3),
        reason="dispute",
        valid_from=days(1),
        valid_until=days(20),
    )
    told = release("disconnections", reply(), newer.write(tmp_path / "newer"), on=days(1))
    assert (told["rows"], dropped(night, "disconnections")) == (
        1,
        {premise_of(1): "paid", premise_of(3): "shielded"},
    )
    manifest = json.loads((released(night, "disconnections") / "manifest.json").read_text("utf-8"))
    assert manifest["looked_on"] == days(1).isoformat()


def test_a_ledger_without_a_payment_since_friday_is_the_newest_on_monday(
    home: Path, tmp_path: Path
) -> None:
    folder = ledger().payment(9, days(-2).isoformat(), "10.00").write(tmp_path / "ledger")
    assert nightly(folder, tmp_path / "out").code == 0
    (home / "people.toml").write_text(APPROVERS, "utf-8")
    newer = ledger().payment(9, days(-2).isoformat(), "10.00")
    newer.add("holds", hold_no="H1", premise_no=premise_of(2), reason="dispute", valid_from=days(1))
    told = release("disconnections", reply(), newer.write(tmp_path / "newer"), on=days(1))
    night = tmp_path / "out" / AS_OF.isoformat()
    assert (told["rows"], dropped(night, "disconnections")) == (2, {premise_of(2): "shielded"})


def test_what_the_nights_own_ledger_says_of_the_day_of_the_release_counts(
    home: Path, tmp_path: Path
) -> None:
    made = ledger()
    made.add("holds", hold_no="H1", premise_no=premise_of(2), reason="dispute", valid_from=days(3))
    assert nightly(say_fresh(made.write(tmp_path / "ledger"), AS_OF), tmp_path / "out").code == 0
    (home / "people.toml").write_text(APPROVERS, "utf-8")
    told = release("disconnections", reply(), on=days(3))
    night = tmp_path / "out" / AS_OF.isoformat()
    assert (told["rows"], dropped(night, "disconnections")) == (2, {premise_of(2): "shielded"})


@pytest.mark.parametrize("on", [days(-3), AS_OF], ids=["a day before the list's", "the list's day"])
def test_no_day_before_the_lists_is_looked_at(night: Path, tmp_path: Path, on: date) -> None:
    newer = say_fresh(
        ledger().payment(1, days(1).isoformat(), "120.00").write(tmp_path / "newer"), days(1)
    )
    assert release("disconnections", reply(), newer, on=on)["rows"] == 3


@pytest.mark.parametrize(
    ("newer", "says"),
    [
        (say_fresh, "speaks for 2026-11-21, the list for 2026-11-22"),
        (
            lambda folder, day: folder,
            "has 1 payments dated up to 2026-11-22, 5,00 €; that of the night had 2, 15,00 €",
        ),
    ],
    ids=["by its manifest", "by its payments"],
)
def test_an_older_ledger_is_refused(
    home: Path, tmp_path: Path, engine: Engine, newer, says: str
) -> None:
    made = ledger().payment(9, days(-4).isoformat(), "5.00")
    older = newer(made.write(tmp_path / "older"), days(-1))
    folder = say_fresh(
        made.payment(9, days(-1).isoformat(), "10.00").write(tmp_path / "ledger"), AS_OF
    )
    assert nightly(folder, tmp_path / "out").code == 0
    (home / "people.toml").write_text(APPROVERS, "utf-8")
    with pytest.raises(DunningError, match=says):
        release("disconnections", reply(), older, on=days(1))
    assert deeds_of(engine, "field") == []


def test_a_ledger_whose_payments_came_to_less_is_refused(
    home: Path, tmp_path: Path, engine: Engine
) -> None:
    less = ledger().payment(9, days(-1).isoformat(), "9.99").write(tmp_path / "less")
    folder = say_fresh(
        ledger().payment(9, days(-1).isoformat(), "10.00").write(tmp_path / "ledger"), AS_OF
    )
    assert nightly(folder, tmp_path / "out").code == 0
    (home / "people.toml").write_text(APPROVERS, "utf-8")
    with pytest.raises(DunningError, match="has 1 payments dated up to 2026-11-22, 9,99 €"):
        release("disconnections", reply(), less, on=days(1))
    assert deeds_of(engine, "field") == []


def test_a_trial_decides_no_release(night: Path, tmp_path: Path) -> None:
    invented = say_fresh(
        ledger().payment(1, AS_OF.isoformat(), "120.00").write(tmp_path / "what-if"), days(5)
    )
    for day in (AS_OF, days(2)):
        assert nightly(invented, tmp_path / "try", day, "--dry-run").code == 0
    assert (release("disconnections", reply())["rows"], dropped(night, "disconnections")) == (3, {})


def test_a_ledger_that_a_night_was_given_counts_though_its_date_is_closed(
    night: Path, tmp_path: Path
) -> None:
    newer = say_fresh(
        ledger().payment(1, AS_OF.isoformat(), "120.00").write(tmp_path / "newer"), AS_OF
    )
    assert nightly(newer, tmp_path / "again").code == 0
    told = release("disconnections", reply())
    assert (told["rows"], dropped(night, "disconnections")) == (2, {premise_of(1): "paid"})


def test_paid_is_only_who_has_paid(night: Path, tmp_path: Path) -> None:
    """1: its warning came back. 2: not disconnectable any more. 3: pays all but 5 €."""
    newer = ledger().payment(3, days(1).isoformat(), "115.00")
    for row in newer.rows["notices"]:
        if (row["premise_no"], row["stage"]) == (premise_of(1), "disconnection"):
            row.update(served_on="", failed_on=days(1).isoformat())
    newer.rows["premises"][1]["disconnectable"] = "no"
    told = release("disconnections", reply(), newer.write(tmp_path / "newer"), on=days(1))
    assert (told["rows"], dropped(night, "disconnections")) == (
        0,
        {
            premise_of(1): "warning_not_served",
            premise_of(2): "not_disconnectable",
            premise_of(3): "below_threshold",
        },
    )


def test_a_row_whose_days_are_over_stays_here(night: Path) -> None:
    """The order names the days on which the crew may come: with none of them left, another night
    lists it anew.
    """
    last = max(pq.read_table(night / "disconnections.parquet")["not_after"].to_pylist())
    told = release("disconnections", reply(), on=last + timedelta(days=1))
    assert (told["rows"], set(dropped(night, "disconnections").values())) == (0, {"window_over"})


@pytest.mark.parametrize(
    ("happens", "reason"),
    [
        (lambda made: made.payment(4, days(1).isoformat(), "300.00"), "paid"),
        (lambda made: made.payment(4, days(1).isoformat(), "250.00"), "below_threshold"),
        (lambda made: made.payment(4, days(1).isoformat(), "50.00"), "amount_fell"),
        (lambda made: made.hold(4), "shielded"),
        (lambda made: made.rows["notices"].pop(), "warning_not_served"),
        (lambda made: made.rows["payers"][3].update(national_id="0006181015"), "bad_identifier"),
    ],
    ids=["paid", "nearly paid", "paid in part", "disputed", "never warned", "a wrong identifier"],
)
def test_a_case_stays_for_the_reason_that_is_true(
    night: Path, tmp_path: Path, happens, reason: str
) -> None:
    newer = ledger()
    happens(newer)
    told = release("court", reply(by="legal"), newer.write(tmp_path / "newer"), on=days(1))
    assert (told["rows"], dropped(night, "court")) == (0, {premise_of(4): reason})


def test_a_newer_ledger_that_lost_its_holds_stops_the_release(
    home: Path, tmp_path: Path, engine: Engine
) -> None:
    folder = say_fresh(ledger().hold(9).write(tmp_path / "ledger"), AS_OF)
    assert nightly(folder, tmp_path / "out").code == 0
    (home / "people.toml").write_text(APPROVERS, "utf-8")
    newer = say_fresh(ledger().write(tmp_path / "newer", without=["holds"]), days(1))
    with pytest.raises(DunningError, match="tables that protect people are missing or have shrunk"):
        release("disconnections", reply(), newer)
    assert deeds_of(engine, "field") == []


def test_the_last_look_reads_a_newer_ledger_as_the_nights_are_read(
    night: Path, tmp_path: Path
) -> None:
    """A house whose extracts have a layout of their own could else look at none."""
    newer = say_fresh(
        ledger().payment(1, "2026-11-23", "500.00").write(tmp_path / "newer"), days(1)
    )
    paid = (newer / "payments.csv").read_text("utf-8-sig")
    (newer / "payments.csv").write_text(paid.replace("paid_on", "paid_at", 1), "utf-8")
    names = re.split("[;,]", paid.splitlines()[0])
    columns = "".join(
        f'{name} = {{ column = "{name.replace("paid_on", "paid_at")}" }}\n' for name in names
    )
    mapping = tmp_path / "foreign.toml"
    mapping.write_text(
        f'[tables.payments]\nfile = "payments.csv"\n[tables.payments.columns]\n{columns}', "utf-8"
    )
    given = (offer.find_waiting()["disconnections"], reply(), str(newer))

    with pytest.raises(DunningError, match="paid_on"):
        publish.run(*given, on=days(1).isoformat())
    told = publish.run(*given, on=days(1).isoformat(), layout=Layout.of(str(mapping), None))

    assert (told["rows"], dropped(night, "disconnections")) == (2, {premise_of(1): "paid"})


def test_what_was_handed_over_is_not_proposed_again(night: Path, tmp_path: Path) -> None:
    release("disconnections", reply())
    release("court", reply(by="legal"))
    newer = say_fresh(ledger().write(tmp_path / "newer"), days(1))
    following = nightly(newer, tmp_path / "out", days(1))
    assert (
        following.csv("disconnections"),
        following.csv("court"),
        following.csv("court_items"),
    ) == ([], [], [])
    held = {
        (row["list"], row["premise_no"])
        for row in following.csv("withheld")
        if row["reason"] == "acted"
    }
    assert held == {
        ("court", premise_of(4)),
        *(("disconnections", number) for number in premises(1, 2, 3)),
    }


def test_a_recalled_release_is_proposed_again_and_leaves_a_kill_list(
    night: Path, tmp_path: Path, engine: Engine
) -> None:
    release("disconnections", reply())
    told = recall.run(AS_OF, "disconnections", "head", "сгрешен район")
    assert (told["rows"], told["forgotten_on"]) == (3, "2026-11-23")
    kill = (
        night.parent / "recalled" / AS_OF.isoformat() / "disconnections" / "kill-disconnections.csv"
    )
    assert [row["premise_no"] for row in read_csv(kill)] == premises(1, 2, 3)
    with pytest.raises(DunningError, match="was recalled already, by head"):
        recall.run(AS_OF, "disconnections", "head", "пак")
    newer = say_fresh(ledger().write(tmp_path / "newer"), days(1))
    assert len(nightly(newer, tmp_path / "out", days(1)).csv("disconnections")) == 3


def test_a_kill_list_is_made_of_what_was_sent_never_of_what_lies_there(
    night: Path, tmp_path: Path
) -> None:
    """A night's files that others took the place of, whole with a manifest of their own, stop
    nobody's message.
    """
    other = nightly(
        say_fresh(World().account(7, ("2026-09-20", "40.00")).write(tmp_path / "other"), AS_OF),
        tmp_path / "elsewhere",
        AS_OF,
        "--dry-run",
    )
    for path in other.folder.rglob("*.*"):
        (night / path.relative_to(other.folder)).write_bytes(path.read_bytes())
    with pytest.raises(DunningError, match=r"manifest\.json was changed since it was published"):
        recall.run(AS_OF, "reminders", "head", "грешен текст")
    assert not (night.parent / "recalled").exists()


def killed(night: Path, list_name: str, number: int = 1) -> list[dict[str, str]]:
    """The rows of the kill list of a list's n-th recall, which has one file."""
    folder = (
        night.parent
        / "recalled"
        / AS_OF.isoformat()
        / (list_name if number == 1 else f"{list_name}-{number}")
    )
    return read_csv(folder / f"kill-{list_name}.csv")


def test_single_rows_are_recalled_one_after_the_other(
    night: Path, tmp_path: Path, engine: Engine
) -> None:
    """A late payment of 2 stops its row alone; then the rest is taken back, each row once."""
    release("disconnections", reply())
    told = recall.run(AS_OF, "disconnections", "head", "платено късно", premise_of(2))
    assert (told["rows"], told["cents"], told["still_out"]) == (1, 12000, 2)
    assert [row["premise_no"] for row in killed(night, "disconnections")] == premises(2)
    (standing,) = [
        each
        for each in releases.fetch_releases(engine, AS_OF)
        if each.list_name == "disconnections"
    ]
    assert (
        standing.state,
        releases.fetch_released(engine, AS_OF)["disconnections"].recalled_rows,
    ) == ("released", 1)
    with pytest.raises(
        DunningError, match="No such row of the list disconnections of 2026-11-22 is out"
    ):
        recall.run(AS_OF, "disconnections", "head", "пак", premise_of(2))
    newer = say_fresh(ledger().write(tmp_path / "newer"), days(1))
    following = nightly(newer, tmp_path / "try", days(1), "--dry-run")
    assert [row["premise_no"] for row in following.csv("disconnections")] == premises(2)
    told = recall.run(AS_OF, "disconnections", "head", "сгрешен район")
    assert (told["rows"], told["still_out"]) == (2, 0)
    assert [row["premise_no"] for row in killed(night, "disconnections", 2)] == premises(1, 3)
    assert [row["premise_no"] for row in killed(night, "disconnections")] == premises(2)
    with pytest.raises(DunningError, match="was recalled already, by head"):
        recall.run(AS_OF, "disconnections", "head", "пак")


def test_rows_are_recalled_as_they_are_marked(night: Path) -> None:
    release("disconnections", reply())
    marked = [(premise_of(1), "P1"), (premise_of(3), "P3")]
    assert recall.preview(
        recall.RecallRequest(AS_OF, "disconnections", accounts=tuple(marked))
    ) == {
        "rows": 2,
        "cents": 24000,
        "still_out": 1,
    }
    assert recall.run(AS_OF, "disconnections", "head", "платено", accounts=marked)["rows"] == 2
    assert [row["premise_no"] for row in killed(night, "disconnections")] == premises(1, 3)


def test_a_recall_of_one_message_leaves_the_others(night: Path, tmp_path: Path) -> None:
    sent = [row["premise_no"] for row in read_csv(night / "reminders" / "sms.csv")]
    recall.run(AS_OF, "reminders", "head", "сгрешен номер", sent[0], f"P{int(sent[0])}")
    newer = say_fresh(ledger().write(tmp_path / "newer"), days(1))
    again = nightly(newer, tmp_path / "out", days(1)).csv("reminders/sms")
    assert (len(sent) > 1, [row["premise_no"] for row in again]) == (True, sent[:1])


def test_a_kill_list_says_what_its_receiver_needs(night: Path) -> None:
    release("disconnections", reply())
    release("court", reply(by="legal"))
    recall.run(AS_OF, "disconnections", "head", "проба", premise_of(1))
    (cut,) = killed(night, "disconnections")
    assert (cut["route"], cut["meter_no"], cut["address"]) == (
        "03",
        "M000001",
        "ул. Примерна 1, 1000 София",
    )
    recall.run(AS_OF, "court", "legal", "проба")
    (case,) = killed(night, "court")
    assert (case["case_ref"], case["name"]) == (f"C-20261122-{premise_of(4)}-P4", "Росица Мнима")
    assert "national_id" not in case
    recall.run(AS_OF, "reminders", "head", "проба")
    kill = night.parent / "recalled" / AS_OF.isoformat() / "reminders" / "kill-reminders-sms.csv"
    assert {row["address"][:6] for row in read_csv(kill)} == {"+35988"}
    assert "text" not in read_csv(kill)[0]


@pytest.mark.parametrize("by", ["legal", "adviser"])
def test_who_may_not_approve_a_list_may_not_recall_it(night: Path, engine: Engine, by: str) -> None:
    release("disconnections", reply())
    with pytest.raises(
        DunningError, match=f"{by} may not recall the list disconnections; head may"
    ):
        recall.run(AS_OF, "disconnections", by, "не")
    assert recalls.fetch_recalls(engine, AS_OF) == []


def test_recalled_messages_count_no_more(night: Path, tmp_path: Path) -> None:
    """Premise 4 was reminded for the last time; after the recall it is warned again the next
    night.
    """
    sent = [row["premise_no"] for row in read_csv(night / "reminders" / "sms.csv")]
    assert sent
    recall.run(AS_OF, "reminders", "head", "грешен текст")
    newer = say_fresh(ledger().write(tmp_path / "newer"), days(1))
    again = nightly(newer, tmp_path / "out", days(1))
    assert [row["premise_no"] for row in again.csv("reminders/sms")] == sent


def test_a_recall_says_who_and_why_or_is_refused(night: Path) -> None:
    with pytest.raises(DunningError, match="needs who wants it and why"):
        recall.run(AS_OF, "reminders", "head", " ")
    with pytest.raises(DunningError, match="was not released"):
        recall.run(AS_OF, "court", "legal", "защото")


@contextmanager
def killed_while_publishing(monkeypatch: pytest.MonkeyPatch, is_out: bool) -> Iterator[None]:
    """Let what is run inside die right before its files are published, or right after."""

    class Killed(BaseException):
        pass

    real = FolderTarget.publish

    def die(self: FolderTarget, prepared: Path) -> None:
        if is_out:
            real(self, prepared)
        raise Killed

    with monkeypatch.context() as struck, pytest.raises(Killed):
        struck.setattr(FolderTarget, "publish", die)
        yield


before_or_after = pytest.mark.parametrize(
    "is_out", [False, True], ids=["before its files were out", "after its files were out"]
)


@before_or_after
def test_a_recall_killed_while_its_kill_list_was_published_is_settled_by_the_next(
    night: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, is_out: bool
) -> None:
    """A kill list that is out stays and counts, whichever rows are taken back next."""
    release("disconnections", reply())
    with killed_while_publishing(monkeypatch, is_out):
        recall.run(AS_OF, "disconnections", "head", "платено късно", premise_of(2))
    under_way = releases.fetch_released(engine, AS_OF)["disconnections"].recalled_rows
    recall.run(AS_OF, "disconnections", "head", "жалба", premise_of(1))

    assert (under_way, fetch_intents(engine, recalls.RECALL)) == (0, [])
    first = [("head", "платено късно", 1)] if is_out else []
    kept = recalls.fetch_recalls(engine, AS_OF)
    assert [(each.recalled_by, each.reason, each.row_count) for each in kept] == [
        *first,
        ("head", "жалба", 1),
    ]
    lists = {
        each.number: [row["premise_no"] for row in killed(night, "disconnections", each.number)]
        for each in kept
    }
    assert lists == ({1: premises(2), 2: premises(1)} if is_out else {1: premises(1)})
    out = recalls.fetch_out(engine, AS_OF, "disconnections")["premise_no"].to_pylist()
    assert out == (premises(3) if is_out else premises(2, 3))


@before_or_after
def test_killed_while_publishing_and_run_again_is_as_if_never_killed(
    night: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch, is_out: bool
) -> None:
    waits = offer.find_waiting()["disconnections"]
    with killed_while_publishing(monkeypatch, is_out):
        publish.run(waits, reply(), on=AS_OF.isoformat())
    assert {state for _, state in deeds_of(engine, "field")} == {"intended"}
    assert publish.run(waits, reply(), on=AS_OF.isoformat())["state"] == "released"
    assert deeds_of(engine, "field") == [(number, "done") for number in premises(1, 2, 3)]
    assert len(releases.fetch_answers(engine, AS_OF)) == 1
    assert (released(night, "disconnections") / "manifest.json").is_file()


def test_a_night_that_began_before_a_release_does_not_close_without_knowing_it(
    night: Path, tmp_path: Path, engine: Engine
) -> None:
    from dunning.jobs.nightly import classify, close, load, propose, write

    newer = say_fresh(ledger().write(tmp_path / "newer"), days(1))
    run = load.run(days(1).isoformat(), str(newer), str(tmp_path / "out"))
    propose.run(run, [classify.run(run)])
    write.run(run)
    release("disconnections", reply())
    with pytest.raises(DunningError, match="Something was released or recalled while this run"):
        close.run(run)
    assert nightly(newer, tmp_path / "out", days(1)).csv("disconnections") == []


def test_what_was_recorded_stays(night: Path, engine: Engine) -> None:
    strike(engine, 2)
    release("court", reply(by="legal"))
    recall.run(AS_OF, "court", "legal", "грешка")
    for table in ("answers", "holds", "recalled_rows", "recalls", "releases"):
        for verb in (
            f"DELETE FROM dunning.{table}",
            f"UPDATE dunning.{table} SET list_name = 'court'",
        ):
            with (
                pytest.raises(Exception, match="recorded once and stay"),
                engine.begin() as connection,
            ):
                connection.execute(text(verb))


def test_by_command_it_is_the_same(night: Path, home: Path, engine: Engine) -> None:
    shown = dunning("release", "--as-of", AS_OF.isoformat())
    assert shown.printed.startswith("Списък за прекъсване към 22.11.2026 г.: 3 реда, 360,00 €")
    unsaid = dunning("release", "--as-of", AS_OF.isoformat(), "--list", "court")
    assert (unsaid.code, len(unsaid.messages)) == (2, 1)
    day = AS_OF.isoformat()
    done = dunning(
        "release", "--as-of", day, "--list", "court", "--approved-by", "legal", "--on", day
    )
    assert done.result[-1] == "Съдебни дела: излезли 1 ред за 338,66 €."
    taken = dunning(
        "recall",
        "--as-of",
        AS_OF.isoformat(),
        "--list",
        "court",
        "--reason",
        "проба",
        "--by",
        "legal",
    )
    assert (taken.code, taken.messages) == (0, [])
    assert deeds_of(engine, "court") == [(premise_of(4), "done")]


def own_policy(tmp_path: Path, old: str, new: str) -> Path:
    """A policy folder in which a line of release.toml is another in both its versions."""
    folder = tmp_path / "policy"
    folder.mkdir()
    built_in = (BUILT_IN / "release.toml").read_text("utf-8")
    assert built_in.count(f"\n{old}\n") == 2
    (folder / "release.toml").write_text(built_in.replace(f"\n{old}\n", f"\n{new}\n"), "utf-8")
    return folder


def test_only_so_many_leave_at_once_the_most_urgent_first(
    home: Path, tmp_path: Path, engine: Engine
) -> None:
    policy = own_policy(tmp_path, "disconnections = 200", "disconnections = 2")
    made = ledger()
    made.invoice(3, "2026-07-20", "30.00")  # the oldest debt of the three
    folder = say_fresh(made.write(tmp_path / "ledger"), AS_OF)
    assert nightly(folder, tmp_path / "out", AS_OF, "--policy", str(policy)).code == 0
    (home / "people.toml").write_text(APPROVERS, "utf-8")
    assert release("disconnections", reply())["rows"] == 2
    assert deeds_of(engine, "field") == [(number, "done") for number in premises(1, 3)]


def test_an_unusual_night_sends_nothing_before_a_person_has_looked(
    home: Path, tmp_path: Path, engine: Engine
) -> None:
    policy = own_policy(tmp_path, "sms = 150000", "sms = 1")
    folder = say_fresh(ledger().write(tmp_path / "ledger"), AS_OF)
    night = nightly(folder, tmp_path / "out", AS_OF, "--policy", str(policy))
    rows = night.csv("reminders/sms")
    assert night.manifest["unusual"] == [f"SMS: {len(rows)}, над границата от 1."]
    assert deeds_of(engine, "sms") == []
    (home / "people.toml").write_text(APPROVERS, "utf-8")
    assert list(offer.run()) == ["reminders", "disconnections", "court"]
    assert offer.run()["court"]["unusual"] == night.manifest["unusual"]
    release("reminders", reply())
    assert deeds_of(engine, "sms") == [(row["premise_no"], "done") for row in rows]
    assert read_csv(released(night.folder, "reminders") / "reminders" / "sms.csv") == rows


def test_an_engine_of_the_home_sees_what_the_release_recorded(night: Path) -> None:
    release("disconnections", reply(note="видях"))
    engine = connect(Settings.from_environment(), "test")
    (kept,) = releases.fetch_answers(engine, AS_OF)
    out = releases.fetch_released(engine, AS_OF)["disconnections"]
    named = ("disconnections.csv", "disconnections.parquet")
    hashed = {name: hashlib.sha256((night / name).read_bytes()).hexdigest() for name in named}
    assert (kept.by_user, kept.note, kept.files) == ("head", "видях", hashed)
    assert out.event_no is not None
    engine.dispose()
