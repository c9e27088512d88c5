"""Every page as somebody with a browser finds it: no errors, no barriers, on a wide screen, on a
phone and on paper.
"""

import pytest
from playwright.sync_api import expect

from tests.browser.desk import find_faults

pytestmark = pytest.mark.browser

PAGES = {
    "tonight": "/",
    "an older night": "/?as_of=2026-10-31",
    "ageing": "/ageing",
    "ageing of a stage": "/ageing?stage=court_bound&service=heat",
    "search": "/accounts",
    "account": "/accounts/{account}",
    "lists": "/lists",
    "reminders": "/lists/reminders",
    "disconnections": "/lists/disconnections",
    "court": "/lists/court?sort=principal&direction=down",
    "court items": "/lists/court_items",
    "withheld": "/lists/withheld",
    "quarantine": "/lists/quarantine",
    "no such rows": "/lists/disconnections?district=nowhere",
    "row of disconnections": "/lists/disconnections/{account}",
    "row of court": "/lists/court/{case}",
    "strikes": "/lists/holds",
    "policy": "/policy",
    "policy of long ago": "/policy?on=2020-01-01",
    "what-if": "/policy/what-if",
    "releases": "/releases",
    "approvals": "/approvals",
}


@pytest.fixture(scope="module")
def accounts(house):
    """An account on the list of disconnections and one on that of the court."""
    query = "SELECT premise_no, payer_code FROM proposals WHERE state = 'proposed' AND list = "
    lists = {"account": "'disconnections'", "case": "'court'"}
    return {
        name: "/".join(house.fetch(f"{query}{listed} LIMIT 1")[0]) for name, listed in lists.items()
    }


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_no_page_has_a_barrier(desk, accounts, path):
    bulgarian, english = (
        desk("legal", color_scheme="light"),
        desk("legal", "en", color_scheme="dark"),
    )

    found = [find_faults(window.open(path.format(**accounts))) for window in (bulgarian, english)]

    assert found == [[], []]
    html = [window.page.locator("html") for window in (bulgarian, english)]
    assert [(each.get_attribute("lang"), each.get_attribute("data-theme")) for each in html] == [
        ("bg", "light"),
        ("en", "dark"),
    ]
    # the same text in the other colours
    bulgarian.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    english.page.evaluate("document.documentElement.dataset.theme = 'light'")
    assert [find_faults(window.page, "color-contrast") for window in (bulgarian, english)] == [
        [],
        [],
    ]


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_every_page_fits_a_phone_and_says_what_it_is(desk, accounts, path):
    page = desk("legal", viewport={"width": 390, "height": 844}).open(path.format(**accounts))

    widths = [page.evaluate("document.documentElement.scrollWidth")]
    page.set_viewport_size({"width": 1280, "height": 900})
    widths.append(page.evaluate("document.documentElement.scrollWidth"))

    assert widths == [390, 1280]
    heading = page.get_by_role("heading", level=1)
    assert heading.count() == 1
    assert page.title().removesuffix(" · Събиране") in heading.inner_text()
    assert page.locator("[aria-current=page]").count() == (0 if path == "/releases" else 1)


def test_a_wrong_address_has_a_clear_page(desk):
    window = desk("head")

    page = window.open("/accounts/0/0")

    assert window.take_errors() == ["404 /dunning/accounts/0/0"]
    expect(page.get_by_role("link", name="Към първата страница")).to_be_visible()
    assert find_faults(page) == []


def test_the_keyboard_reaches_the_content_at_once(desk):
    page = desk("head").open("/")

    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Към съдържанието")
    page.keyboard.press("Enter")

    assert page.evaluate("location.hash") == "#content"


def test_airflows_choice_of_light_or_dark_holds_here(desk):
    page = desk("head", color_scheme="light").open("/")
    page.evaluate("localStorage.setItem('theme', 'dark')")

    page.reload()

    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_paper_has_the_content_and_no_buttons(desk, accounts):
    page = desk("legal").open(f"/accounts/{accounts['account']}")

    page.emulate_media(media="print")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert [
        button.is_visible() for button in page.get_by_role("button", include_hidden=True).all()
    ].count(True) == 0


def test_the_language_is_switched_and_remembered(desk):
    page = desk("viewer").open("/ageing")

    page.get_by_role("link", name="English").click()

    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert page.url.endswith("/dunning/ageing")
    page.goto(page.url.removesuffix("ageing"))
    expect(page.locator("html")).to_have_attribute("lang", "en")
