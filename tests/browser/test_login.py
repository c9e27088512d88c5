"""Airflow's own pages around ours: the login, the navigation, the DAGs, and what happens when a
login is over.
"""

import pytest
from playwright.sync_api import expect

from tests.browser.desk import PREFIX, sign_in

pytestmark = pytest.mark.browser


def test_what_make_ui_tells(house):
    assert {
        name: len(password) >= 12 for name, password in house.passwords.items()
    } == dict.fromkeys(["admin", "head", "collections", "legal", "adviser", "viewer"], True)
    assert house.address in house.told
    assert [line.strip() for line in house.told.splitlines() if line.startswith("  2026")] == [
        "2026-10-31",
        "2026-11-20",
        "2026-11-21",
    ]


def test_passwords_are_the_owners_alone(house):
    private = [
        house.home / "people.toml",
        *(house.home / "airflow").glob("simple_auth_manager_passwords*"),
    ]

    assert [oct(path.stat().st_mode & 0o777) for path in private] == ["0o600", "0o600"]


def test_a_page_leads_to_the_login_and_back(house, desk):
    window = desk("")
    page = window.open("/lists?as_of=2026-11-21")

    sign_in(page, "head", "wrong")
    expect(page.get_by_text("Invalid credentials")).to_be_visible()
    assert {error for error in window.take_errors()} == {"401 /auth/token"}
    sign_in(page, "head", house.passwords["head"])

    page.wait_for_url(f"{house.address}{PREFIX}/lists?as_of=2026-11-21")


def test_collections_stand_in_the_navigation(desk):
    page = desk("viewer").visit("/")

    page.get_by_role("link", name="Събиране").click()

    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1)).to_contain_text("21.11.2026")
    frame.get_by_role("link", name="Възраст на дълга").click()
    expect(frame.get_by_role("heading", level=1)).to_contain_text("Възраст на дълга")


@pytest.mark.parametrize(
    "path",
    ["/", "/dags", "/dags/nightly", "/dags/release", "/dags/monthly_notices", "/dags/what_if"],
)
def test_airflows_pages_are_free_of_errors(desk, path):
    window = desk("head")
    page = window.visit(path)

    page.wait_for_load_state("networkidle")

    assert page.get_by_text("404").count() == 0


def test_the_night_alone_waits_to_be_switched_on(desk):
    window = desk("viewer")
    window.open("/")

    answer = window.context.request.get(f"{window.house.address}/api/v2/dags").json()

    assert {dag["dag_id"]: dag["is_paused"] for dag in answer["dags"]} == {
        "nightly": True,
        "release": False,
        "monthly_notices": False,
        "what_if": False,
    }


@pytest.mark.parametrize("key", [None, "not.a.token"])
def test_a_login_that_is_over_leads_to_the_login(desk, key):
    window = desk("head")
    window.open("/lists")
    window.context.clear_cookies()
    if key:
        window.context.add_cookies([{"name": "_token", "value": key, "url": window.house.address}])

    page = window.open("/lists/disconnections")

    assert "/auth/login" in page.url


def test_a_form_of_a_login_that_is_over_changes_nothing(house, desk):
    window = desk("head")
    page = window.open("/accounts")
    window.context.clear_cookies()

    page.get_by_role("searchbox").fill("1")
    page.get_by_role("searchbox").press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Влизането ви е изтекло")
    assert window.take_errors() == [f"401 {PREFIX}/accounts"]
    page.get_by_role("link", name="Вход").click()
    sign_in(page, "head", house.passwords["head"])
    page.wait_for_url(f"{house.address}/**")
