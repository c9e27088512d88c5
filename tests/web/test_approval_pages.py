"""The page of approvals: what is asked, of whom, answered in one's own name through Airflow's own
route, asked anew.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from dunning.jobs.release import answer, offer, publish
from tests.jobs.nights import AS_OF
from tests.jobs.release.conftest import reviewed as reviewed  # the fixture
from tests.jobs.release.releases import strike
from tests.web.conftest import PREFIX, Airflow
from tests.web.questions import RUN, add_question, add_run, make_tables, read_answers
from tests.web.test_access import form_of

APPROVALS = f"{PREFIX}/approvals"
ABOUT = f"{APPROVALS}/disconnections?as_of={AS_OF}"
NAME = "disconnections"
Ask = Callable[..., Any]


@pytest.fixture
def open_night(reviewed: Path, airflow: Airflow, home: Path) -> Airflow:
    """A closed night whose questions about disconnections and court are open in Airflow."""
    told = (home / "people.toml").read_text("utf-8")
    told = "\n".join(
        f'[people.{name}]\nrole = "{role}"\napproves = {approves}'
        for name, role, approves in (
            ("head", "collections", '["disconnections", "reminders"]'),
            ("legal", "legal", '["court"]'),
            ("collections", "collections", "[]"),
            ("viewer", "viewer", "[]"),
        )
    )
    (home / "people.toml").write_text(told, "utf-8")
    make_tables()
    tasks = add_run(
        {
            "ask_disconnections": "deferred",
            "release_disconnections": None,
            "ask_court": "deferred",
            "release_court": None,
        }
    )
    add_question(tasks["ask_disconnections"], body_of(NAME), ("head",))
    add_question(tasks["ask_court"], body_of("court"), ("legal",))
    return airflow


def body_of(name: str) -> str:
    waits = offer.find_waiting()[name]
    return f"{offer.ask(waits, 'http://desk')[1]}\n\n{answer.describe_subject(waits)}"


def desk(airflow: Airflow, name: str) -> Any:
    return airflow.browser(airflow.token(name, "USER"))


def form(name: str, **told: str) -> dict[str, str]:
    return {"form_token": form_of(name), "run": RUN, **told}


def told_of(page: str) -> str:
    """Return a page's words without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)).replace("\xa0", " ")


def test_who_may_approve_sees_what_is_asked_and_two_buttons(
    open_night: Airflow, engine: Engine
) -> None:
    strike(engine, 2)

    page = desk(open_night, "head").get(APPROVALS)

    words = told_of(page.text)
    assert page.status_code == 200
    assert "Одобрения към 22.11.2026" in words and "360,00 €" in words
    assert words.count("Задържани на ръка: 1") == 1  # not at the messages, which have left
    assert words.index("Прекъсване") < words.index("Съобщения")
    assert "жалба по телефона" in words and "head" in words
    assert re.findall(r'name="answer" value="(\w+)"', page.text) == ["approve", "reject"]


def test_who_may_not_approve_sees_the_question_and_no_button(open_night: Airflow) -> None:
    page = desk(open_night, "collections").get(APPROVALS)
    assert (page.status_code, 'name="answer"' in page.text) == (200, False)
    assert "Чака отговор" in page.text
    assert f"{APPROVALS}/court" not in page.text


def test_legal_is_asked_about_the_court_list_and_told_what_waits_for_review(
    open_night: Airflow,
) -> None:
    words = told_of(desk(open_night, "legal").get(APPROVALS).text)
    assert "Готови за излизане 1 За преглед, остават тук 2 (" in words
    assert "Защо чакат преглед" in words and "починал" in words
    assert words.count("Вашият отговор") == 1


@pytest.mark.parametrize(("given", "option"), [("approve", "Одобрявам"), ("reject", "Отказвам")])
def test_an_answer_is_recorded_by_airflow_in_the_users_own_name(
    open_night: Airflow, given: str, option: str
) -> None:
    head = desk(open_night, "head")

    answered = head.post(ABOUT, data=form("head", answer=given, note="  видяно "))

    assert (answered.status_code, answered.headers["location"]) == (303, APPROVALS)
    assert read_answers()[0] == ("head", [option], {"note": "видяно"})
    assert read_answers()[1][0] is None
    after = head.get(APPROVALS).text
    assert 'name="answer"' not in after and "отговорът се изпълнява" in after
    assert f"{APPROVALS}/disconnections/ask" not in after


