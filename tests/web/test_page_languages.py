"""Pages as they are shown: no English word on a Bulgarian one, no Bulgarian word on an English one,
but for data.
"""

import html
import re
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.gateways.store.holds import append_hold
from tests.documents.test_page_languages import NAMES
from tests.jobs.nights import AS_OF, days, nightly, say_fresh
from tests.web.conftest import Ask
from tests.world import World

PAGES = (
    "/",
    "/ageing",
    "/accounts",
    "/accounts/000001/P1",
    "/accounts/000002/P2",
    "/lists",
    "/lists/reminders",
    "/lists/disconnections",
    "/lists/withheld",
    "/lists/quarantine",
    "/lists/holds",
    "/lists/court",
    "/releases",
    "/groups/overdue",
    "/groups/near_limitation",
    "/nowhere",
    "/accounts/9/9",
    "/?as_of=2020-01-01",
    "/lists/disconnections/000001/P1",
    "/accounts/000001/P1/notice.pdf?as_of=2020-01-01",
)
# What each frame offers in the other language, who asks, and the letters of a reference.
_FRAME = {"English", "Български", "legal", "FS"}


@pytest.fixture
def data(home: Path, engine: Engine, tmp_path: Path) -> set[str]:
    """A closed night with something on most lists; gives every word of its ledger."""
    people = World().warned_of_disconnection(1).account(2, ("2026-11-01", "60.00"))
    people.add(
        "invoices",
        invoice_no="X9",
        premise_no="000002",
        payer_code="P2",
        kind="bill",
        issued_on="2026-10-01",
        due_on="2026-99-01",
        amount="1.00",
        currency="EUR",
    )
    folder = say_fresh(people.write(tmp_path / "ledger"))
    assert nightly(folder, tmp_path / "out", AS_OF, "--quarantine-limit", "0.9").code == 0
    append_hold(
        engine,
        premise_no="000002",
        payer_code="P2",
        list_name="account",
        struck_on=AS_OF,
        note="N",
        author="legal",
        valid_until=days(3),
        reason="dispute",
    )
    told = " ".join(f"{path.name} {path.read_text('utf-8')}" for path in folder.glob("*.csv"))
    return set(re.findall(r"\w+", told)) - {"invoices"}


def words_of(page: str) -> set[str]:
    """Return the words that somebody reads or hears, without addresses and forms' values."""
    told = re.sub(r'<(script|style).*?</\1>|lang="(?!bg|en)[^"]*"', " ", page, flags=re.DOTALL)
    spoken = re.findall(r'(?:aria-label|placeholder|title)="([^"]*)"', told)
    plain = re.sub(r"<[^>]*>", " ", told)
    return set(re.findall(r"\w+", html.unescape(" ".join([plain, *spoken]))))


@pytest.mark.parametrize("language", ["bg", "en"])
def test_a_page_is_in_the_language_of_its_reader(
    browse: Ask, data: set[str], language: str
) -> None:
    browser = browse("legal", language)
    browser.cookies.set("dunning_language", language)
    other = re.compile(r"[A-Za-z]{2,}" if language == "bg" else r"[А-я]{2,}")
    found = {}
    for path in PAGES:
        words = words_of(re.sub(r"\w+\.csv", "", browser.get(path).text))
        wrong = {word for word in words if other.fullmatch(word)} - data - NAMES - _FRAME
        if wrong:
            found[path] = wrong
    assert found == {}
    cell = {"bg": "колона due_on: „2026-99-01“", "en": "column due_on: “2026-99-01”"}[language]
    assert cell in browser.get("/lists/quarantine").text
