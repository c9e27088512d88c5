"""The first page of the morning answers three questions: may I trust it, what must I do, what is
different.
"""

import html
import re
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.gateways.store.holds import append_hold
from tests.jobs.nights import AS_OF, days
from tests.kept_nights import Keep, close_nights
from tests.web.conftest import Ask
from tests.world import World


def _close(folder: Path) -> None:
    """One on the list of disconnections, one who gets a message; two nights."""
    people = World().warned_of_disconnection(1).account(2, ("2026-11-01", "60.00"))
    (folder / "home" / "people.toml").write_text(
        '[people.head]\nrole = "collections"\napproves = ["disconnections"]\n', "utf-8"
    )
    close_nights(people, folder, days(-1), AS_OF)


@pytest.fixture
def nights(kept: Keep, home: Path, engine: Engine, tmp_path: Path) -> None:
    kept(_close).restore(engine, tmp_path)


def plain(page: str) -> str:
    said = html.unescape(re.sub("<svg.*?</svg>|<[^>]*>", " ", page, flags=re.DOTALL))
    return " ".join(said.split()).replace(" ,", ",")


def test_it_says_whether_the_night_may_be_trusted_and_what_to_do_until_when(
    browse: Ask, nights: None
) -> None:
    page = browse("collections", name="head").get("/").text
    said = plain(page)

    assert (
        "Може ли да се вярва на тази нощ?" in said and "Книгите се връзват до стотинката." in said
    )
    assert re.search(
        r"Прекъсване 1 ред, 150,00 € чака одобрение до \d\d\.\d\d\.\d{4} \d\d:\d\d – head Отговори",
        said,
    )
    assert (
        said.index("Може ли да се вярва")
        < said.index("Какво да се направи сега")
        < said.index("Какво е различно")
    )
    first, unfolded = page.split('<details class="card">', 1)
    assert ("Фактурирано" in first, "Фактурирано" in unfolded) == (False, True)


def test_every_number_that_moved_leads_to_its_rows_the_largest_first(
    browse: Ask, nights: None
) -> None:
    page = browse("collections").get("/").text
    table = re.search(r'<table class="grid tight">.*?</table>', page, re.DOTALL)[0]
    rows = re.findall(r"<tr><th.*?</tr>", table, re.DOTALL)[1:]

    links = [re.search(r'href="([^"]*)"', row) for row in rows]
    assert (
        all(links)
        or [row for row, link in zip(rows, links, strict=True) if not link and "съд" not in row]
        == []
    )
    assert (
        "/groups/overdue?as_of=2026-11-22" in table
        and "/lists/disconnections?as_of=2026-11-22" in table
    )
    assert len(rows) == table.count('<svg class="trend"')
    moved = [int(re.findall(r'<td class="number">\+?(-?\d+)</td>', row)[1]) for row in rows]
    assert moved[-1] == 0 and any(moved[:1])
    assert "Нощи: 2." in table


def test_each_role_is_led_only_where_it_may_go(browse: Ask, nights: None) -> None:
    for role in ("viewer", "adviser", "collections", "legal"):
        browser = browse(role)
        page = browser.get("/").text
        links = set(re.findall(r'href="(/(?:groups|lists|ageing)[^"]*)"', page))
        assert {200} == {browser.get(html.unescape(link)).status_code for link in links}, role


def test_an_author_is_reminded_of_a_protection_that_ends(
    browse: Ask, nights: None, engine: Engine
) -> None:
    append_hold(
        engine,
        premise_no="000002",
        payer_code="P2",
        list_name="account",
        struck_on=AS_OF,
        note="обаждане",
        author="maria",
        valid_until=days(3),
        reason="vulnerable",
    )
    told = "Ваша защита (уязвим клиент) изтича на 25.11.2026."

    assert told in plain(browse("adviser", name="maria").get("/").text)
    assert told not in plain(browse("adviser", name="peter").get("/").text)


def test_the_ageing_has_its_pictures_and_is_taken_as_a_workbook(browse: Ask, nights: None) -> None:
    viewer = browse("viewer")
    page = viewer.get("/ageing").text
    (link,) = re.findall(r'href="([^"]*)">Изтегли като Excel</a>', page)
    taken = viewer.get(html.unescape(link))

    assert page.count('<svg class="chart"') >= 5
    name = taken.headers["content-disposition"]
    assert (200, True) == (taken.status_code, f'filename="ageing-{AS_OF}.xlsx"' in name)
    assert b"PK" == taken.content[:2]


@pytest.mark.parametrize("role", ["adviser", "collections"])
def test_a_group_shows_its_accounts_and_what_they_owe(browse: Ask, nights: None, role: str) -> None:
    browser = browse(role)
    overdue, warned = (
        plain(browser.get(f"/groups/{name}").text) for name in ("overdue", "final_warning")
    )
    near = browser.get("/groups/near_limitation")

    assert "1 партида, неплатено 60,00 €" in overdue and "000002 P2 60,00 €" in overdue
    assert "1 партида, неплатено 150,00 €" in warned and "000001 P1 150,00 €" in warned
    assert (200, True) == (near.status_code, "Няма такива партиди." in near.text)
    assert 404 == browser.get("/groups/current").status_code
    assert 200 == browser.get("/groups/overdue?page=99").status_code
    assert 403 == browse("viewer").get("/groups/overdue").status_code
