"""Who may see and do what, on every route, with Airflow's own login: nobody is let in, nobody
further than his role.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.conftest import PREFIX, Airflow
from tests.web.routes import MAY, ROUTES, STATIC, Route

if TYPE_CHECKING:
    from starlette.testclient import TestClient

GETS = [route for route in ROUTES if route.method == "GET"]
POSTS = [route for route in ROUTES if route.method == "POST"]
SEARCH = "/accounts"


def ask(browser: "TestClient", route: Route, **options: Any) -> Any:
    return browser.request(route.method, PREFIX + route.example, **options)


def form_of(person: str) -> str:
    """Return the token of somebody's forms."""
    from dunning.web.access import Person, form_token

    return form_token(Person(person, "legal", "bg"))


def test_every_route_of_the_application_is_tried(airflow: Airflow) -> None:
    (pages,) = [route.app for route in airflow.app.routes if getattr(route, "path", "") == PREFIX]
    assert {(method, route.path) for route in pages.routes for method in route.methods} == {
        (route.method, route.path) for route in (*ROUTES, *STATIC)
    }


def test_what_anybody_gets_is_what_lies_in_the_folder_and_nothing_beside_it(
    airflow: Airflow,
) -> None:
    folder = Path(__file__).parents[2] / "templates/web/static"
    nobody = airflow.browser()
    answers = {route.example: ask(nobody, route) for route in STATIC}
    assert {path: answer.content for path, answer in answers.items()} == {
        f"/static/{path.name}": path.read_bytes() for path in folder.iterdir()
    }
    beside = ("..%2Fframe.html", "%2e%2e%2fframe.html", "none.css", "..%5Cframe.html")
    assert [nobody.get(f"{PREFIX}/static/{name}").status_code for name in beside] == [404] * len(
        beside
    )


@pytest.mark.parametrize("accept", ["text/html,*/*", "*/*", "application/json"])
def test_a_page_leads_nobody_to_the_login_and_back(airflow: Airflow, accept: str) -> None:
    nobody = airflow.browser()

    answers = [(route, ask(nobody, route, headers={"accept": accept})) for route in GETS]

    for route, answer in answers:
        if accept.startswith("text/html"):
            back = (
                (PREFIX + route.example).replace("/", "%2F").replace("?", "%3F").replace("=", "%3D")
            )
            assert (answer.status_code, answer.headers["location"]) == (
                307,
                f"/auth/login?next={back}",
            )
        else:
            assert answer.status_code == 401


def test_nobody_changes_anything(airflow: Airflow) -> None:
    nobody = airflow.browser()
    answers = [
        ask(nobody, route, data={"form_token": form_of("legal"), "text": "x"}) for route in POSTS
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert all("Нищо не е променено" in answer.text for answer in answers)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("name", ["", "viewer"])
def test_no_other_method_tells_anything(airflow: Airflow, method: str, name: str) -> None:
    browser = airflow.browser(airflow.token(name) if name else "")
    answers = [browser.request(method, PREFIX + route.example) for route in ROUTES]
    assert {answer.status_code for answer in answers} == {405}


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect", "/static", "/static/"]
)
def test_nothing_is_told_of_the_application_itself(airflow: Airflow, path: str) -> None:
    browsers = [airflow.browser(), airflow.browser(airflow.token("admin"))]
    answers = [browser.get(PREFIX + path) for browser in browsers]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert "openapi" not in "".join(answer.text for answer in answers)


@pytest.mark.parametrize("name", MAY)
def test_a_role_opens_what_it_should_and_no_more(airflow: Airflow, name: str) -> None:
    clerk, token = (
        airflow.browser(airflow.token(name)),
        {"form_token": form_of(name), "text": "", "note": ""},
    )

    answers = {
        route: ask(clerk, route, **({"data": token} if route.method == "POST" else {})).status_code
        for route in ROUTES
    }

    refused = {route for route, status in answers.items() if status in (401, 403)}
    assert refused == {route for route in ROUTES if route.asks not in MAY[name]}
    assert {route: status for route, status in answers.items() if status >= 500} == {}


def test_who_has_no_role_here_sees_nothing(airflow: Airflow) -> None:
    stranger = airflow.browser(airflow.token("stranger", "ADMIN"))
    answers = [ask(stranger, route) for route in ROUTES]
    assert {answer.status_code for answer in answers} == {403}
    assert all("stranger" in answer.text and "people.toml" in answer.text for answer in answers)


