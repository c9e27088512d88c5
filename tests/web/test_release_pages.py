"""The page of a release, asked over HTTP: files as they were sent, who stayed and why, and the way
back.
"""

import hashlib
import html
import re
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.gateways.store.access import fetch_access
from dunning.gateways.store.recalls import fetch_recalls
from dunning.jobs.release import offer, publish
from tests.jobs.nights import AS_OF, Night, days
from tests.jobs.release.releases import APPROVERS
from tests.web.conftest import Ask
from tests.web.test_list_pages import night as night
from tests.web.test_list_pages import send, strike

PAGE = f"/releases/disconnections?as_of={AS_OF}"
RECALL = f"/releases/disconnections/recall?as_of={AS_OF}"


@pytest.fixture
def out(night: Night, home: Path, browse: Ask) -> Night:
    """That night with its disconnections out, but for a struck one."""
    (home / "people.toml").write_text(APPROVERS, "utf-8")
    assert strike(browse("collections"), "/lists/disconnections/000002/P2")[0] == 303
    for name, by in (("disconnections", "head"), ("court", "legal")):
        approved = publish.Reply("approved", by)
        publish.run(offer.find_waiting()[name], approved, on=AS_OF)
    return night


def plain(page: str) -> str:
    """Return what stands on a page."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_its_files_are_those_that_were_sent_and_taking_one_is_recorded(
    out: Night, browse: Ask, engine: Engine
) -> None:
    browser = browse("collections", name="head")
    page = browser.get(PAGE).text
    sent = (
        out.folder.parent / "released" / AS_OF.isoformat() / "disconnections" / "disconnections.csv"
    )

    assert hashlib.sha256(sent.read_bytes()).hexdigest() in page
    assert "Останали тук при последната проверка: 1" in plain(page)
    assert "задържане по решение на служител: 1" in plain(page)
    taken = browser.get(f"/releases/disconnections/sent/disconnections.csv?as_of={AS_OF}")
    assert taken.content == sent.read_bytes()
    assert [(each.user_name, each.action, each.subject) for each in fetch_access(engine, 9)] == [
        ("head", "download", "disconnections-2026-11-22-sent-disconnections.csv")
    ]
    sent.write_bytes(b"other")
    assert (
        browser.get(f"/releases/disconnections/sent/disconnections.csv?as_of={AS_OF}").status_code
        == 409
    )


def test_a_recall_asks_with_counts_and_sums_before_it_does_anything(
    out: Night, browse: Ask, engine: Engine
) -> None:
    browser = browse("collections", name="head")
    row = "000001/P1"
    assert f'name="row" value="{row}"' in browser.get(PAGE).text

    status, asked = send(browser, RECALL, scope="rows", row=row, reason="платено късно")
    assert (status, fetch_recalls(engine, AS_OF)) == (200, [])
    assert "За отзоваване: 1 ред за 150,00 €. Излезли ще останат 0." in plain(asked)
    status, leads = send(browser, RECALL, row=row, reason="платено късно", confirmed="yes")
    assert (status, leads.endswith(PAGE)) == (303, True)
    (kept,) = fetch_recalls(engine, AS_OF)
    assert (kept.recalled_by, kept.reason, kept.row_count) == ("head", "платено късно", 1)
    kill = (
        out.folder.parent
        / "recalled"
        / AS_OF.isoformat()
        / "disconnections"
        / "kill-disconnections.csv"
    )
    assert hashlib.sha256(kill.read_bytes()).hexdigest() in browser.get(PAGE).text
    given = browser.get(f"/releases/disconnections/1/kill-disconnections.csv?as_of={AS_OF}")
    assert given.content == kill.read_bytes()


def test_only_who_may_approve_a_list_may_take_it_back(
    out: Night, browse: Ask, engine: Engine
) -> None:
    legal, stranger = browse("legal", name="legal"), browse("collections", name="other")
    for browser in (legal, stranger):
        assert "Отзови" not in browser.get(PAGE).text
        assert send(browser, RECALL, reason="не", confirmed="yes")[0] == 400
    assert fetch_recalls(engine, AS_OF) == []


def test_marking_nothing_takes_nothing_back(out: Night, browse: Ask, engine: Engine) -> None:
    assert send(browse("collections", name="head"), RECALL, scope="rows", reason="не")[0] == 400
    assert fetch_recalls(engine, AS_OF) == []


def test_the_files_of_cases_are_for_those_who_may_see_identifiers(out: Night, browse: Ask) -> None:
    address = f"/releases/court/sent/court.csv?as_of={AS_OF}"
    statuses = [
        browse(role).get(address).status_code
        for role in ("legal", "admin", "collections", "viewer")
    ]
    assert statuses[0] == 200 and set(statuses[1:]) == {403}


@pytest.mark.parametrize(
    "address",
    [
        f"/releases/disconnections?as_of={days(-1)}",
        f"/releases/nothing?as_of={AS_OF}",
        f"/releases/disconnections/7/kill-disconnections.csv?as_of={AS_OF}",
        f"/releases/disconnections/sent/../manifest.json?as_of={AS_OF}",
    ],
)
def test_what_did_not_leave_has_no_page(out: Night, browse: Ask, address: str) -> None:
    assert browse("collections", name="head").get(address).status_code == 404
