"""Another rule tried on kept nights: checked first, decided as the task of the DAG does it, found
again, recorded nowhere.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.core.errors import DunningError, NotThereError
from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.what_if_store import WhatIfStore, replace_progress
from dunning.jobs.desk.session import DeskSession
from dunning.jobs.desk.what_if import orders, results, what_if_run
from dunning.jobs.desk.what_if.orders import TrialAnswer, TrialRequest
from dunning.jobs.desk.what_if.results import SumLine
from dunning.policy.policies import BUILT_IN
from tests.jobs.conftest import MakeHome
from tests.jobs.nights import AS_OF, contents, days, nightly, say_fresh
from tests.world import World

OWED = {1: "49.99", 2: "50.00", 3: "55.00", 4: "59.99", 5: "60.00", 6: "90.00"}
NAME = "0123456789abcdef" * 2
ENDED: results.Going = {}
STAGES = (BUILT_IN / "stages.toml").read_text("utf-8")
SIXTY = STAGES.replace("= 5000", "= 6000")
LATER = "\n" + SIXTY[SIXTY.rindex("[[version]]") :].replace("2026-01-01", "2027-01-01")


@pytest.fixture(scope="module")
def nights(new_home: MakeHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskSession]:
    """A desk after eight nights of six who were reminded long ago and owe more and more."""
    folder, ledger = tmp_path_factory.mktemp("what-if"), World()
    for number, amount in OWED.items():
        ledger.account(number, ("2026-04-30", amount)).notice(
            number, "overdue", "2026-09-01", "2026-09-05"
        )
    say_fresh(ledger.write(folder / "ledger"))
    with new_home(folder / "home") as engine:
        for count in range(-7, 1):
            assert nightly(folder / "ledger", folder / "out", days(count)).code == 0
        yield DeskSession(Settings.from_environment(), engine)


@pytest.fixture
def session(nights: DeskSession) -> Iterator[DeskSession]:
    """The same desk with an empty store."""
    yield nights
    shutil.rmtree(WhatIfStore(nights.settings).folder, ignore_errors=True)


def wish(text: str = SIXTY, nights: Sequence[date] = (AS_OF,), name: str = NAME) -> TrialRequest:
    return TrialRequest(name, "stages.toml", text, [night.isoformat() for night in nights])


def ordered(
    session: DeskSession, request: TrialRequest, going: results.Going = ENDED
) -> TrialAnswer:
    return orders.order(session, "ivanova", request, going)


def found(session: DeskSession, result_id: str) -> results.Result:
    """Return a result of which Airflow knows no run that has not ended."""
    return results.fetch_result(session, result_id, ENDED)


def folder_of(session: DeskSession, result_id: str) -> Path:
    folder = WhatIfStore(session.settings).find(result_id)
    assert folder is not None
    return folder


def decided(session: DeskSession, request: TrialRequest) -> results.Result:
    """Order a trial, decide it as its task would, and return the result."""
    answer = ordered(session, request)
    assert answer.is_new, answer
    what_if_run.decide(folder_of(session, answer.result_id))
    return found(session, answer.result_id)


def moved(session: DeskSession, result: results.Result, **filters: str) -> list[str]:
    return [
        row["premise_no"]
        for row in results.page_moves(session, result, result.on[0], 1, filters).rows
    ]


def test_what_was_tried_is_found_and_recorded_nowhere(session: DeskSession) -> None:
    before = contents(session.engine)
    result = decided(session, wish(nights=[days(-1), AS_OF]))
    store = WhatIfStore(session.settings).folder

    assert (result.state, result.author, result.refusal) == ("done", "ivanova", "")
    assert [(found["night"], found["moves"]) for found in result.nights] == [
        ("2026-11-22", 3),
        ("2026-11-21", 3),
    ]
    assert contents(session.engine) == before
    assert {oct(path.stat().st_mode)[-2:] for path in [store, *store.rglob("*")]} == {"00"}


def test_the_sums_stand_before_and_after(session: DeskSession) -> None:
    result = decided(session, wish())
    sums = results.sum_up(result.nights[0])

    assert sums.stages == [
        SumLine("overdue", 1, 4999, 4, 21498),
        SumLine("final_warning", 5, 31499, 2, 15000),
    ]
    assert sums.paths == [("final_warning", "overdue", 3, 16499)]
    (rule,) = result.nights[0]["rules"]
    assert rule["bg"]["label"] == "последно предупреждение: от сума"
    assert [
        rule["en"][side][0].replace("\N{NO-BREAK SPACE}", " ") for side in ("before", "after")
    ] == [
        "50,00 €",
        "60,00 €",
    ]


def test_moves_come_by_money_and_can_be_filtered(session: DeskSession) -> None:
    result = decided(session, wish())
    moves = results.page_moves(session, result, AS_OF, 99, {})

    assert [row["premise_no"] for row in moves.rows] == ["000004", "000003", "000002"]
    assert (moves.count, moves.cents_before, moves.cents_after, moves.page, moves.pages) == (
        3,
        16499,
        16499,
        1,
        1,
    )
    assert moves.rows[0]["why"].startswith(
        "последно предупреждение: преди 59,99 €, 206 дни (иска 50,00 €"
    )
    assert moved(session, result, stage_before="final_warning", stage_after="overdue") == [
        "000004",
        "000003",
        "000002",
    ]
    assert moved(session, result, stage_after="court_bound") == []
    assert moved(session, result, list_name="court") == []


def test_all_moves_are_a_file_for_clerks(session: DeskSession) -> None:
    result = decided(session, wish())
    content = results.read_list(session, result.result_id, AS_OF, "csv").decode("utf-8-sig")

    assert [line.split(";")[0] for line in content.splitlines()] == [
        "premise_no",
        "000002",
        "000003",
        "000004",
    ]
    assert results.read_list(session, result.result_id, AS_OF, "xlsx")[:2] == b"PK"
    with pytest.raises(NotThereError):
        results.read_list(session, result.result_id, days(-1), "csv")
    with pytest.raises(NotThereError):
        results.page_moves(session, result, days(-1), 1, {})


def test_fields_change_the_file_in_one_place_each(session: DeskSession) -> None:
    typed = {"final_warning.amount_cents_min": " 60,00", "court_bound.amount_cents_min": "100.00"}
    result = decided(session, replace(wish(), typed=typed))

    before, mark, in_force = STAGES.rpartition("[[version]]")
    changed = f"{before}{mark}{in_force.replace('= 5000', '= 6000')}"
    assert results.read_changed(session, result.result_id) == changed
    assert result.nights[0]["moves"] == 3


@pytest.mark.parametrize("typed", ["", "много", "-1", "1.005", "1e30", "NaN", "Infinity"])
def test_a_field_that_is_no_number_is_told(session: DeskSession, typed: str) -> None:
    answer = ordered(session, replace(wish(), typed={"final_warning.amount_cents_min": typed}))

    assert answer == TrialAnswer(refusal="bad_number", about="final_warning.amount_cents_min")


def test_a_mistake_is_told_with_its_line(session: DeskSession) -> None:
    text = STAGES.replace("amount_cents_min = 5000", "amount_cents_min = 20000")
    lines = [
        number
        for number, line in enumerate(text.splitlines(), 1)
        if line == "amount_cents_min = 10000"
    ]
    answer = ordered(session, wish(text.replace("\n", "\r\n")))

    assert [(found.file, found.line, found.cure) for found in answer.findings] == [
        ("stages.toml", line, "Ask at least 20000 of the higher stage.") for line in lines
    ]
    assert results.list_results(session, ENDED) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no version."),
        ("a = " + "[" * 50_000, "This is not TOML"),
        ("a" + ".b" * 90_000 + " = 1", "too many points"),
        ("a = " + "9" * 9_000, "This is not TOML"),
        ("a = 1979-13-45", "This is not TOML"),
        ("\0", "This is not TOML"),
    ],
)
def test_no_text_is_too_odd_to_be_refused_kindly(
    session: DeskSession, text: str, said: str
) -> None:
    answer = ordered(session, wish(text))

    assert said in answer.findings[0].problem
    assert answer.findings[0].file == "stages.toml"


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"text": STAGES}, "unchanged"),
        ({"nights": []}, "no_night"),
        ({"nights": ["2026-11-01", "вчера"]}, "no_night"),
        ({"file": "../stages.toml"}, "no_file"),
        ({"file": "profile.toml"}, "no_file"),
        ({"text": "#" * 200_001}, "too_long"),
    ],
)
def test_what_cannot_be_tried_is_told(session: DeskSession, changed: dict, refusal: str) -> None:
    assert ordered(session, replace(wish(), **changed)) == TrialAnswer(refusal=refusal)


def test_more_nights_than_seven_are_not_tried(session: DeskSession) -> None:
    nights = [days(-count) for count in range(8)]

    assert ordered(session, wish(nights=nights)) == TrialAnswer(refusal="too_many")


def test_a_form_sent_twice_is_tried_once(session: DeskSession) -> None:
    first, second = ordered(session, wish()), ordered(session, wish())
    other = ordered(session, wish(SIXTY.replace("= 6000", "= 7000")))

    assert (first, second) == (TrialAnswer(NAME, is_new=True), TrialAnswer(NAME))
    assert (other.is_new, other.result_id not in ("", NAME)) == (True, True)
    listed = results.list_results(session, ENDED)
    assert [result.result_id for result in listed].count(NAME) == 1


def test_no_more_than_five_wait(session: DeskSession) -> None:
    going = {f"{number:032x}": "waiting" for number in range(5)}

    assert ordered(session, wish(), going) == TrialAnswer(refusal="busy")
    assert results.list_results(session, going) == []


def test_a_strange_name_is_replaced(session: DeskSession) -> None:
    answer = ordered(session, wish(name="../../etc"))

    assert WhatIfStore(session.settings).is_name(answer.result_id)
    for name in ("../../etc", "", "0" * 31, NAME):
        with pytest.raises(NotThereError):
            found(session, name)


@pytest.mark.parametrize("name", ["../../etc", "", "0" * 31, "A" * 32, NAME])
def test_a_run_by_hand_decides_nothing_but_what_is_stored(session: DeskSession, name: str) -> None:
    before = contents(session.engine)
    with pytest.raises(NotThereError, match="so nothing was decided"):
        what_if_run.run(name)

    assert contents(session.engine) == before
    assert not WhatIfStore(session.settings).folder.exists()


def test_a_complete_trial_is_not_decided_again(session: DeskSession) -> None:
    result = decided(session, wish())
    folder = folder_of(session, result.result_id)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    receipt = what_if_run.run(result.result_id)

    assert receipt == {"result_id": NAME, "nights": 1, "moves": 3}
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert not orders.may_run_again(session, NAME, ENDED)


def test_a_trial_waits_is_decided_and_is_ready(session: DeskSession) -> None:
    ordered(session, wish())
    waiting = results.fetch_result(session, NAME, {NAME: "waiting"})
    working = results.fetch_result(session, NAME, {NAME: "working"})
    again = orders.may_run_again(session, NAME, {NAME: "waiting"})
    what_if_run.decide(folder_of(session, NAME))
    ready = results.fetch_result(session, NAME, {NAME: "working"})

    assert (waiting.state, working.state, ready.state, again) == (
        "waiting",
        "working",
        "done",
        False,
    )


def test_a_death_in_the_middle_is_seen_and_made_up_for(session: DeskSession) -> None:
    """Airflow marks the task of a worker that was killed as failed: its trial goes on no more."""
    ordered(session, wish())
    folder = folder_of(session, NAME)
    replace_progress(folder, "22.11.2026: етапи")
    working = results.fetch_result(session, NAME, {NAME: "working"})
    before = found(session, NAME)
    may_run = orders.may_run_again(session, NAME, ENDED)
    waiting = results.fetch_result(session, NAME, {NAME: "waiting"})
    what_if_run.decide(folder)

    assert (working.progress, waiting.progress) == ("22.11.2026: етапи", "")
    assert (before.state, may_run, found(session, NAME).state) == ("interrupted", True, "done")


def test_a_snapshot_that_is_gone_is_told(session: DeskSession) -> None:
    ordered(session, wish())
    os.rename(session.settings.snapshots, session.settings.home / "away")
    with pytest.raises(DunningError, match="The snapshot of 2026-11-22"):
        what_if_run.decide(folder_of(session, NAME))
    answer = ordered(session, wish(name="f" * 32))
    refused = found(session, NAME)
    may_run = orders.may_run_again(session, NAME, ENDED)
    os.rename(session.settings.home / "away", session.settings.snapshots)
    what_if_run.decide(folder_of(session, NAME))

    assert refused.state == "refused"
    assert refused.refusal.split(" (")[0] == "The snapshot of 2026-11-22"
    assert (answer, may_run) == (TrialAnswer(refusal="no_night"), True)
    assert found(session, NAME).state == "done"


def test_a_later_version_does_nothing_until_it_is_brought_forward(session: DeskSession) -> None:
    asleep = decided(session, wish(STAGES + LATER))
    awake = decided(session, replace(wish(STAGES + LATER), is_brought_forward=True))

    assert (asleep.nights[0]["rules"], asleep.nights[0]["moves"]) == ([], 0)
    assert results.find_next_version(session, asleep) == date(2027, 1, 1)
    assert (len(awake.nights[0]["rules"]), awake.nights[0]["moves"]) == (1, 3)


def test_the_form_offers_what_was_in_force_or_what_was_tried(session: DeskSession) -> None:
    result = decided(session, wish())
    form = orders.open_form(session)

    assert (form.text, [choice.as_of for choice in form.nights][:2]) == (STAGES, [AS_OF, days(-1)])
    assert {each.key: each.value for each in form.thresholds}[
        "final_warning.amount_cents_min"
    ] == 5000
    assert orders.open_form(session, "stages.toml", result.result_id).text == SIXTY
    assert (
        orders.open_form(session, "court.toml", result.result_id).text
        == (BUILT_IN / "court.toml").read_text()
    )
    with pytest.raises(NotThereError):
        orders.open_form(session, "../secret")


def test_before_the_first_night_there_is_nothing_to_try(settings: Settings, engine: Engine) -> None:
    empty = DeskSession(settings, engine)
    form = orders.open_form(empty)

    assert (form.nights, form.text, form.thresholds) == ([], "", [])
    assert ordered(empty, wish()) == TrialAnswer(refusal="no_night")
