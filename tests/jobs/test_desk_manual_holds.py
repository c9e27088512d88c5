"""Striking a row: once, with a reason and an end, from the last list only; off every list from the
next night on.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine

from dunning.core.lists import LISTS
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store.holds import ManualHold, fetch_holds
from dunning.jobs.desk.lists import manual_holds
from dunning.jobs.desk.session import DeskSession, RefusedError
from tests.jobs.nights import AS_OF, days, nightly
from tests.kept_nights import Keep, close_debtors

NOTE = "Обжалвана сметка, вх. № 12-45"
UNTIL = "2026-12-22"


@pytest.fixture
def ledger(session: DeskSession, tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def session(
    kept: Keep, settings: Settings, engine: Engine, home: Path, tmp_path: Path
) -> DeskSession:
    """A desk after a night on which both who were warned are on the list of disconnections."""
    night = kept(close_debtors).restore(engine, tmp_path)
    assert ["000001", "000002"] == [row["premise_no"] for row in night.csv("disconnections")]
    assert "000003" in [row["premise_no"] for row in night.csv("reminders/sms")]
    return DeskSession(settings, engine)


def hold_first(session: DeskSession, **changed: object) -> ManualHold:
    """Strike the first row of the disconnections, with what is told otherwise."""
    given = {
        "name": "disconnections",
        "as_of": AS_OF,
        "premise_no": "000001",
        "payer_code": "P1",
        "note": NOTE,
        "until": UNTIL,
        "author": "head",
    }
    return manual_holds.hold_row(session, **(given | changed))


def refused(session: DeskSession, **changed: object) -> tuple[str, dict[str, object]]:
    """Return why a strike is refused; nothing is recorded."""
    before = fetch_holds(session.engine)
    with pytest.raises(RefusedError) as caught:
        hold_first(session, **changed)
    assert before == fetch_holds(session.engine)
    return caught.value.reason, caught.value.values


def test_a_strike_is_a_hold_with_reason_author_and_end(session: DeskSession) -> None:
    hold = hold_first(session, note=f"  {NOTE}\r\nчака отговор\x00 ")
    told = (
        hold.premise_no,
        hold.payer_code,
        hold.list_name,
        hold.struck_on,
        hold.note,
        hold.author,
    )

    assert ("000001", "P1", "disconnections", AS_OF, f"{NOTE}\nчака отговор", "head") == told
    assert (days(1), date(2026, 12, 22), None) == (hold.valid_from, hold.valid_until, hold.ended_on)
    assert {("000001", "P1"): hold} == manual_holds.find_manual_holds(session, AS_OF)
    assert ([hold], []) == (
        manual_holds.list_manual_holds(session).in_force,
        manual_holds.list_manual_holds(session).over,
    )


def test_a_struck_account_is_on_no_list_from_the_next_night_until_its_end(
    session: DeskSession, ledger: Path, tmp_path: Path
) -> None:
    hold_first(session, until=days(3).isoformat())
    nights = [nightly(ledger, tmp_path / "out", days(n)) for n in (1, 2, 3)]

    listed = [[row["premise_no"] for row in night.csv("disconnections")] for night in nights]
    assert [["000002"], ["000002"], ["000001", "000002"]] == listed


def test_a_second_strike_is_refused_with_who_struck_and_until_when(session: DeskSession) -> None:
    hold_first(session)

    assert ("struck_already", {"author": "head", "until": date(2026, 12, 22)}) == refused(
        session, author="legal"
    )


def test_two_clicks_at_the_same_moment_strike_once(session: DeskSession) -> None:
    start = Barrier(4)

    def click(author: str) -> str:
        start.wait()
        try:
            return f"struck {hold_first(session, author=author).author}"
        except RefusedError as error:
            return f"{error.reason} {error.values['author']}"

    with ThreadPoolExecutor(4) as hands:
        told = sorted(hands.map(click, ["one", "two", "three", "four"]))
    (hold,) = fetch_holds(session.engine)

    assert [f"struck {hold.author}", *[f"struck_already {hold.author}"] * 3] == sorted(
        told, key=lambda each: not each.startswith("struck ")
    )


def test_a_list_that_a_newer_night_replaced_takes_no_strikes(
    session: DeskSession, ledger: Path, tmp_path: Path
) -> None:
    nightly(ledger, tmp_path / "out", days(1))

    assert ("too_old", {"day": AS_OF, "newer": days(1)}) == refused(session)
    assert (False, True, False) == tuple(
        manual_holds.may_hold(session, name, day)
        for name, day in (("court", AS_OF), ("court", days(1)), ("withheld", days(1)))
    )


def test_what_no_strike_may_say_is_refused_and_nothing_recorded(session: DeskSession) -> None:
    cases: list[tuple[str, dict[str, str]]] = [
        ("note_length", {"note": "  да \x00\n"}),
        ("note_length", {"note": ""}),
        ("note_length", {"note": "я" * 501}),
        ("until_range", {"until": "2026-11-23"}),
        ("until_range", {"until": "2027-11-24"}),
        ("until_range", {"until": "22.12.2026"}),
        ("until_range", {"until": ""}),
        ("no_row", {"premise_no": "000003", "payer_code": "P3"}),
        ("no_row", {"premise_no": "nobody"}),
        ("no_strikes", {"name": "withheld"}),
        ("no_strikes", {"name": "quarantine"}),
        ("no_strikes", {"name": "x"}),
    ]

    assert [reason for reason, _ in cases] == [
        refused(session, **changed)[0] for _, changed in cases
    ]


def test_the_shortest_and_the_longest_strike(session: DeskSession) -> None:
    ends = manual_holds.ends_of(AS_OF)
    short = hold_first(session, until=ends.first.isoformat(), note="три")
    long = hold_first(
        session, premise_no="000002", payer_code="P2", until=ends.last.isoformat(), note="я" * 500
    )

    assert (days(2), days(366)) == (short.valid_until, long.valid_until)


def test_a_strike_is_ended_once_and_the_row_may_be_struck_again(session: DeskSession) -> None:
    hold = hold_first(session)
    manual_holds.end_manual_hold(session, hold.hold_no, "legal")
    (ended,) = manual_holds.list_manual_holds(session).over

    assert (days(1), "legal", {}) == (
        ended.ended_on,
        ended.ended_by,
        manual_holds.find_manual_holds(session, AS_OF),
    )
    for number in (hold.hold_no, 99):
        with pytest.raises(RefusedError) as caught:
            manual_holds.end_manual_hold(session, number, "legal")
        assert ("hold_over", {"hold_no": number}) == (caught.value.reason, caught.value.values)
    again = hold_first(session)
    assert [again.hold_no, hold.hold_no] == [each.hold_no for each in fetch_holds(session.engine)]


def test_an_older_list_shows_only_the_strikes_of_its_own_time(
    session: DeskSession, ledger: Path, tmp_path: Path
) -> None:
    nightly(ledger, tmp_path / "out", days(1))
    hold = hold_first(session, as_of=days(1))

    assert ({}, {("000001", "P1"): hold}) == (
        manual_holds.find_manual_holds(session, AS_OF),
        manual_holds.find_manual_holds(session, days(1)),
    )


def test_it_is_known_whether_a_list_has_left(session: DeskSession) -> None:
    assert (True, False, False) == tuple(
        manual_holds.has_left(session, name, AS_OF) for name in LISTS
    )
