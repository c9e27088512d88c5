"""Every route with FAB's users and FAB's login: the questions of the local house, and some that
only FAB raises.
"""

import base64
import json
import time

import pytest
from playwright.sync_api import expect

from tests.browser import test_access, test_login
from tests.browser.desk import PREFIX, Desk, log_in, sign_in
from tests.browser.routes import ROUTES

pytestmark = [pytest.mark.browser, pytest.mark.fab]
# How long FAB remembers a user: [fab] cache_ttl.
CACHE_SECONDS = 30

test_a_page_leads_nobody_to_the_login = test_access.test_a_page_leads_nobody_to_the_login
test_nobody_is_told_nothing = test_access.test_nobody_is_told_nothing
test_a_made_up_key_opens_nothing = test_access.test_a_made_up_key_opens_nothing
test_a_role_opens_what_it_should = test_access.test_a_role_opens_what_it_should
test_a_form_without_its_token_changes_nothing = (
    test_access.test_a_form_without_its_token_changes_nothing
)
test_another_ones_token_does_not_fit = test_access.test_another_ones_token_does_not_fit
test_collections_stand_in_the_navigation = test_login.test_collections_stand_in_the_navigation
test_airflows_pages_are_free_of_errors = test_login.test_airflows_pages_are_free_of_errors
test_a_login_that_is_over_leads_to_the_login = (
    test_login.test_a_login_that_is_over_leads_to_the_login
)
test_a_form_of_a_login_that_is_over_changes_nothing = (
    test_login.test_a_form_of_a_login_that_is_over_changes_nothing
)


def ask(window, route, **options):
    return test_access.ask(window, route, headers={"accept": "text/html"}, **options)


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


def test_who_logged_out_is_out_with_the_key_that_he_had(desk, house, browser):
    context = browser.new_context(storage_state=log_in(house, browser, "viewer"))
    window = Desk(house, context, "viewer")
    page = window.open("/")
    kept = context.cookies()

    page.goto(f"{house.address}/api/v2/auth/logout")
    context.add_cookies(kept)

    assert ask(window, ROUTES[0]).status == 307
    context.close()


def test_a_user_who_was_removed_is_out(desk, house):
    gone, admin = desk("reader"), desk("admin")
    gone.open("/lists")
    admin.open("/")

    removed = admin.context.request.delete(f"{house.address}/auth/fab/v1/users/reader")

    assert removed.status == 204, removed.text()
    deadline = time.monotonic() + CACHE_SECONDS + 10
    while ask(gone, ROUTES[0]).status == 200 and time.monotonic() < deadline:
        gone.page.wait_for_timeout(1000)
    assert {ask(gone, route).status for route in ROUTES if route.method == "GET"} == {307}
    assert {ask(gone, route).status for route in ROUTES if route.method == "POST"} == {401}


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
