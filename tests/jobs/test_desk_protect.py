"""Protecting an account from its own page: at once for all that leaves, from the next night on for
the decisions.
"""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import Engine

from dunning.core.errors import NotThereError
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import releases
from dunning.gateways.store.holds import append_hold, end_hold, fetch_holds
from dunning.gateways.store.proposals import fetch_account_proposals
from dunning.jobs.desk import protect
from dunning.jobs.desk.lists import manual_holds
from dunning.jobs.desk.protect import HoldForm
from dunning.jobs.desk.session import DeskSession, RefusedError
from dunning.jobs.nightly import classify, close, load, propose, write
from dunning.jobs.release.last_look import look_again
from tests.jobs.nights import AS_OF, Night, days, nightly, say_fresh
from tests.kept_nights import Keep, close_debtors
from tests.world import World

NOTE = "Майка ми е на кислороден апарат, обаждане 22.11."
DOCUMENT = "ТЕЛК № 1234/2026"


@pytest.fixture
def night(kept: Keep, engine: Engine, home: Path, tmp_path: Path) -> Night:
    return kept(close_debtors).restore(engine, tmp_path)


@pytest.fixture
def ledger(night: Night, tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def session(night: Night, settings: Settings, engine: Engine) -> DeskSession:
    assert ["000001", "000002"] == [row["premise_no"] for row in night.csv("disconnections")]
    return DeskSession(settings, engine)


def protect_one(
    session: DeskSession, number: int = 1, author: str = "adviser", **wished: str
) -> int:
    wish = HoldForm(**{"reason": "life_support", "note": NOTE, **wished})
    return protect.protect(session, f"{number:06}", f"P{number}", wish, author)


def refused(session: DeskSession, **wished: str) -> tuple[str, dict[str, object]]:
    before = fetch_holds(session.engine)
    with pytest.raises(RefusedError) as caught:
        protect_one(session, **wished)
    assert before == fetch_holds(session.engine)
    return caught.value.reason, caught.value.values


def look(session: DeskSession, night: Night, list_name: str) -> list[str | None]:
    """Return why the rows of a list would stay here if it left now."""
    columns = {
        "premise_no": ["000001", "000002"],
        "payer_code": ["P1", "P2"],
        "principal_cents": [15000, 15000],
        "not_after": [AS_OF, AS_OF],
    }
    rows = pa.table(columns).append_column("stage", pa.array(["overdue", "overdue"]))
    reasons, _ = look_again(session.settings, session.engine, AS_OF, list_name, rows, on=AS_OF)
    return reasons.to_pylist()


def test_a_protection_is_a_hold_with_reason_author_and_the_policys_end(
    session: DeskSession,
) -> None:
    number = protect_one(session, note=f" {NOTE} ")
    (hold,) = fetch_holds(session.engine)

    told = (
        hold.hold_no,
        hold.premise_no,
        hold.payer_code,
        hold.list_name,
        hold.struck_on,
        hold.reason,
        hold.document,
    )
    assert (number, "000001", "P1", "account", AS_OF, "life_support", "") == told
    assert (NOTE, "adviser", days(1), date(2026, 12, 7)) == (
        hold.note,
        hold.author,
        hold.valid_from,
        hold.valid_until,
    )
    assert [hold] == protect.find_holds(session, "000001", "P1")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("life_support", "life_support"),
        ("vulnerable", "vulnerable"),
        ("complaint", "hold_complaint"),
        ("dispute", "hold_dispute"),
        ("deceased", "hold_deceased"),
        ("manual", "struck"),
    ],
)
def test_it_is_in_force_at_once_for_whatever_leaves(
    session: DeskSession, night: Night, reason: str, said: str
) -> None:
    protect_one(session, reason=reason)

    assert [[said, None]] * 2 == [
        look(session, night, "disconnections"),
        look(session, night, "reminders"),
    ]


def test_who_is_ill_protects_the_whole_premise_and_his_other_homes_from_being_cut_off(
    session: DeskSession, night: Night
) -> None:
    given = {
        "list_name": "account",
        "struck_on": AS_OF,
        "note": NOTE,
        "author": "a",
        "valid_until": days(9),
    }
    append_hold(session.engine, premise_no="000001", payer_code="P4", reason="vulnerable", **given)
    append_hold(
        session.engine, premise_no="000004", payer_code="P2", reason="life_support", **given
    )

    assert ["vulnerable", "life_support"] == look(session, night, "disconnections")
    assert [None, None] == look(session, night, "reminders")


def test_from_the_next_night_on_the_decisions_know_it_until_its_end(
    session: DeskSession, ledger: Path, tmp_path: Path
) -> None:
    protect_one(session, reason="vulnerable", until=days(3).isoformat())
    protect_one(session, 3, reason="dispute", until=days(3).isoformat())
    nights = [nightly(ledger, tmp_path / "out", days(n)) for n in (2, 3)]

    listed = [[row["premise_no"] for row in night.csv("disconnections")] for night in nights]
    assert [["000002"], ["000001", "000002"]] == listed
    reasons = [nights[0].account(premise)["reasons"].split() for premise in ("000001", "000003")]
    assert ("hold_vulnerable" in reasons[0], "hold_dispute" in reasons[1]) == (True, True)


