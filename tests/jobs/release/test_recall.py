"""The way back: whole releases and single rows, who may take them, and the kill list."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.core.errors import DunningError
from dunning.gateways.store import recalls, releases
from dunning.gateways.store.outbox import fetch_intents
from dunning.jobs.release import recall
from tests.jobs.nights import AS_OF, days, nightly, read_csv, say_fresh
from tests.jobs.release.releases import (
    before_or_after,
    killed,
    killed_while_publishing,
    ledger,
    premises,
    release,
    reply,
)
from tests.world import World, premise_of


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
