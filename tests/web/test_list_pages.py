"""The pages of the lists, asked over HTTP by people of every role."""

import csv
import html
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine

from dunning.documents.pages.html import read_texts
from dunning.gateways.store.access import fetch_access
from dunning.gateways.store.holds import fetch_holds
from tests.jobs.nights import AS_OF, Night, days, nightly
from tests.kept_nights import Keep, close_nights
from tests.web.conftest import Ask
from tests.world import VALID_PERSON_ID, World

if TYPE_CHECKING:
    from starlette.testclient import TestClient

ROW, CASE = "/lists/disconnections/000001/P1", "/lists/court/000005/P5"
NOTE = "Обжалвана сметка <script>alert(1)</script>"
MASK = "••••••" + VALID_PERSON_ID[-4:]


def _close(folder: Path) -> None:
    """Two who may be disconnected, one who gets a message, one for the court."""
    people = World()
    for number in (1, 2):
        people.warned_of_disconnection(number)
    people.account(3, ("2026-11-01", "60.00")).account(5, ("2026-01-15", "350.00"))
    people.notice(5, "overdue", "2026-02-10", "2026-02-12").notice(
        5, "final_warning", "2026-06-20", "2026-06-25"
    )
    close_nights(people, folder)


@pytest.fixture
def night(kept: Keep, home: Path, engine: Engine, tmp_path: Path) -> Night:
    night = kept(_close).restore(engine, tmp_path)
    assert ["000005"] == [row["premise_no"] for row in night.csv("court")]
    return night


def token(browser: "TestClient") -> str:
    """Return what this person's forms carry."""
    found = re.search(r'name="form_token" value="(\w+)"', browser.get("/lists/holds").text)
    assert found is not None
    return found[1]


def send(browser: "TestClient", address: str, **fields: str) -> tuple[int, str]:
    """Send a form; return the status, and the page or where it leads."""
    answer = browser.post(address, data={"form_token": token(browser), **fields})
    return answer.status_code, answer.headers.get("location", answer.text)


def strike(
    browser: "TestClient", row: str = ROW, note: str = NOTE, until: str = "2026-12-22"
) -> tuple[int, str]:
    return send(browser, f"{row}/strike?as_of=2026-11-22", note=note, until=until)


def said(page: str, role: str = "alert") -> str:
    """Return what the page's warning says."""
    found = re.search(rf'role="{role}">(.*?)\n?</?(?:div|form)', page, re.DOTALL)
    assert found is not None
    return html.unescape(found[1]).strip()


def premises(page: str) -> list[str]:
    """Return the premises of the rows that can be looked into."""
    return re.findall(r'href="/lists/\w+/(\d+)/', page)


def test_before_the_first_night_the_page_says_so(browse: Ask) -> None:
    answer = browse("collections").get("/lists")

    assert (200, True) == (answer.status_code, "Още няма приключена нощ" in answer.text)
    assert 404 == browse("legal").get("/lists/court").status_code


@pytest.mark.parametrize(
    ("role", "sees_court"),
    [("collections", False), ("head", True), ("legal", True), ("admin", True)],
)
def test_the_overview_has_the_lists_of_a_role(
    browse: Ask, night: Night, role: str, sees_court: bool
) -> None:
    page = browse(role).get("/lists").text
    names = [
        "reminders",
        "disconnections",
        *(["court", "court_items"] if sees_court else []),
        "withheld",
        "quarantine",
    ]

    for kind, suffix in (("Excel", "xlsx"), ("CSV", "csv")):
        file = f'href="/lists/disconnections.{suffix}?as_of=2026-11-22"'
        assert f'{file}>{kind}<span class="unseen"> Прекъсвания</span>' in page
    assert names == re.findall(r'href="/lists/(\w+)\?as_of=2026-11-22"', page)


@pytest.mark.parametrize("role", ["viewer", "adviser"])
def test_who_has_no_lists_gets_none(browse: Ask, night: Night, role: str) -> None:
    browser = browse(role)
    addresses = ("/lists", "/lists/holds", "/lists/reminders", "/lists/disconnections.csv", ROW)

    assert [403] * 5 == [browser.get(address).status_code for address in addresses]


