"""An account's page: whoever is at the phone protects it in one step."""

import html
import re
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.gateways.store.holds import fetch_holds
from tests.jobs.nights import Debtors, Night, nightly, say_fresh
from tests.web.conftest import Ask

ACCOUNT = "/accounts/000001/P1"
NOTE = 'Сметката е <b>"оспорена"</b>, обаждане 22.11.'


@pytest.fixture
def night(home: Path, tmp_path: Path) -> Night:
    people = Debtors().debtor(1, ("2026-09-01", "150.00")).debtor(2, ("2026-11-01", "60.00"))
    night = nightly(say_fresh(people.write(tmp_path / "ledger")), tmp_path / "out")
    assert night.code == 0, night.told
    return night


def said(page: str, role: str = "alert") -> str:
    found = re.search(rf'role="{role}">(.*?)</div>', page, re.DOTALL)
    assert found, page
    return " ".join(html.unescape(re.sub("<[^>]*>", "", found[1])).split())


def token(page: str) -> str:
    return re.search(r'name="form_token" value="(\w+)"', page)[1]


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
