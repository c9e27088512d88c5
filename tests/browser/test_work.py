"""A morning in the browser: looking for accounts, explaining them, striking, taking lists, trying
other rules.
"""

import csv
import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from tests.browser.house import NIGHT

pytestmark = pytest.mark.browser


def read_ledger(house, table):
    with open(house.ledger / f"{table}.csv", encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file, delimiter=";")


@pytest.fixture(scope="module")
def someone(house):
    """An account with everything that it may be looked for by; nobody else has its numbers or its
    name.
    """
    listed = "SELECT premise_no, payer_code FROM proposals WHERE list = 'disconnections' AND state = 'proposed' LIMIT 1"
    premise_no, payer_code = house.fetch(listed)[0]
    payer = next(row for row in read_ledger(house, "payers") if row["payer_code"] == payer_code)
    invoice = next(row for row in read_ledger(house, "invoices") if row["payer_code"] == payer_code)
    return {"premise_no": premise_no, **payer, "invoice_no": invoice["invoice_no"]}


def search(page, text):
    page.get_by_role("searchbox", name=re.compile("партида", re.I)).fill(text)
    page.get_by_role("searchbox", name=re.compile("партида", re.I)).press("Enter")


@pytest.mark.parametrize("by", ["premise_no", "payer_code", "invoice_no", "name"])
def test_an_adviser_finds_an_account(desk, someone, by):
    page = desk("adviser").open("/accounts")

    search(page, someone[by])

    heading = page.get_by_role("heading", level=1)
    found = page.get_by_role("link", name=someone["premise_no"], exact=True)
    expect(heading.filter(has_text=someone["premise_no"]).or_(found).first).to_be_visible()
    assert quote(someone["name"]) not in page.url


def test_what_is_not_there_is_not_found(desk):
    page = desk("adviser").open("/accounts")

    search(page, "Няма Такъв Човек")

    expect(page.get_by_text("Нищо не е намерено")).to_be_visible()


def test_the_account_page_says_why(desk, someone):
    page = desk("adviser").open(f"/accounts/{someone['premise_no']}/{someone['payer_code']}")

    for heading in ("Защо е на този етап", "Дължимо", "Кой плаща"):
        assert page.get_by_role("heading", level=2).count() >= 4, heading
    expect(page.get_by_text(someone["name"]).first).to_be_visible()
    assert someone["national_id"] not in page.content()
    assert someone["national_id"][-4:] in page.content()


def test_story_and_notice_come_as_pdf(desk, someone, house):
    window = desk("adviser")
    base = f"/dunning/accounts/{someone['premise_no']}/{someone['payer_code']}"

    answers = [
        window.context.request.get(f"{house.address}{base}/{name}.pdf")
        for name in ("story", "notice")
    ]

    assert [(answer.status, answer.body()[:5]) for answer in answers] == [
        (200, b"%PDF-"),
        (200, b"%PDF-"),
    ]
    subject = f"premise {someone['premise_no']} payer {someone['payer_code']}"
    looked = house.fetch(
        f"SELECT DISTINCT user_name, action FROM accesses WHERE subject = '{subject}'"
    )
    assert {("adviser", "story"), ("adviser", "notice")} <= set(looked)


def test_only_legal_sees_a_whole_identifier_and_that_is_recorded(desk, someone, house):
    account = f"/accounts/{someone['premise_no']}/{someone['payer_code']}"
    page = desk("legal").open(account)
    assert someone["national_id"] not in page.content()

    page.get_by_role("button", name=re.compile("Покажи цел")).click()

    expect(page.get_by_text(someone["national_id"])).to_be_visible()
    subject = f"premise {someone['premise_no']} payer {someone['payer_code']}"
    assert house.fetch(
        f"SELECT user_name, action FROM accesses WHERE subject = '{subject}' AND action = 'unmask'"
    ) == [("legal", "unmask")]
    others = desk("head").open(account)
    assert others.get_by_role("button", name=re.compile("Покажи цел")).count() == 0