def test_a_second_answer_is_refused(open_night: Airflow) -> None:
    head = desk(open_night, "head")
    head.post(ABOUT, data=form("head", answer="reject"))
    second = head.post(ABOUT, data=form("head", answer="approve"))
    assert (second.status_code, "вече е затворен" in second.text) == (409, True)
    assert read_answers()[0][1] == ["Отказвам"]


def test_whom_airflow_did_not_ask_answers_nothing(open_night: Airflow, home: Path) -> None:
    """Neither a clerk, nor whoever was named only after the question had been asked."""
    clerk = desk(open_night, "collections")
    refused = clerk.post(ABOUT, data=form("collections", answer="approve"))
    told = (home / "people.toml").read_text("utf-8")
    (home / "people.toml").write_text(
        told.replace("approves = []", 'approves = ["disconnections"]', 1), "utf-8"
    )
    late = clerk.post(ABOUT, data=form("collections", answer="approve"))
    assert (refused.status_code, late.status_code) == (403, 403)
    assert "Airflow не е питал" in late.text
    assert [by for by, *_ in read_answers()] == [None, None]


@pytest.mark.parametrize(
    ("address", "told", "status"),
    [
        (ABOUT, {"answer": "approve", "form_token": "x"}, 403),
        (ABOUT, {"answer": "maybe"}, 409),
        (ABOUT, {"answer": "approve", "run": "another"}, 409),
        (f"{APPROVALS}/disconnections?as_of=2026-11-21", {"answer": "approve"}, 409),
        (f"{APPROVALS}/court?as_of={AS_OF}", {"answer": "approve"}, 409),
        (f"{APPROVALS}/everything?as_of={AS_OF}", {"answer": "approve"}, 409),
        (f"{APPROVALS}/disconnections?as_of=today", {"answer": "approve"}, 400),
        (f"{APPROVALS}/disconnections/ask?as_of={AS_OF}", {}, 409),
    ],
)
def test_another_question_or_none_is_not_answered(
    open_night: Airflow, address: str, told: dict[str, str], status: int
) -> None:
    refused = desk(open_night, "head").post(address, data={**form("head"), **told})
    assert refused.status_code == status
    assert [by for by, *_ in read_answers()] == [None, None]


def test_a_question_that_is_gone_can_be_asked_anew(open_night: Airflow, engine: Engine) -> None:
    """Marked as done without an answer: the page offers to ask again, until somebody does."""
    make_tables()
    add_run({"ask_disconnections": "success", "release_disconnections": "success"}, state="success")
    clerk = desk(open_night, "collections")
    closed = publish.Reply("expired", "въпросът беше затворен без отговор")
    publish.run(offer.find_waiting()[NAME], closed)
    tonight = clerk.get(f"{PREFIX}/").text
    assert "без отговор" in tonight and f'href="{APPROVALS}">Попитай отново</a>' in tonight
    assert f'action="{APPROVALS}/disconnections/ask?as_of={AS_OF}"' in clerk.get(APPROVALS).text

    add_run(
        {"ask_disconnections": None, "release_disconnections": None},
        run_id="manual__2",
        state="queued",
    )

    assert "Попитай отново" not in clerk.get(APPROVALS).text
    again = clerk.post(f"{APPROVALS}/disconnections/ask?as_of={AS_OF}", data=form("collections"))
    assert (again.status_code, "вече се пита" in again.text) == (409, True)


def test_a_viewer_has_no_such_page(open_night: Airflow) -> None:
    viewer = open_night.browser(open_night.token("viewer"))
    assert viewer.get(APPROVALS).status_code == 403
    assert "/approvals" not in viewer.get(f"{PREFIX}/").text


def test_the_page_speaks_english_too(open_night: Airflow) -> None:
    page = open_night.browser(open_night.token("head", "USER"), "en").get(APPROVALS)
    assert "Your answer" in page.text and "Вашият" not in page.text