def test_collections_see_nothing_of_the_court_list(
    browse: Ask, night: Night, engine: Engine
) -> None:
    browser = browse("collections")
    addresses = (
        "/lists/court",
        "/lists/court_items",
        "/lists/court.csv",
        "/lists/court_items.xlsx",
        CASE,
    )

    assert [403] * 5 == [browser.get(address).status_code for address in addresses]
    assert [403, 403, 403] == [
        send(browser, "/lists/court", text="Мнима")[0],
        send(browser, f"{CASE}/identifier")[0],
        strike(browser, CASE)[0],
    ]
    assert ([], []) == (fetch_holds(engine), fetch_access(engine, 9))


def test_a_list_is_filtered_and_sorted_by_its_address(browse: Ask, night: Night) -> None:
    browser = browse("collections")

    assert ["000001", "000002"] == premises(
        browser.get("/lists/disconnections?district=Изток").text
    )
    down = "/lists/disconnections?sort=premise_no&direction=down&page=99&as_of=2026-11-22"
    assert ["000002", "000001"] == premises(browser.get(down).text)
    assert 1 == browser.get(down).text.count("aria-sort=")
    assert "Няма такива редове." in browser.get("/lists/disconnections?district=Запад").text
    assert ["000003"] == premises(browser.get("/lists/reminders?channel=sms&stage=overdue").text)


def test_words_are_looked_for_in_a_form_and_stand_in_no_address(browse: Ask, night: Night) -> None:
    browser = browse("legal")
    status, page = send(
        browser,
        "/lists/court?as_of=2026-11-22",
        text="мнима росица",
        sorted="total down",
        page="x9",
    )

    assert (200, ["000005"]) == (status, premises(page))
    assert not [
        address
        for address in re.findall(r'(?:href|action)="([^"]*)"', page)
        if "мнима" in address.lower()
    ]
    for text in ("никой", VALID_PERSON_ID):
        status, page = send(browser, "/lists/court", text=text)
        assert ([], True) == (premises(page), "Няма такива редове." in page)


def test_identifiers_are_masked_until_the_legal_team_asks_which_is_recorded(
    browse: Ask, night: Night, engine: Engine
) -> None:
    legal, admin = browse("legal"), browse("admin")
    everybody = (legal, admin, browse("head"))
    pages = [who.get(address).text for who in everybody for address in ("/lists/court", CASE)]

    assert [(True, False)] * 6 == [(MASK in page, VALID_PERSON_ID in page) for page in pages]
    assert 403 == send(admin, f"{CASE}/identifier")[0]
    assert [] == fetch_access(engine, 9)
    status, page = send(legal, f"{CASE}/identifier?as_of=2026-11-22")
    assert (200, True) == (status, VALID_PERSON_ID in page)
    assert [("legal", "unmask", "premise 000005 payer P5")] == [
        (look.user_name, look.action, look.subject) for look in fetch_access(engine, 9)
    ]


def test_a_row_shows_its_message_and_leads_to_the_account(browse: Ask, night: Night) -> None:
    page = browse("collections").get("/lists/reminders/000003/P3").text
    (message,) = [
        row["text"] for row in night.csv("reminders/sms") if row["premise_no"] == "000003"
    ]

    assert f"<pre>{html.escape(message, quote=False)}</pre>" in page
    assert 'href="/accounts/000003/P3?as_of=2026-11-22"' in page


def test_a_strike_is_told_on_the_row_and_in_the_list(
    browse: Ask, night: Night, engine: Engine
) -> None:
    browser = browse("collections", name="ivanova")
    form = browser.get(ROW).text
    told = strike(browser)
    (hold,) = fetch_holds(engine)

    assert re.search(r'name="until" value="2026-12-22" min="2026-11-24" max="2027-11-23"', form)
    assert (303, f"{ROW}?as_of=2026-11-22") == told
    assert ("ivanova", NOTE, "disconnections") == (hold.author, hold.note, hold.list_name)
    row, listed = browser.get(told[1]).text, browser.get("/lists/disconnections").text
    assert f"Задържан от ivanova до 22.12.2026 (№ {hold.hold_no}): {NOTE}" == said(row, "status")
    assert ("<script>alert" in row, "<script>alert" in listed, 'name="note"' in row) == (
        False,
        False,
        False,
    )
    assert 1 == listed.count("ivanova, до 22.12.2026: Обжалвана сметка")


