"""The pages of the rules and of what-ifs, asked over HTTP by people of every role."""

import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine

from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.what_if_store import WhatIfStore
from dunning.gateways.store.access import fetch_access
from dunning.jobs.desk.session import open_session
from dunning.jobs.desk.what_if import what_if_run
from dunning.policy.policies import BUILT_IN
from tests.jobs.nights import AS_OF
from tests.kept_nights import Keep, close_nights
from tests.web.questions import make_tables
from tests.web.trials import make_dag, read_runs, set_states
from tests.world import World

if TYPE_CHECKING:
    from starlette.testclient import TestClient

Ask = Callable[..., "TestClient"]
STAGES = (BUILT_IN / "stages.toml").read_text("utf-8")
HOSTILE = STAGES.replace("# The ladder", "# <script>alert(1)</script> & „кавички“")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Airflow's settings and its tables, with the DAG of the trials, in a home of their own."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        environment.setenv("AIRFLOW__API__SECRET_KEY", "a secret of the test")
        make_dag()
        yield


@pytest.fixture
def ask(web: None, home: Path) -> Iterator[Ask]:
    """Give a browser of somebody whom Airflow knows, with a role and a language."""
    from starlette.testclient import TestClient

    from dunning.web.access import Person, find_person
    from dunning.web.app import build_app

    open_session.cache_clear()
    make_tables()

    def browse(role: str = "collections", language: str = "bg") -> TestClient:
        app = build_app()
        app.dependency_overrides[find_person] = lambda: Person("ivanova", role, language)
        return TestClient(app, follow_redirects=False)

    yield browse
    open_session().engine.dispose()
    open_session.cache_clear()


def _close(folder: Path) -> None:
    """Somebody who owes 55,00 and was reminded long ago."""
    people = World().account(1, ("2026-04-30", "55.00"))
    close_nights(people.notice(1, "overdue", "2026-09-01", "2026-09-05"), folder)


@pytest.fixture
def night(kept: Keep, home: Path, engine: Engine, tmp_path: Path) -> None:
    kept(_close).restore(engine, tmp_path)


def hidden(page: str) -> dict[str, str]:
    """Return what both forms of the page carry."""
    return {
        name: re.findall(rf'name="{name}" value="(.*?)"', page)[-1]
        for name in ("form_token", "form_id")
    }


