"""What became of what a night wanted: `explain` and the account page tell each step, with its day
and who did it.
"""

import re
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.gateways.store import holds
from dunning.jobs.desk import account
from dunning.jobs.desk.session import open_session
from dunning.jobs.release import offer, publish
from tests.jobs.nights import AS_OF, days, dunning, nightly
from tests.kept_nights import Keep, close_nights
from tests.world import World, premise_of

PEOPLE = '[people.head]\nrole = "collections"\napproves = ["disconnections", "reminders"]\n'
INSTANT = r"\d\d\.\d\d\.\d{4} \d\d:\d\d"


def ledger() -> World:
    """Two premises to cut off (1, 2), one account to be reminded (3), one with two protections
    withheld (4).
    """
    made = World()
    for number in (1, 2, 4):
        made.account(number, ("2026-08-20", "80.00"), ("2026-09-20", "40.00"))
        made.notice(number, "disconnection", "2026-10-01", "2026-10-03")
        made.notice(number, "overdue", "2026-11-01", "2026-11-03")
    made.rows["premises"][-1]["vulnerable"] = "yes"
    return made.account(3, ("2026-11-01", "60.00"))


def _close(folder: Path) -> None:
    close_nights(ledger(), folder)
    (folder / "home" / "people.toml").write_text(PEOPLE, "utf-8")


@pytest.fixture
def folder(kept: Keep, home: Path, engine: Engine, tmp_path: Path) -> Path:
    """The ledger; the night of AS_OF is closed, and who may approve stands in the home."""
    kept(_close).restore(engine, tmp_path)
    return tmp_path / "ledger"


def told(number: int, what: str = "прекъсване", as_of: date = AS_OF) -> list[str]:
    """Return what `explain` says of an account's rows of a kind, instants as T."""
    said = dunning("explain", premise_of(number), "--as-of", as_of.isoformat())
    assert said.code == 0, said.told
    lines = [line for line in said.printed.splitlines() if line.startswith(f"Тази нощ – {what}")]
    return [re.sub(INSTANT, "T", line) for line in lines]


def steps(number: int) -> list[tuple[str, str, str]]:
    """Return the steps towards a disconnection as the account page has them: what, who, note."""
    rows = account.read_page(open_session(), premise_of(number), f"P{number}", AS_OF).proposals
    (row,) = [row for row in rows if row["list"] == "disconnections"]
    assert [
        step.what for step in row["steps"] if step.what != "waiting" and not (step.at or step.on)
    ] == []
    return [(step.what, step.by, step.note) for step in row["steps"]]


def test_every_step_of_a_list_is_told(folder: Path, engine: Engine) -> None:
    """Proposed; one row struck; approved and left; recalled."""
    cut = "Тази нощ – прекъсване, 120,00 €: предложено"
    assert told(1) == [f"{cut}; чака одобрение"]
    holds.append_hold(
        engine,
        premise_no=premise_of(1),
        payer_code="P1",
        list_name="disconnections",
        struck_on=AS_OF,
        note="болно дете",
        author="head",
        valid_until=days(15),
    )
    assert told(1) == [f"{cut}; зачеркнато T от head („болно дете“); чака одобрение"]
    publish.run(offer.find_waiting()["disconnections"], publish.Reply("approved", "head"))
    assert told(2) == [f"{cut}; одобрено T от head; излязло T"]
    words = ("--list", "disconnections", "--reason", "грешен район", "--by", "head")
    assert dunning("recall", "--as-of", AS_OF.isoformat(), *words).code == 0

    assert told(2) == [f"{cut}; одобрено T от head; излязло T; отзовано T от head („грешен район“)"]
    assert steps(2) == [
        ("proposed", "", ""),
        ("approved", "head", ""),
        ("left", "", ""),
        ("recalled", "head", "грешен район"),
    ]
    assert steps(1) == [
        ("proposed", "", ""),
        ("struck", "head", "болно дете"),
        ("approved", "head", ""),
        ("stayed", "", ""),
    ]


def test_what_left_with_the_night_and_what_was_withheld(folder: Path) -> None:
    assert told(3, "напомняне") == ["Тази нощ – напомняне, 60,00 €: предложено; излязло T"]
    assert told(4) == ["Тази нощ – прекъсване, 120,00 €: задържано: уязвим клиент"]


def test_a_list_that_nobody_answered_waits_no_more_after_a_newer_night(
    folder: Path, tmp_path: Path
) -> None:
    assert nightly(folder, tmp_path / "out", days(1)).code == 0

    line = "Тази нощ – прекъсване, 120,00 €: предложено; не е излязло, заменено от списъка към 23.11.2026"
    assert told(2) == [line]
    assert [line.endswith("чака одобрение") for line in told(2, as_of=days(1))] == [True]


def test_a_rejected_list_says_who_rejected_it(folder: Path) -> None:
    rejected = publish.Reply("rejected", "head", "празници")
    publish.run(offer.find_waiting()["disconnections"], rejected)

    assert told(2) == [
        "Тази нощ – прекъсване, 120,00 €: предложено; отказано T от head („празници“)"
    ]
