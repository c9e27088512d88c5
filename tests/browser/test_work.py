"""A morning in the browser, as far as only a browser shows it: files out of Airflow's frame, two
clicks and two people at once, a trial that Airflow runs. Everything else is asked in tests/web.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.house import NIGHT

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def someone(house):
    """Premise and payer of an account on the list of disconnections."""
    listed = "SELECT premise_no, payer_code FROM proposals WHERE list = 'disconnections' AND state = 'proposed' LIMIT 1"
    return dict(zip(("premise_no", "payer_code"), house.fetch(listed)[0], strict=True))


def search(page, text):
    page.get_by_role("searchbox", name=re.compile("партида", re.I)).fill(text)
    page.get_by_role("searchbox", name=re.compile("партида", re.I)).press("Enter")


def test_files_come_out_of_airflows_frame_too(desk, someone):
    window = desk("legal")
    page = window.visit("/plugin/collections")
    frame = page.frame_locator("iframe")
    frame.get_by_role("link", name="Списъци").click()

    with page.expect_download() as download:
        frame.get_by_role("link", name="CSV Прекъсвания").click()

    assert download.value.suggested_filename == f"disconnections-{NIGHT}.csv"


def test_a_pdf_opens_from_airflows_frame(desk, someone):
    window = desk("legal")
    page = window.visit("/plugin/collections")
    frame = page.frame_locator("iframe")
    search(frame, someone["premise_no"])

    with page.expect_download() as download:
        frame.get_by_role("link", name=re.compile("PDF")).first.click()

    assert download.value.path().read_bytes()[:5] == b"%PDF-"


def test_the_question_is_reached_from_airflows_frame(desk):
    page = desk("head").visit("/plugin/collections")

    page.frame_locator("iframe").get_by_role("link", name="Отговори").first.click()

    expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_contain_text(
        "Одобрения към"
    )


def test_a_row_is_struck_once_though_it_is_clicked_twice(desk, house, someone):
    account = f"{someone['premise_no']}/{someone['payer_code']}"
    window = desk("collections")
    page = window.open(f"/lists/disconnections/{account}")
    page.get_by_label(re.compile("Причина")).fill("Обади се, носи бележка")

    page.get_by_role("button", name="Задръж").dblclick()

    expect(page.get_by_text("Задържан от collections")).to_be_visible()
    query = f"SELECT author, note FROM holds WHERE premise_no = '{someone['premise_no']}'"
    assert house.fetch(query) == [("collections", "Обади се, носи бележка")]
    page.goto(f"{house.address}/dunning/lists/disconnections")
    expect(page.locator("tr.struck")).to_have_count(1)
    expect(page.locator("tr.struck")).to_contain_text("задържан")
    expect(
        desk("legal").open("/lists/holds").get_by_role("row").filter(has_text=someone["premise_no"])
    ).to_have_count(1)


def test_two_people_strike_the_same_row(desk, house):
    listed = "SELECT premise_no, payer_code FROM proposals WHERE list = 'court' AND state = 'proposed' LIMIT 1"
    account = "/".join(house.fetch(listed)[0])
    windows = [desk("legal"), desk("admin")]
    for window in windows:
        page = window.open(f"/lists/court/{account}")
        page.get_by_label(re.compile("Причина")).fill(f"Спор, {window.name}")

    for window in windows:
        window.page.get_by_role("button", name="Задръж").click()

    expect(windows[0].page.get_by_text("Спор, legal")).to_be_visible()
    expect(windows[1].page.get_by_role("alert")).to_be_visible()
    assert [error[:3] for error in windows[1].take_errors()] == ["409"]
    windows[0].page.get_by_role("button", name="Прекрати").click()
    expect(windows[0].page.get_by_role("heading", level=1)).to_be_visible()
    assert house.fetch("SELECT author FROM holds WHERE list_name = 'court'") == [("legal",)]


def test_a_what_if_shows_who_would_move(desk, house):
    page = desk("head").open("/policy/what-if")
    page.get_by_label("За съд: сума").fill("5000.00")

    page.locator("form").filter(has=page.get_by_label("За съд: сума")).get_by_role("button").click()

    expect(page.get_by_role("link", name=re.compile("CSV")).first).to_be_visible(timeout=180_000)
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("CSV")).first.click()
    assert len(download.value.path().read_text("utf-8-sig").splitlines()) > 1
    assert house.fetch(f"SELECT count(*) FROM runs WHERE as_of = '{NIGHT}'") == [(1,)]