def test_a_second_click_tells_who_struck_and_until_when(
    browse: Ask, night: Night, engine: Engine
) -> None:
    strike(browse("collections", name="ivanova"))
    status, page = strike(browse("legal"), until="2027-01-31")

    assert "Партидата вече е задържана от ivanova до 22.12.2026. Нищо ново не е записано." == said(
        page
    )
    assert 409 == status
    assert 1 == len(fetch_holds(engine))


def test_a_mistake_in_the_form_keeps_what_was_written(
    browse: Ask, night: Night, engine: Engine
) -> None:
    browser = browse("collections")
    short, late = strike(browser, note="<b"), strike(browser, until="2028-01-01")
    past = strike(browser, until="2020-01-01")

    assert [400, 400, 400] == [short[0], late[0], past[0]]
    assert said(past[1]) == said(late[1])
    assert f">{html.escape(NOTE, quote=False)}</textarea>" in past[1]
    assert said(short[1]).startswith("Напишете причина от 3 до 500 знака")
    assert ">&lt;b</textarea>" in short[1]
    assert said(late[1]).startswith("Посочете ден от 24.11.2026 до 23.11.2027")
    assert f">{html.escape(NOTE, quote=False)}</textarea>" in late[1]
    assert 'name="until" value="2028-01-01"' in late[1]
    assert [] == fetch_holds(engine)


def test_a_list_that_was_replaced_takes_no_strikes(
    browse: Ask, night: Night, engine: Engine, tmp_path: Path
) -> None:
    browser = browse("collections")
    nightly(tmp_path / "ledger", tmp_path / "out", days(1))
    status, page = strike(browser)

    assert said(page).startswith("Списъкът към 22.11.2026 вече е заменен с този към 23.11.2026")
    assert 409 == status
    old, new = (browser.get(f"{ROW}?as_of={day}").text for day in (AS_OF, days(1)))
    assert "Задържа се само от последния списък" in old
    assert ">Задръж<" not in old and ">Задръж<" in new
    assert (False, True) == ('name="note"' in old, 'name="note"' in new)
    assert [] == fetch_holds(engine)


def test_a_strike_is_ended_from_the_page_of_strikes_and_only_once(
    browse: Ask, night: Night, engine: Engine
) -> None:
    browser = browse("collections", name="ivanova")
    strike(browser)
    (hold,) = fetch_holds(engine)
    end = f"/lists/holds/{hold.hold_no}/end"

    assert f'action="{end}"' in browser.get("/lists/holds").text
    assert (303, "/lists/holds") == send(browser, end)
    assert "ivanova, от 23.11.2026" in browser.get("/lists/holds").text
    status, page = send(browser, end)
    assert (409, f"Задържане № {hold.hold_no} не е в сила") == (
        status,
        said(page).partition(":")[0],
    )
    assert 409 == send(browser, "/lists/holds/99/end")[0]


def test_the_legal_teams_strike_is_ended_by_those_who_see_the_court_list(
    browse: Ask, night: Night, engine: Engine
) -> None:
    assert 303 == strike(browse("legal"), CASE)[0]
    (hold,) = fetch_holds(engine)
    end = f"/lists/holds/{hold.hold_no}/end"

    assert f'action="{end}"' not in browse("collections").get("/lists/holds").text
    assert [403, 303] == [send(browse(role), end)[0] for role in ("collections", "admin")]


