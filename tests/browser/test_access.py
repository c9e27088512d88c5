"""Who may see and do what, on every route: nobody is let in, and nobody further than his role
goes.
"""

import pytest

from tests.browser.desk import PREFIX
from tests.browser.routes import MAY, ROUTES

pytestmark = pytest.mark.browser


def ask(desk, route, **options):
    """Return what a route answers, without following where it leads."""
    address = f"{desk.house.address}{PREFIX}{route.example}"
    return desk.context.request.fetch(address, method=route.method, max_redirects=0, **options)


def test_a_page_leads_nobody_to_the_login(desk):
    nobody = desk("")
    pages = [route for route in ROUTES if route.method == "GET"]

    answers = [ask(nobody, route, headers={"accept": "text/html"}) for route in pages]

    told = {(answer.status, answer.headers["location"].split("?")[0]) for answer in answers}
    assert told == {(307, nobody.house.login)}


def test_nobody_is_told_nothing(desk):
    nobody = desk("")

    answers = {route: ask(nobody, route, headers={"accept": "*/*"}) for route in ROUTES}

    assert {route: answer.status for route, answer in answers.items() if answer.status != 401} == {}


@pytest.mark.parametrize("header", ["Bearer x", "Bearer ", "Basic YWRtaW46YWRtaW4="])
def test_a_made_up_key_opens_nothing(desk, header):
    nobody = desk("")

    answers = [
        ask(nobody, route, headers={"authorization": header, "accept": "*/*"}) for route in ROUTES
    ]

    assert {answer.status for answer in answers} == {401}


@pytest.mark.parametrize("name", MAY)
def test_a_role_opens_what_it_should(desk, name):
    clerk = desk(name)

    answers = {route: ask(clerk, route) for route in ROUTES if route.method == "GET"}

    refused = {route for route, answer in answers.items() if answer.status in (401, 403)}
    assert refused == {route for route in answers if route.asks not in MAY[name]}
    assert {route for route, answer in answers.items() if answer.status >= 500} == set()


@pytest.mark.parametrize("name", MAY)
def test_a_form_without_its_token_changes_nothing(desk, name):
    clerk = desk(name)
    forms = [route for route in ROUTES if route.method == "POST"]

    answers = [ask(clerk, route, form={"note": "x", "form_token": "0" * 64}) for route in forms]

    assert {answer.status for answer in answers} == {403}


@pytest.mark.parametrize("name", ["adviser", "collections", "head", "legal", "admin"])
def test_a_form_reaches_what_the_role_may(desk, name):
    clerk = desk(name)
    clerk.open("/accounts")
    forms = [route for route in ROUTES if route.method == "POST"]
    told = {"form_token": clerk.token(), "text": "", "note": "", "reason": ""}

    answers = {route: ask(clerk, route, form=told) for route in forms}

    allowed = {route for route in answers if route.asks in MAY[name]}
    assert {
        route for route, answer in answers.items() if answer.status not in (401, 403)
    } == allowed
    assert {route for route, answer in answers.items() if answer.status >= 500} == set()


def test_another_ones_token_does_not_fit(desk):
    legal, head = desk("legal"), desk("head")
    legal.open("/accounts")
    head.open("/accounts")
    route = next(route for route in ROUTES if route.path == "/accounts" and route.method == "POST")

    assert ask(head, route, form={"form_token": legal.token(), "text": "x"}).status == 403


def test_no_page_is_kept_on_the_way(desk):
    clerk = desk("legal")
    pages = [route for route in ROUTES if route.method == "GET"]

    assert {ask(clerk, route).headers["cache-control"] for route in pages} == {"no-store"}