@pytest.mark.parametrize("kind", ["CSV", "Excel"])
def test_a_list_is_taken_as_a_file_and_that_is_recorded(desk, house, kind):
    page = desk("collections").open("/lists")
    before = house.fetch(
        "SELECT count(*) FROM accesses WHERE user_name = 'collections' AND action = 'download'"
    )

    with page.expect_download() as download:
        page.get_by_role("link", name=f"{kind} Прекъсвания").click()

    suffix = {"CSV": "csv", "Excel": "xlsx"}[kind]
    assert download.value.suggested_filename == f"disconnections-{NIGHT}.{suffix}"
    published = house.out / NIGHT / f"disconnections.{suffix}"
    assert download.value.path().read_bytes() == published.read_bytes()
    after = house.fetch(
        "SELECT count(*) FROM accesses WHERE user_name = 'collections' AND action = 'download'"
    )
    assert after[0][0] == before[0][0] + 1


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


def test_a_list_is_filtered_and_sorted(desk):
    page = desk("legal").open("/lists/court")

    page.get_by_role("link", name=re.compile("всичко", re.I)).first.click()

    expect(page.locator("th[aria-sort]")).to_have_count(1)
    page.get_by_label("Думи в редовете").fill("няма такива думи")
    page.get_by_role("button", name="Търси", exact=True).click()
    expect(page.get_by_text("Няма такива редове.")).to_be_visible()


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


def test_a_strike_with_a_wrong_end_says_so(desk, house):
    listed = "SELECT premise_no, payer_code FROM proposals WHERE list = 'court' AND state = 'proposed' OFFSET 3 LIMIT 1"
    window = desk("legal")
    page = window.open(f"/lists/court/{'/'.join(house.fetch(listed)[0])}")
    page.get_by_label(re.compile("Причина")).fill("Спор")
    page.locator("form.fields").evaluate("form => { form.noValidate = true }")
    page.locator("input[name=until]").fill("2020-01-01")

    page.get_by_role("button", name="Задръж").click()

    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label(re.compile("Причина"))).to_have_value("Спор")
    assert [error[:3] for error in window.take_errors()] == ["400"]


def test_a_what_if_with_a_mistake_says_where(desk):
    window = desk("head")
    page = window.open("/policy/what-if?file=stages.toml")
    text = page.locator("textarea[name=text]")
    text.fill(text.input_value().replace("days_overdue_min = ", "days_overdue_min = -", 1))

    page.locator("form").filter(has=text).get_by_role("button").click()

    expect(page.get_by_role("alert").get_by_role("rowheader").first).to_have_text(
        re.compile(r"stages\.toml:\d+")
    )
    expect(page.locator("textarea[name=text]")).to_have_value(re.compile("days_overdue_min = -"))
    assert window.take_errors() == ["400 /dunning/policy/what-if"]


def test_a_what_if_shows_who_would_move(desk, house):
    page = desk("head").open("/policy/what-if")
    page.get_by_label("За съд: сума").fill("5000.00")

    page.locator("form").filter(has=page.get_by_label("За съд: сума")).get_by_role("button").click()

    expect(page.get_by_role("link", name=re.compile("CSV")).first).to_be_visible(timeout=180_000)
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("CSV")).first.click()
    assert len(download.value.path().read_text("utf-8-sig").splitlines()) > 1
    assert house.fetch(f"SELECT count(*) FROM runs WHERE as_of = '{NIGHT}'") == [(1,)]


def test_the_policy_of_a_day_is_shown_with_its_sources(desk):
    page = desk("viewer").open("/policy?on=2026-11-21")

    expect(page.get_by_role("heading", level=1)).to_contain_text("21.11.2026")
    expect(page.get_by_text(re.compile("Източник")).first).to_be_visible()


def test_ageing_is_taken_as_a_workbook(desk):
    page = desk("viewer").open("/ageing")

    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("Excel|XLSX")).click()

    assert download.value.suggested_filename == f"ageing-{NIGHT}.xlsx"
    assert page.locator("svg.chart").count() >= 5
