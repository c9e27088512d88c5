"""A list leaves by what a person answered in Airflow's own record, and by nothing else."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from dunning.core.errors import DunningError, OutageError
from dunning.gateways.postgres.database import find_url
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import releases
from dunning.jobs.release import answer, offer, publish
from dunning.jobs.release.sample import APPROVES_SAMPLE
from tests.jobs.airflow_records import RUN, add_question, make_tables
from tests.jobs.nights import AS_OF, copy_ledger, days, nightly, say_fresh
from tests.jobs.release.releases import APPROVERS, deeds_of, ledger, premises

HEAD = {"id": "head", "name": "head"}
NAME = "disconnections"


@pytest.fixture
def airflow(engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Airflow's record, in the test's own database."""
    make_tables(engine)
    address = find_url(settings).render_as_string(hide_password=False)
    monkeypatch.setenv("DUNNING_AIRFLOW_DATABASE_URL", address)
    return engine


def body_of(name: str = NAME) -> str:
    """Return the body of the question as the task that asks writes it."""
    waits = offer.find_waiting()[name]
    return f"{offer.ask(waits, 'http://desk')[1]}\n\n{answer.describe_subject(waits)}"


def answers(engine: Engine) -> list[tuple[str, str, str]]:
    return [
        (given.answer, given.by_user, given.note) for given in releases.fetch_answers(engine, AS_OF)
    ]


def test_what_a_person_approved_leaves_in_his_name(night: Path, airflow: Engine) -> None:
    add_question(airflow, NAME, body_of(), by=HEAD, chosen="Одобрявам", note="видяно")

    told = answer.run(RUN, NAME, None, on=AS_OF.isoformat())

    assert (told["state"], told["rows"]) == ("released", 3)
    assert answers(airflow) == [("approved", "head", "видяно")]
    assert answer.run(RUN, NAME, None, on=AS_OF.isoformat())["state"] == "released"
    assert deeds_of(airflow, "field") == [(number, "done") for number in premises(1, 2, 3)]


def test_what_a_person_refused_stays(night: Path, airflow: Engine) -> None:
    add_question(airflow, NAME, body_of(), by=HEAD, chosen="Отказвам", note=None)
    assert answer.run(RUN, NAME, None, on=AS_OF.isoformat())["state"] == "rejected"
    assert (answers(airflow), deeds_of(airflow, "field")) == ([("rejected", "head", "")], [])


def test_a_note_that_no_form_would_send_stops_no_release(night: Path, airflow: Engine) -> None:
    add_question(airflow, NAME, body_of(), by=HEAD, chosen="Одобрявам", note="вид\0яно" + "!" * 600)
    assert answer.run(RUN, NAME, None, on=AS_OF.isoformat())["state"] == "released"
    assert answers(airflow) == [("approved", "head", "видяно" + "!" * 494)]


def test_a_question_marked_as_done_ends_without_an_answer_and_can_be_asked_anew(
    night: Path, airflow: Engine
) -> None:
    """Whoever marks it writes what he likes for the next task; nobody reads that."""
    body = body_of()
    add_question(airflow, NAME, body)

    told = answer.run(RUN, NAME, None, on=AS_OF.isoformat())

    closed = ("expired", "въпросът беше затворен без отговор", "")
    assert (told["state"], told["text"]) == (
        "expired",
        "Прекъсвания: без отговор; нищо не е излязло.",
    )
    assert (answers(airflow), deeds_of(airflow, "field")) == ([closed], [])
    assert offer.find_waiting()[NAME].answered == {}
    add_question(airflow, NAME, body, by=HEAD, chosen="Одобрявам", run_id="again")
    assert answer.run("again", NAME, None, on=AS_OF.isoformat())["state"] == "released"
    assert answers(airflow) == [closed, ("approved", "head", "")]


def test_a_question_marked_as_done_before_it_was_asked_lets_nothing_out(
    night: Path, airflow: Engine
) -> None:
    assert answer.run(RUN, NAME, None, on=AS_OF.isoformat())["state"] == "expired"
    assert answer.run("no such run", "court", None, on=AS_OF.isoformat())["state"] == "expired"
    assert deeds_of(airflow, "field") == []


def test_a_list_that_does_not_wait_was_not_asked_about(night: Path, airflow: Engine) -> None:
    publish.run(offer.find_waiting()[NAME], publish.Reply("rejected", "head"))
    assert answer.run(RUN, NAME, None, on=AS_OF.isoformat()) == {
        "list": NAME,
        "state": "nothing",
        "text": "",
    }


@pytest.mark.parametrize(
    ("by", "name"),
    [
        ({"id": "collections", "name": "collections"}, r"collections \(id collections\)"),
        ({"id": "9", "name": "legal"}, "legal"),
        ({"id": "9", "name": "Head"}, r"Head \(id 9\)"),
    ],
)
def test_who_may_not_approve_today_releases_nothing(
    night: Path, airflow: Engine, by: dict[str, str], name: str
) -> None:
    add_question(airflow, NAME, body_of(), by=by, chosen="Одобрявам")
    with pytest.raises(
        DunningError, match=f"{name} may not approve the list disconnections; head may"
    ):
        answer.run(RUN, NAME, None, on=AS_OF.isoformat())
    assert (answers(airflow), deeds_of(airflow, "field")) == ([], [])