def test_a_protection_from_the_phone_is_ended_by_its_author_or_above_a_clerk(
    browse: Ask, night: Night, engine: Engine
) -> None:
    """A clerk who may strike could else end somebody's life support right before a list leaves."""
    account, form = (
        "/accounts/000001/P1",
        {"reason": "life_support", "note": "Кислороден апарат, обаждане"},
    )
    for author in ("adviser", "collections"):
        browser = browse(author)
        carried = re.search(r'name="form_token" value="(\w+)"', browser.get(account).text)[1]
        if author == "collections":
            form = {"reason": "dispute", "note": "Спорна сметка"}
        assert (
            303
            == browser.post(f"{account}/protect", data={"form_token": carried, **form}).status_code
        )
    own, others = (f"/lists/holds/{hold.hold_no}/end" for hold in fetch_holds(engine))
    page = browse("collections").get("/lists/holds").text

    assert (True, False) == (f'action="{own}"' in page, f'action="{others}"' in page)
    assert [403, 303] == [send(browse("collections"), end)[0] for end in (others, own)]
    assert f'action="{others}"' in browse("head").get("/lists/holds").text
    assert 303 == send(browse("head"), others)[0]


def test_a_sign_that_the_database_does_not_take_is_no_failure(
    browse: Ask, night: Night, engine: Engine
) -> None:
    browser, account = browse("legal"), "/accounts/000001/P1"
    addresses = ("/accounts/000001%00/P1", "/lists/x%00", "/lists/disconnections/1%00/P1")
    assert {404} == {browser.get(address).status_code for address in addresses}
    assert (
        200 == send(browser, "/lists/disconnections?as_of=2026-11-22", text="а\0б", page="1\0")[0]
    )
    carried = re.search(r'name="form_token" value="(\w+)"', browser.get(account).text)[1]
    form = {"form_token": carried, "reason": "dispute", "note": "Спор\0на", "document": "вх. \0№ 7"}
    assert 303 == browser.post(f"{account}/protect", data=form).status_code
    assert [("Спорна", "вх. № 7")] == [(hold.note, hold.document) for hold in fetch_holds(engine)]


def test_a_form_of_another_site_changes_nothing(browse: Ask, night: Night, engine: Engine) -> None:
    browser = browse("legal")
    addresses = (
        f"{ROW}/strike?as_of=2026-11-22",
        f"{CASE}/identifier",
        "/lists/court",
        "/lists/holds/1/end",
    )
    sent = {"form_token": "0" * 64, "note": NOTE, "until": "2026-12-22", "text": "x"}

    assert [403] * 4 == [browser.post(address, data=sent).status_code for address in addresses]
    assert ([], []) == (fetch_holds(engine), fetch_access(engine, 9))


def test_files_are_given_as_published_or_masked_and_each_is_recorded(
    browse: Ask, night: Night, engine: Engine
) -> None:
    legal, admin = browse("legal"), browse("admin")
    whole, masked = legal.get("/lists/court.csv?as_of=2026-11-22"), admin.get("/lists/court.csv")
    book = browse("collections").get("/lists/reminders-sms.xlsx")

    assert (night.folder / "court.csv").read_bytes() == whole.content
    assert (night.folder / "reminders/sms.xlsx").read_bytes() == book.content
    assert whole.content.replace(VALID_PERSON_ID.encode(), MASK.encode()) == masked.content
    assert [
        "court-2026-11-22.csv",
        "court-masked-2026-11-22.csv",
        "reminders-sms-2026-11-22.xlsx",
    ] == [
        answer.headers["content-disposition"]
        .removeprefix('attachment; filename="')
        .removesuffix('"')
        for answer in (whole, masked, book)
    ]
    assert [
        ("collections", "download", "reminders-sms-2026-11-22.xlsx"),
        ("admin", "download", "court-masked-2026-11-22.csv"),
        ("legal", "download", "court-2026-11-22.csv"),
    ] == [(look.user_name, look.action, look.subject) for look in fetch_access(engine, 9)]
    others = ("court.pdf", "x.csv", "reminders.csv")
    assert [404] * 3 == [legal.get(f"/lists/{name}").status_code for name in others]


def test_a_file_that_was_changed_or_is_gone_has_a_page_that_says_so(
    browse: Ask, night: Night, engine: Engine
) -> None:
    browser = browse("collections")
    path = night.folder / "disconnections.parquet"
    path.write_bytes(path.read_bytes() + b"x")
    changed = browser.get("/lists/disconnections")
    path.unlink()
    (night.folder / "disconnections.csv").unlink()
    gone, download = browser.get("/lists/disconnections"), browser.get("/lists/disconnections.csv")

    assert [409, 404, 404] == [answer.status_code for answer in (changed, gone, download)]
    assert "Файлът disconnections.parquet към 22.11.2026 е променян" in changed.text
    assert "вече не е там, където беше публикуван" in gone.text
    assert [] == fetch_access(engine, 9)