def typed(page: str) -> str:
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def alert(page: str) -> str:
    found = re.search(r'role="alert"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


@pytest.mark.parametrize(
    ("query", "status", "heading", "said"),
    [
        ("", 200, "Правила в сила на 22.11.2026", None),
        ("?on=2015-07-01", 200, "Правила в сила на 01.07.2015", None),
        ("?on=1989-12-31", 400, "Правила в сила на 22.11.2026", "За 1989-12-31 няма правила"),
        ("?on=2026-02-30", 400, "Правила в сила на 22.11.2026", "„2026-02-30“ не е дата"),
        ("?on=<script>", 400, "Правила в сила на 22.11.2026", "„<script>“ не е дата"),
    ],
)
def test_the_rules_of_a_day(
    ask: Ask, night: None, query: str, status: int, heading: str, said: str | None
) -> None:
    answer = ask("viewer").get(f"/policy{query}")

    assert (answer.status_code, answer.text.count(f"<h1>{heading}</h1>")) == (status, 1)
    assert "<script>" not in answer.text
    assert said is None or said in alert(answer.text)
    assert "Източник" in answer.text


def test_the_rules_in_english(ask: Ask) -> None:
    answer = ask("viewer", "en").get("/policy")

    assert answer.status_code == 200
    assert "No night is closed yet" in answer.text
    assert re.search(r">last warning: from a sum of</th><td>50,00\s€<", answer.text)


def sent(browser: "TestClient") -> dict[str, str]:
    """Return the form of a trial that asks for a higher sum."""
    form = browser.get("/policy/what-if").text
    return {
        **hidden(form),
        "file": "stages.toml",
        "text": typed(form).replace("= 5000", "= 6000"),
        "nights": str(AS_OF),
    }


def test_a_trial_from_the_form_to_the_file(
    ask: Ask, night: None, settings: Settings, engine: Engine
) -> None:
    browser = ask()
    form = browser.get("/policy/what-if").text
    given = sent(browser)
    first, again = (browser.post("/policy/what-if", data=given) for _ in range(2))
    store = WhatIfStore(settings)
    (result_id,) = (folder.name for folder in store.list_results())
    assert read_runs() == [("queued", {"result_id": result_id}, "ivanova")]
    what_if_run.decide(store.list_results()[0])
    page = browser.get(first.headers["location"])
    filtered = browser.get(f"{first.headers['location']}?stage_after=court_bound")
    file = browser.get(f"{first.headers['location']}/{AS_OF}.csv")

    assert typed(form) == STAGES
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["location"] == again.headers["location"]
    assert first.headers["location"] == f"/policy/what-if/{result_id}"
    assert "/accounts/000001/P1?as_of=2026-11-22" in page.text
    assert "последно предупреждение: от сума" in page.text
    assert "Никой." in filtered.text
    assert file.content.decode("utf-8-sig").splitlines()[1].startswith("000001;P1;")
    assert [(look.user_name, look.action, look.subject) for look in fetch_access(engine, 9)] == [
        ("ivanova", "download", f"what-if {result_id} 2026-11-22 csv")
    ]
    assert "ivanova" in browser.get("/policy/what-if").text


@pytest.mark.parametrize(
    ("run", "task", "said"),
    [
        ("queued", None, "Чака реда си"),
        ("running", "scheduled", "Чака реда си"),
        ("running", "running", "Решава се."),
        ("running", "failed", "Пробата е прекъсната"),
        ("failed", "failed", "Пробата е прекъсната"),
    ],
)
def test_the_page_says_what_airflow_knows(
    ask: Ask, night: None, run: str, task: str, said: str
) -> None:
    browser = ask()
    address = browser.post("/policy/what-if", data=sent(browser)).headers["location"]
    set_states(run, task)

    page = browser.get(address).text

    words = ("Чака реда си", "Решава се.", "Пробата е прекъсната")
    assert [word for word in words if word in page] == [said]
    assert (f'action="{address}/again"' in page) == (task == "failed")


def test_a_trial_whose_worker_was_killed_is_started_anew_once(ask: Ask, night: None) -> None:
    browser = ask()
    given = sent(browser)
    address = browser.post("/policy/what-if", data=given).headers["location"]
    set_states("failed", "failed")

    answers = [
        browser.post(f"{address}/again", data={"form_token": given["form_token"]}) for _ in range(2)
    ]

    assert [answer.headers["location"] for answer in answers] == [address, address]
    assert [state for state, *_ in read_runs()] == ["failed", "queued"]
    assert "Чака реда си" in browser.get(address).text


def test_a_sixth_trial_waits_for_another_minute_and_keeps_what_was_typed(
    ask: Ask, night: None
) -> None:
    browser = ask()
    given = sent(browser)
    texts = [given["text"].replace("= 6000", f"= {7000 + number}") for number in range(6)]

    answers = [browser.post("/policy/what-if", data={**given, "text": text}) for text in texts]

    assert [answer.status_code for answer in answers] == [303] * 5 + [503]
    assert "чакат няколко проби" in alert(answers[-1].text)
    assert (typed(answers[-1].text), len(read_runs())) == (texts[-1], 5)


def test_a_mistake_keeps_what_was_typed(ask: Ask, night: None) -> None:
    browser = ask()
    text = HOSTILE.replace("days_overdue_min = 60", "days_overdue_min = 600")
    given = {
        **hidden(browser.get("/policy/what-if").text),
        "file": "stages.toml",
        "text": text,
        "nights": str(AS_OF),
    }
    answer = browser.post("/policy/what-if", data=given)

    assert answer.status_code == 400
    assert "stages.toml:25" in alert(answer.text)
    assert "<script>alert" not in answer.text
    assert typed(answer.text) == text


def test_a_field_that_is_no_number_keeps_the_others(ask: Ask, night: None) -> None:
    browser = ask()
    given = {
        **hidden(browser.get("/policy/what-if").text),
        "quick": "yes",
        "nights": str(AS_OF),
        "threshold.court_bound.amount_cents_min": "сто",
        "threshold.court_bound.days_overdue_min": "181",
    }
    answer = browser.post("/policy/what-if", data=given)

    assert answer.status_code == 400
    assert "Полето „За съд: сума, €“" in alert(answer.text)
    assert re.findall(r'name="threshold\.court_bound\.\w+_min" value="(.*?)"', answer.text) == [
        "181",
        "сто",
        "30",
    ]


def test_every_threshold_has_a_name(ask: Ask, night: None) -> None:
    for language in ("bg", "en"):
        page = ask("legal", language).get("/policy/what-if").text

        assert len(re.findall(r'name="threshold\.', page)) == 11


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "/policy/what-if"),
        ("POST", "/policy/what-if"),
        ("GET", f"/policy/what-if/{'0' * 32}"),
        ("POST", f"/policy/what-if/{'0' * 32}/again"),
        ("GET", f"/policy/what-if/{'0' * 32}/2026-11-22.csv"),
    ],
)
def test_only_who_may_try_sees_trials(ask: Ask, method: str, address: str) -> None:
    assert [ask(role).request(method, address).status_code for role in ("viewer", "adviser")] == [
        403,
        403,
    ]
    assert read_runs() == []


def test_a_form_of_another_site_is_refused(ask: Ask, night: None, settings: Settings) -> None:
    given = {
        "file": "stages.toml",
        "text": STAGES.replace("= 5000", "= 6000"),
        "nights": str(AS_OF),
        "form_token": "x",
    }

    assert ask().post("/policy/what-if", data=given).status_code == 403
    assert (WhatIfStore(settings).list_results(), read_runs()) == ([], [])


@pytest.mark.parametrize(
    "address", ["zzz", "0" * 32, f"{'0' * 32}/2026-11-22.csv", f"{'0' * 32}/2026-11-22.pdf"]
)
def test_what_is_not_there_is_told(ask: Ask, address: str) -> None:
    assert ask().get(f"/policy/what-if/{address}").status_code == 404


def test_before_the_first_night_the_form_says_so(ask: Ask) -> None:
    answer = ask().get("/policy/what-if")

    assert (answer.status_code, "Още няма приключена нощ" in answer.text) == (200, True)