def test_who_may_only_read_in_airflow_changes_nothing_but_may_look_for_something(
    airflow: Airflow,
) -> None:
    reader = airflow.browser(airflow.token("reader"))

    answers = {
        route: ask(reader, route, data={"form_token": form_of("reader"), "text": ""})
        for route in POSTS
    }

    looks = {
        "/accounts",
        "/lists/{name}",
        "/lists/{name}.{suffix}",
        "/accounts/{premise_no}/{payer_code}/protect",
    }
    assert {route.path for route, answer in answers.items() if answer.status_code != 403} == looks
    assert all(
        "в Airflow не позволява" in a.text
        for route, a in answers.items()
        if route.path not in looks
    )


@pytest.mark.parametrize("name", MAY)
@pytest.mark.parametrize("token", ["", "0" * 64, "ж", "\ud83d\ude00"])
def test_a_form_without_its_token_does_nothing(airflow: Airflow, name: str, token: str) -> None:
    clerk = airflow.browser(airflow.token(name))
    told = {
        "form_token": token.encode("utf-16", "surrogatepass").decode("utf-16"),
        "text": "x",
        "note": "x",
    }
    assert {ask(clerk, route, data=told).status_code for route in POSTS} == {403}


def test_another_ones_token_does_not_fit(airflow: Airflow) -> None:
    clerk = airflow.browser(airflow.token("legal"))
    statuses = [
        clerk.post(PREFIX + SEARCH, data={"form_token": form_of(name), "text": ""}).status_code
        for name in ("legal", "head")
    ]
    assert statuses == [200, 403]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"origin": "http://localhost"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://localhost.evil.example"}, 403),
        ({"origin": "http://evil.example", "sec-fetch-site": "same-origin"}, 403),
    ],
)
def test_a_form_of_another_site_does_nothing(
    airflow: Airflow, headers: dict[str, str], status: int
) -> None:
    clerk, told = (
        airflow.browser(airflow.token("legal")),
        {"form_token": form_of("legal"), "text": ""},
    )
    assert clerk.post(PREFIX + SEARCH, data=told, headers=headers).status_code == status


def test_the_address_that_airflow_is_known_by_is_ours(
    airflow: Airflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    fab = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
    monkeypatch.setenv(
        "AIRFLOW__CORE__AUTH_MANAGER", fab
    )  # the invented users are known by this machine's name alone
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://dunning.example")
    clerk, told = (
        airflow.browser(airflow.token("legal")),
        {"form_token": form_of("legal"), "text": ""},
    )
    statuses = [
        clerk.post(PREFIX + SEARCH, data=told, headers={"origin": origin}).status_code
        for origin in ("https://dunning.example", "https://other.example")
    ]
    assert statuses == [200, 403]


def test_a_session_that_ended_leads_to_the_login_and_a_form_says_that_nothing_was_done(
    airflow: Airflow,
) -> None:
    late = airflow.browser(airflow.token("legal", seconds=-60))

    page = late.get(f"{PREFIX}/lists?as_of=2026-11-22")
    form = late.post(PREFIX + SEARCH, data={"form_token": form_of("legal"), "text": "Иванов"})

    assert page.status_code == 307
    assert page.headers["location"] == "/auth/login?next=%2Fdunning%2Flists%3Fas_of%3D2026-11-22"
    assert form.status_code == 401
    assert "Влизането ви е изтекло" in form.text and "Нищо не е променено" in form.text
    assert "Иванов" not in form.text


def test_who_logged_out_is_out(airflow: Airflow) -> None:
    token = airflow.token("legal")
    clerk = airflow.browser(token)
    assert clerk.get(f"{PREFIX}/lists").status_code == 200
    airflow.login.revoke_token(token)
    assert clerk.get(f"{PREFIX}/lists").status_code == 307


@pytest.mark.parametrize(
    "forge", [lambda t: t[:-4] + "AAAA", lambda t: t.rpartition(".")[0] + ".", lambda t: "x"]
)
def test_a_made_up_session_opens_nothing(airflow: Airflow, forge: Any) -> None:
    token = forge(airflow.token("admin"))
    assert {
        ask(airflow.browser(token), route, headers={"accept": "*/*"}).status_code
        for route in ROUTES
    } == {401}
    bearer = {"authorization": f"Bearer {token}", "accept": "*/*"}
    assert {ask(airflow.browser(), route, headers=bearer).status_code for route in ROUTES} == {401}


@pytest.mark.parametrize("header", ["Bearer x", "Bearer ", "Basic YWRtaW46YWRtaW4="])
def test_a_made_up_key_opens_nothing(airflow: Airflow, header: str) -> None:
    nobody, headers = airflow.browser(), {"authorization": header, "accept": "*/*"}
    assert {ask(nobody, route, headers=headers).status_code for route in ROUTES} == {401}


def test_no_page_is_kept_on_the_way(airflow: Airflow) -> None:
    clerk = airflow.browser(airflow.token("legal"))
    assert {ask(clerk, route).headers["cache-control"] for route in GETS} == {"no-store"}


def test_a_bearer_opens_what_its_user_may(airflow: Airflow) -> None:
    nobody, bearer = airflow.browser(), {"authorization": f"Bearer {airflow.token('viewer')}"}
    pages = ("/", "/ageing", "/accounts", "/lists")
    assert [nobody.get(PREFIX + page, headers=bearer).status_code for page in pages] == [
        200,
        200,
        403,
        403,
    ]


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ('[people.ivanova]\nrole = "legal"', 200),
        ('[people.ivanova]\nrole = "legal"\nairflow_id = "ivanova"', 200),
        ('[people.somebody]\nrole = "legal"\nairflow_id = "ivanova"', 200),
        (
            '[people.ivanova]\nrole = "legal"\nairflow_id = "7"',
            403,
        ),  # another user, who has her name now
        ('[people.Ivanova]\nrole = "legal"', 403),
        ('[people.ivanova]\nrole = "viewer"', 403),
        ("", 403),
    ],
)
def test_a_role_is_of_one_user(airflow: Airflow, home: Path, told: str, status: int) -> None:
    (home / "people.toml").write_text(told, "utf-8")
    assert (
        airflow.browser(airflow.token("ivanova", "USER")).get(f"{PREFIX}/lists").status_code
        == status
    )