def test_what_is_not_there_or_not_understood_has_a_page(browse: Ask, night: Night) -> None:
    told = {
        "/nowhere": 404,
        "/accounts/0/0": 404,
        "/?as_of=1999-01-01": 404,
        "/?as_of=x": 400,
        "/lists/nothing": 404,
        "/lists/court?as_of=2020-01-01": 404,
        "/lists?as_of=2020-01-01": 404,
        "/lists/court/000099/P1": 404,
        "/lists/quarantine/000001/P1": 404,
        "/lists/court?as_of=22.11.2026": 400,
        "/lists/court?page=x": 400,
        "/lists/court?page=-5&sort=nothing&part=ready&reason=x": 200,
    }
    browser = browse("legal")

    answers = {address: browser.get(address) for address in told}

    assert {address: answer.status_code for address, answer in answers.items()} == told
    assert {answer.text.count("<h1>") for answer in answers.values()} == {1}
    leads = 'href="/">Към първата страница</a>'
    assert all(leads in answers[address].text for address in list(told)[:4])  # no list of ours


def test_the_pages_in_english(browse: Ask, night: Night) -> None:
    browser = browse("legal", "en")
    row = browser.get(CASE).text

    assert all(
        text in browser.get("/lists/court").text
        for text in ("Court cases of 22.11.2026", ">Premise no</a>")
    )
    own = re.sub(r'<dd>.*?</dd>|<td.*?</td>|lang="bg".*?</a>', "", row, flags=re.DOTALL)
    assert ("Strike this row" in own, re.findall("[а-я]{4,}", own)) == (True, [])


def test_every_refusal_can_be_said_in_both_languages() -> None:
    reasons = {
        match
        for path in Path("dunning/jobs/desk").rglob("*.py")
        for match in re.findall(
            r'RefusedError\((?:[^()]|\([^()]*\))*?",\s+"(\w+)"', path.read_text("utf-8")
        )
    }

    assert {"no_list", "no_night", "no_row", "too_old", "struck_already", "note_length"} <= reasons
    for language in ("bg", "en"):
        assert {f"refused_{reason}" for reason in reasons} - read_texts(
            "lists", language
        ).keys() == set()


def test_a_file_is_taken_as_the_page_shows_it(browse: Ask, night: Night) -> None:
    """Filtered by district or by words; a struck row is left out, and the page says so."""
    clerk = browse("collections")
    assert (
        clerk.get("/lists/disconnections.csv").content
        == (night.folder / "disconnections.csv").read_bytes()
    )

    elsewhere = clerk.get("/lists/disconnections.csv?district=Запад")
    found = clerk.post(
        "/lists/disconnections.csv", data={"form_token": token(clerk), "text": "000002"}
    )
    assert [
        [row["premise_no"] for row in read(answer.content)] for answer in (elsewhere, found)
    ] == [[], ["000002"]]
    assert "disconnections-filtered-2026-11-22.csv" in found.headers["content-disposition"]
    strike(clerk)
    left = clerk.get("/lists/disconnections.csv")
    assert [row["premise_no"] for row in read(left.content)] == ["000002"]
    assert "disconnections-without-held-2026-11-22.csv" in left.headers["content-disposition"]
    assert "Задържаните редове (1) не са във файловете." in clerk.get("/lists/disconnections").text


def test_a_file_of_cases_leaves_out_the_items_of_a_struck_one(browse: Ask, night: Night) -> None:
    legal = browse("legal")
    assert len(read(legal.get("/lists/court_items.csv").content)) == 1
    strike(legal, CASE)
    assert [read(legal.get(f"/lists/{name}.csv").content) for name in ("court", "court_items")] == [
        [],
        [],
    ]


def read(content: bytes) -> list[dict[str, str]]:
    """Return the rows of a CSV."""
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
