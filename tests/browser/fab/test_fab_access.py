"""Every route with FAB's users and FAB's login: the questions of the local house, and some that
only FAB raises.
"""

import base64
import json
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import test_login
from tests.browser.desk import PREFIX, Desk, log_in, sign_in
from tests.browser.fab.people import LEAVER
from tests.browser.house import House
from tests.web.routes import MAY, ROUTES

pytestmark = [pytest.mark.browser, pytest.mark.fab]
# How long FAB remembers a user: [fab] cache_ttl.
CACHE_SECONDS = 30

test_collections_stand_in_the_navigation = test_login.test_collections_stand_in_the_navigation
test_a_login_that_is_over_leads_to_the_login = (
    test_login.test_a_login_that_is_over_leads_to_the_login
)
test_a_form_of_a_login_that_is_over_changes_nothing = (
    test_login.test_a_form_of_a_login_that_is_over_changes_nothing
)


@pytest.fixture(scope="module", autouse=True)
def gone(house: House, browser: Browser) -> Iterator[tuple[Desk, float]]:
    """The desk of a user who was removed before everything else, and when: FAB remembers him for
    half a minute, in which the other tests are at work.
    """
    contexts = [
        browser.new_context(storage_state=log_in(house, browser, name))
        for name in (LEAVER, "admin")
    ]
    desk = Desk(house, contexts[0], LEAVER)
    desk.open("/lists")
    removed = contexts[1].request.delete(f"{house.address}/auth/fab/v1/users/{LEAVER}")
    assert removed.status == 204, removed.text()
    yield desk, time.monotonic()
    for context in contexts:
        context.close()


def ask(window, route, accept="text/html", **options):
    """Return what a route answers, without following where it leads."""
    headers = {"accept": accept, **options.pop("headers", {})}
    address = f"{window.house.address}{PREFIX}{route.example}"
    return window.context.request.fetch(
        address, method=route.method, headers=headers, max_redirects=0, **options
    )


def test_a_page_leads_nobody_to_the_login(desk):
    nobody = desk("")
    pages = [route for route in ROUTES if route.method == "GET"]

    answers = [ask(nobody, route) for route in pages]

    told = {(answer.status, answer.headers["location"].split("?")[0]) for answer in answers}
    assert told == {(307, nobody.house.login)}


def test_nobody_is_told_nothing(desk):
    nobody = desk("")

    answers = {route: ask(nobody, route, "*/*") for route in ROUTES}

    assert {route: answer.status for route, answer in answers.items() if answer.status != 401} == {}


@pytest.mark.parametrize("header", ["Bearer x", "Bearer ", "Basic YWRtaW46YWRtaW4="])
def test_a_made_up_key_opens_nothing(desk, header):
    nobody = desk("")

    answers = [ask(nobody, route, "*/*", headers={"authorization": header}) for route in ROUTES]

    assert {answer.status for answer in answers} == {401}


@pytest.mark.parametrize("name", MAY)
def test_a_role_opens_what_it_should(desk, name):
    clerk = desk(name)

    answers = {route: ask(clerk, route) for route in ROUTES if route.method == "GET"}

    refused = {route for route, answer in answers.items() if answer.status in (401, 403)}
    assert refused == {route for route in answers if route.asks not in MAY[name]}
    assert {route for route, answer in answers.items() if answer.status >= 500} == set()


@pytest.mark.parametrize("path", ["/", "/dags", "/dags/release"])
def test_airflows_pages_are_free_of_errors(desk, path):
    test_login.test_airflows_pages_are_free_of_errors(desk, path)


def test_a_page_leads_to_the_login_and_back(house, desk):
    window = desk("")
    page = window.open("/lists?as_of=2026-11-21")

    sign_in(page, "head", "wrong")
    expect(page.get_by_text("Invalid login")).to_be_visible()
    sign_in(page, "head", house.passwords["head"])

    page.wait_for_url(f"{house.address}{PREFIX}/lists?as_of=2026-11-21")


def test_who_has_no_role_here_sees_nothing_though_he_is_airflows_admin(desk):
    stranger = desk("stranger")
    assert {ask(stranger, route).status for route in ROUTES} == {403}


def test_who_may_only_read_in_airflow_changes_nothing_but_may_look_and_protect(desk):
    reader = desk("reader")
    reader.open("/accounts")
    form = {"form_token": reader.token(), "text": "", "note": ""}

    answers = {route: ask(reader, route, form=form) for route in ROUTES if route.method == "POST"}

    looks = {
        "/accounts",
        "/lists/{name}",
        "/lists/{name}.{suffix}",
        "/accounts/{premise_no}/{payer_code}/protect",
    }
    assert {route.path for route, answer in answers.items() if answer.status != 403} == looks
    assert all(
        "в Airflow не позволява" in a.text()
        for route, a in answers.items()
        if route.path not in looks
    )


def test_a_form_needs_the_token_of_whoever_sends_it(desk):
    """FAB's users are known by numbers: the token of one fits no other, nor does none."""
    legal, head = desk("legal"), desk("head")
    legal.open("/accounts")
    head.open("/accounts")
    forms = [route for route in ROUTES if route.method == "POST"]

    wrong = [
        ask(head, route, form={"note": "x", "form_token": token})
        for route in forms
        for token in ("0" * 64, legal.token())
    ]

    assert {answer.status for answer in wrong} == {403}
    (search,) = [route for route in forms if route.path == "/accounts"]
    assert ask(head, search, form={"form_token": head.token(), "text": "x"}).status == 200


def test_who_logged_out_is_out_with_the_key_that_he_had(desk, house, browser):
    context = browser.new_context(storage_state=log_in(house, browser, "viewer"))
    window = Desk(house, context, "viewer")
    page = window.open("/")
    kept = context.cookies()

    page.goto(f"{house.address}/api/v2/auth/logout")
    context.add_cookies(kept)

    assert ask(window, ROUTES[0]).status == 307
    context.close()


def test_a_user_who_was_removed_is_out(gone):
    window, since = gone
    assert window.errors == []  # he had opened a page

    deadline = since + CACHE_SECONDS + 10
    while ask(window, ROUTES[0]).status == 200 and time.monotonic() < deadline:
        window.page.wait_for_timeout(1000)

    assert {ask(window, route).status for route in ROUTES if route.method == "GET"} == {307}
    assert {ask(window, route).status for route in ROUTES if route.method == "POST"} == {401}


def test_the_door_for_programs_has_the_logins_limit_and_lifetime(desk, house):
    """Guessing there would be as good as guessing in the form."""
    program = desk("").context.request
    given = {"username": "viewer", "password": house.passwords["viewer"]}

    key = program.post(f"{house.address}/auth/token", data=given).json()["access_token"]
    wrong = [
        program.post(f"{house.address}/auth/token", data={**given, "password": str(number)}).status
        for number in range(25)
    ]

    told = json.loads(base64.urlsafe_b64decode(key.split(".")[1] + "=="))
    assert told["exp"] - told["iat"] == 12 * 3600
    assert wrong == [401] * 19 + [429] * 6