class Anonymous:
    """Whom FAB makes of nobody, where it lets the public in."""

    is_anonymous = True

    def get_id(self) -> None:
        return None

    def get_name(self) -> str:
        return "Anonymous"


@pytest.mark.parametrize("name", ["Anonymous", "None"])
def test_the_public_that_airflow_lets_in_is_nobody_here(
    airflow: Airflow, home: Path, name: str
) -> None:
    from airflow.api_fastapi.core_api.security import get_user

    (home / "people.toml").write_text(f'[people.{name}]\nrole = "legal"', "utf-8")
    (pages,) = [route.app for route in airflow.app.routes if getattr(route, "path", "") == PREFIX]
    pages.dependency_overrides[get_user] = Anonymous
    try:
        answers = [ask(airflow.browser(), route) for route in ROUTES]
    finally:
        pages.dependency_overrides.clear()
    assert {
        (route.method, answer.status_code) for route, answer in zip(ROUTES, answers, strict=True)
    } == {
        ("GET", 307),
        ("POST", 401),
    }


@pytest.mark.parametrize(
    ("told", "hears"),
    [
        ('approves = ["court"]\nairflow_id = "legal"', True),
        ('approves = ["court"]', True),
        ("", True),
        ('approves = ["court"]', False),
    ],
)
def test_an_approver_is_told_that_airflow_will_not_hear_him(
    airflow: Airflow, home: Path, monkeypatch: pytest.MonkeyPatch, told: str, hears: bool
) -> None:
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    if not hears:
        monkeypatch.setattr(SimpleAuthManagerUser, "get_id", lambda self: "7")
    (home / "people.toml").write_text(f'[people.legal]\nrole = "legal"\n{told}', "utf-8")

    page = airflow.browser(airflow.token("legal")).get(f"{PREFIX}/").text

    told = ("Airflow няма да приеме вашите одобрения" in page, "airflow_id = &#34;7&#34;" in page)
    assert told == (not hears, not hears)


def test_a_mistake_in_the_settings_of_the_people_shows_nothing_else(
    airflow: Airflow, home: Path
) -> None:
    (home / "people.toml").write_text('[people.legal]\nrole = "boss"', "utf-8")
    answers = {
        language: [
            ask(airflow.browser(airflow.token("legal"), language), route) for route in ROUTES
        ]
        for language in ("bg", "en")
    }

    assert {answer.status_code for told in answers.values() for answer in told} == {400}
    assert all(
        "`role` is &#39;boss&#39;; write one of viewer" in answer.text for answer in answers["en"]
    )
    assert all(
        "Не може да стане така" in answer.text and "boss" not in answer.text
        for answer in answers["bg"]
    )
    assert ask(airflow.browser(), ROUTES[0]).status_code == 307