def test_a_document_lets_it_last_a_year_and_none_only_as_long_as_the_policy_says(
    session: DeskSession,
) -> None:
    limit = {"first": date(2026, 11, 24), "last": date(2026, 12, 7)}
    assert ("end_without_document", limit) == refused(session, until="2026-12-08")
    assert ("end_range", {**limit, "last": date(2027, 11, 24)}) == refused(
        session, until="2027-11-25", document=DOCUMENT
    )
    assert {"end_without_document"} == {
        refused(session, until=until)[0] for until in ("2026-11-23", "x", "2026-13-01")
    }
    protect_one(session, until="2027-11-24", document=f"  {DOCUMENT}\n")
    (hold,) = fetch_holds(session.engine)
    assert (date(2027, 11, 24), DOCUMENT) == (hold.valid_until, hold.document)


def test_a_second_click_changes_nothing_a_document_prolongs_and_another_reason_stands_beside(
    session: DeskSession,
) -> None:
    protect_one(session)
    assert ("protected_already", {"author": "adviser", "until": date(2026, 12, 7)}) == refused(
        session
    )
    protect_one(session, until="2026-12-31", document=DOCUMENT)
    protect_one(session, reason="dispute")

    ends = [(hold.reason, hold.valid_until.isoformat()) for hold in fetch_holds(session.engine)]
    assert [
        ("dispute", "2026-12-07"),
        ("life_support", "2026-12-31"),
        ("life_support", "2026-12-07"),
    ] == ends


def test_a_struck_account_can_still_be_protected(session: DeskSession) -> None:
    manual_holds.hold_row(
        session,
        "disconnections",
        AS_OF,
        "000001",
        "P1",
        note=NOTE,
        until="2026-12-22",
        author="head",
    )
    protect_one(session)

    assert {"manual", "life_support"} == {hold.reason for hold in fetch_holds(session.engine)}


def test_what_is_wrong_is_refused_and_nothing_is_recorded(session: DeskSession) -> None:
    told = [
        refused(session, reason="insolvency"),
        refused(session, reason=""),
        refused(session, note="  x "),
    ]
    assert ["hold_reason", "hold_reason", "note_length"] == [reason for reason, _ in told]
    with pytest.raises(NotThereError, match="There is no account of premise 000009, payer P9"):
        protect_one(session, 9)
    assert [] == fetch_holds(session.engine)


def test_its_author_and_nobody_else_is_reminded_before_it_ends(
    session: DeskSession, ledger: Path, tmp_path: Path
) -> None:
    number = protect_one(session, until=days(5).isoformat())
    protect_one(session, 2, until=days(9).isoformat())
    early = protect.find_ending(session, "adviser")
    nightly(ledger, tmp_path / "out", days(1))

    assert ([], [number]) == (
        early,
        [hold.hold_no for hold in protect.find_ending(session, "adviser")],
    )
    assert [] == protect.find_ending(session, "head")
    protect_one(session, until=days(40).isoformat(), document=DOCUMENT)
    assert [] == protect.find_ending(session, "adviser")
    second = protect_one(session, 2, reason="dispute", until=days(4).isoformat())
    assert [second] == [hold.hold_no for hold in protect.find_ending(session, "adviser")]
    end_hold(session.engine, second, "head")
    assert [] == protect.find_ending(session, "adviser")


def test_a_night_that_went_on_meanwhile_keeps_its_messages_for_a_person(
    session: DeskSession, tmp_path: Path
) -> None:
    """It cannot know of the protection; the messages wait, and the last look keeps that one
    back.
    """
    day, people = (
        days(10),
        World().account(4, ("2026-11-25", "80.00")).account(5, ("2026-11-25", "80.00")),
    )
    folder = say_fresh(people.write(tmp_path / "newer"), day)
    run = load.run(day.isoformat(), str(folder), str(tmp_path / "out"))
    propose.run(run, [classify.run(run)])
    write.run(run)
    protect_one(session, 4, reason="complaint", until=days(13).isoformat())
    close.run(run)

    (waits,) = [
        each
        for each in releases.fetch_releases(session.engine, day)
        if each.list_name == "reminders"
    ]
    assert ("waiting", 2) == (waits.state, waits.rows)
    assert {} == releases.fetch_released(session.engine, day)
    wanted = ["premise_no", "payer_code", "principal_cents", "stage"]
    proposed = [
        row for n in (4, 5) for row in fetch_account_proposals(session.engine, day, f"{n:06}")
    ]
    rows = pa.table({name: [row[name] for row in proposed] for name in wanted})
    reasons, _ = look_again(session.settings, session.engine, day, "reminders", rows, on=day)
    assert ["hold_complaint", None] == reasons.to_pylist()


def test_before_the_first_night_nothing_can_be_protected(
    settings: Settings, engine: Engine, home: Path
) -> None:
    session = DeskSession(settings, engine)
    assert (None, []) == (protect.terms_of(session), protect.find_ending(session, "adviser"))
    with pytest.raises(NotThereError, match="No night is closed yet"):
        protect_one(session)
