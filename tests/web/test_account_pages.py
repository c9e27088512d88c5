"""An account's pages: whoever is at the phone finds it, sees why it is where it is, and protects
it in one step.
"""

import html
import re
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.gateways.store.access import fetch_access
from dunning.gateways.store.holds import fetch_holds
from tests.jobs.nights import Night
from tests.kept_nights import Keep, close_nights
from tests.web.conftest import Ask
from tests.world import VALID_PERSON_ID, World

ACCOUNT = "/accounts/000001/P1"
NOTE = 'Сметката е <b>"оспорена"</b>, обаждане 22.11.'


def _close(folder: Path) -> None:
    people = World().account(1, ("2026-09-01", "150.00")).account(2, ("2026-11-01", "60.00"))
    close_nights(people, folder)


@pytest.fixture
def night(kept: Keep, home: Path, engine: Engine, tmp_path: Path) -> Night:
    return kept(_close).restore(engine, tmp_path)


def said(page: str, role: str = "alert") -> str:
    found = re.search(rf'role="{role}">(.*?)</div>', page, re.DOTALL)
    assert found, page
    return " ".join(html.unescape(re.sub("<[^>]*>", "", found[1])).split())


def token(page: str) -> str:
    return re.search(r'name="form_token" value="(\w+)"', page)[1]


def test_an_adviser_finds_an_account_by_its_numbers_and_by_name(browse: Ask, night: Night) -> None:
    browser = browse("adviser")
    carried = token(browser.get("/accounts").text)
    texts = ("000001", "P1", "F000001", "Росица Мнима", "Няма Такъв Човек")
    by_premise, by_payer, by_invoice, by_name, nobody = (
        browser.post("/accounts", data={"form_token": carried, "text": text}) for text in texts
    )

    for found in (by_premise, by_payer, by_invoice):
        assert (303, ACCOUNT) == (found.status_code, found.headers["location"])
    assert [("/accounts/000001/P1", "000001"), ("/accounts/000002/P2", "000002")] == re.findall(
        r'<td><a href="([^"]*)">(\d+)</a>', by_name.text
    )  # both are called so; the name is in the form and in no address
    assert (200, "/accounts") == (by_name.status_code, by_name.url.path)
    assert 'method="post" action="/accounts"' in by_name.text
    assert (200, True) == (nobody.status_code, "Нищо не е намерено" in nobody.text)


def test_the_page_says_why_and_its_story_and_notice_come_as_pdf(
    browse: Ask, night: Night, engine: Engine
) -> None:
    browser = browse("adviser")
    page = browser.get(ACCOUNT).text
    files = [browser.get(f"{ACCOUNT}/{name}.pdf") for name in ("story", "notice")]

    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert {"Какво да се плати", "Защо този етап", "Чия е партидата"} <= set(headings)
    assert "Росица Мнима" in page
    assert (False, True) == (VALID_PERSON_ID in page, "••••••" + VALID_PERSON_ID[-4:] in page)
    assert [(200, b"%PDF-")] * 2 == [(file.status_code, file.content[:5]) for file in files]
    assert [("adviser", "notice"), ("adviser", "story")] == [
        (look.user_name, look.action) for look in fetch_access(engine, 9)
    ]
    assert {"premise 000001 payer P1"} == {look.subject for look in fetch_access(engine, 9)}


def test_only_legal_sees_a_whole_identifier_and_that_is_recorded(
    browse: Ask, night: Night, engine: Engine
) -> None:
    legal, head = browse("legal"), browse("head")
    pages = [who.get(ACCOUNT).text for who in (legal, head)]
    assert [True, False] == [f'action="{ACCOUNT}/identifier' in page for page in pages]
    assert [False, False] == [VALID_PERSON_ID in page for page in pages]

    shown = legal.post(f"{ACCOUNT}/identifier", data={"form_token": token(pages[0])})
    refused = head.post(f"{ACCOUNT}/identifier", data={"form_token": token(pages[1])})

    assert (200, True) == (shown.status_code, VALID_PERSON_ID in shown.text)
    assert (403, False) == (refused.status_code, VALID_PERSON_ID in refused.text)
    assert [("legal", "unmask", "premise 000001 payer P1")] == [
        (look.user_name, look.action, look.subject) for look in fetch_access(engine, 9)
    ]


@pytest.mark.parametrize("role", ["adviser", "collections", "legal", "admin"])
def test_whoever_sees_the_account_protects_it_in_one_step(
    browse: Ask, night: Night, engine: Engine, role: str
) -> None:
    browser = browse(role, name="ivanova")
    page = browser.get(ACCOUNT).text
    form = {
        "form_token": token(page),
        "reason": "dispute",
        "note": NOTE,
        "document": "",
        "until": "2026-12-05",
    }
    answer = browser.post(f"{ACCOUNT}/protect", data=form)
    (hold,) = fetch_holds(engine)

    assert 'value="2026-12-07" min="2026-11-24" max="2027-11-24"' in page
    assert "най-късно до 07.12.2026 (14 дни)" in page
    assert (303, f"{ACCOUNT}#protect") == (answer.status_code, answer.headers["location"])
    assert ("ivanova", "dispute", NOTE, "account") == (
        hold.author,
        hold.reason,
        hold.note,
        hold.list_name,
    )
    told = said(browser.get(ACCOUNT).text, "status")
    assert f"Оспорена сума: защитена от ivanova до 05.12.2026 (№ {hold.hold_no}). {NOTE}" == told
    assert "<b>" not in said(browser.get(ACCOUNT).text, "status").replace(NOTE, "")


def test_a_mistake_keeps_what_was_written(browse: Ask, night: Night, engine: Engine) -> None:
    browser = browse("adviser")
    form = {
        "form_token": token(browser.get(ACCOUNT).text),
        "reason": "vulnerable",
        "note": NOTE,
        "until": "2027-02-01",
    }
    answer = browser.post(f"{ACCOUNT}/protect", data=form)

    assert 400 == answer.status_code
    assert "без документ защитата не трае по-дълго" in said(answer.text)
    assert '<option value="vulnerable" selected>' in answer.text
    assert f">{html.escape(NOTE, quote=False)}</textarea>" in answer.text.replace("&#34;", '"')
    assert 'value="2027-02-01"' in answer.text
    assert [] == fetch_holds(engine)


def test_who_sees_no_account_protects_none(browse: Ask, night: Night, engine: Engine) -> None:
    form = {
        "form_token": token(browse("legal").get(ACCOUNT).text),
        "reason": "dispute",
        "note": NOTE,
    }
    assert 403 == browse("viewer").post(f"{ACCOUNT}/protect", data=form).status_code
    assert [] == fetch_holds(engine)
