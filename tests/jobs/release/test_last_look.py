"""The last look at every row before it leaves: manual holds, payments and protections since the night."""

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine

from dunning.core.errors import DunningError
from dunning.gateways.store import holds
from dunning.jobs.release import offer, publish
from dunning.jobs.release.last_look import Layout
from tests.jobs.nights import AS_OF, days, hashes, nightly, read_csv, say_fresh
from tests.jobs.release.releases import (
    APPROVERS,
    deeds_of,
    dropped,
    ledger,
    premises,
    release,
    released,
    reply,
    strike,
)
from tests.world import premise_of


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
        publish.run(*given, on=days(1))
    told = publish.run(*given, on=days(1), layout=Layout.of(str(mapping), None))

    assert (told["rows"], dropped(night, "disconnections")) == (2, {premise_of(1): "paid"})