def test_who_could_approve_when_he_was_asked_and_cannot_any_more_releases_nothing(
    night: Path, home: Path, airflow: Engine
) -> None:
    add_question(airflow, NAME, body_of(), by=HEAD, chosen="Одобрявам")
    (home / "people.toml").write_text(APPROVERS.replace("people.head", "people.deputy"), "utf-8")
    with pytest.raises(DunningError, match="may not approve the list disconnections; deputy may"):
        answer.run(RUN, NAME, None, on=AS_OF.isoformat())
    assert deeds_of(airflow, "field") == []


@pytest.mark.parametrize(
    "change",
    [
        lambda body: "Одобрете, моля.",
        lambda body: body.replace("2026-11-22`, обработка", "2026-11-20`, обработка"),
        lambda body: body.rpartition("`, обработка")[0] + "`, обработка `999`.",
        lambda body: body.replace("SHA-256 `", "SHA-256 `0"),
    ],
)
def test_an_answer_to_another_question_releases_nothing(
    night: Path, airflow: Engine, change: Callable[[str], str]
) -> None:
    add_question(airflow, NAME, change(body_of()), by=HEAD, chosen="Одобрявам")
    with pytest.raises(DunningError, match="ask again in the pages"):
        answer.run(RUN, NAME, None, on=AS_OF.isoformat())
    assert (answers(airflow), deeds_of(airflow, "field")) == ([], [])


def test_an_answer_about_a_night_that_was_replaced_releases_neither_night(
    night: Path, tmp_path: Path, airflow: Engine
) -> None:
    add_question(airflow, NAME, body_of(), by=HEAD, chosen="Одобрявам")
    newer = say_fresh(ledger().write(tmp_path / "newer"), days(1))
    assert nightly(newer, tmp_path / "out", days(1)).code == 0
    with pytest.raises(DunningError, match="were replaced by those of 2026-11-23"):
        answer.run(RUN, NAME, None, on=AS_OF.isoformat())
    assert deeds_of(airflow, "field") == []


def test_a_question_that_a_newer_night_closed_says_so(
    night: Path, tmp_path: Path, airflow: Engine
) -> None:
    add_question(airflow, NAME, body_of(), chosen="Отказвам")
    add_question(airflow, "court", body_of("court"), chosen="Отказвам", asked_of=("legal",))
    assert answer.run(RUN, "court", None, on=AS_OF.isoformat())["state"] == "expired"
    newer = say_fresh(ledger().write(tmp_path / "newer"), days(1))
    assert nightly(newer, tmp_path / "out", days(1)).code == 0

    assert answer.run(RUN, NAME, None, on=AS_OF.isoformat())["state"] == "expired"

    assert answers(airflow) == [
        ("expired", "никой до края на срока", ""),
        ("expired", "по-нови списъци", ""),
    ]


def test_nothing_leaves_while_airflows_record_cannot_be_read(
    night: Path, engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = find_url(settings).render_as_string(hide_password=False)
    monkeypatch.setenv("DUNNING_AIRFLOW_DATABASE_URL", address)
    with pytest.raises(OutageError, match="Airflow's record of the answers cannot be read"):
        answer.run(RUN, NAME, None, on=AS_OF.isoformat())
    assert (answers(engine), deeds_of(engine, "field")) == ([], [])


def test_a_real_ledger_never_leaves_without_a_human(
    night: Path, home: Path, airflow: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not where nobody is named, and not where the process of its release says that it is the
    sample's.
    """
    monkeypatch.setenv(APPROVES_SAMPLE, "1")
    with pytest.raises(DunningError, match="only where nobody is named, and 2 are"):
        answer.run(RUN, NAME, None, on=AS_OF.isoformat())
    (home / "people.toml").unlink()
    with pytest.raises(DunningError, match="is not of the sample in this home"):
        answer.run(RUN, NAME, None, on=AS_OF.isoformat())
    monkeypatch.delenv(APPROVES_SAMPLE)
    assert answer.run(RUN, NAME, None, on=AS_OF.isoformat())["state"] == "expired"
    assert deeds_of(airflow, "field") == []


def test_the_sample_is_released_where_its_own_run_says_so(
    sample: Path, home: Path, tmp_path: Path, airflow: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = copy_ledger(sample, home / "sample")
    assert nightly(copied, tmp_path / "out", AS_OF).code == 0
    monkeypatch.setenv(APPROVES_SAMPLE, "1")

    states = {
        name: answer.run(RUN, name, None, on=AS_OF.isoformat())["state"]
        for name in ("disconnections", "court")
    }

    assert states == {"disconnections": "released", "court": "released"}
    with airflow.connect() as connection:
        by = connection.execute(text("SELECT DISTINCT answer FROM dunning.answers")).scalars().all()
    assert by == ["automatic"]
