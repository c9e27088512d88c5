"""The preview of a premise's notices, and who is due on a night."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dunning.jobs.monthly import due
from dunning.jobs.monthly import preview as render_preview
from tests.jobs.nights import AS_OF, Night, contents, days, dunning, nightly, say_fresh
from tests.jobs.notices import notices
from tests.kept_nights import Keep, close_nights
from tests.world import World


def _close(folder: Path) -> None:
    """A closed night of four: two with a bill, by post and by e-mail, one without anything, one
    without an address.
    """
    ledger = (
        World()
        .account(1, ("2026-12-14", "10.00"), phone=False)
        .account(2, ("2026-10-01", "20.00"), email=True, phone=False)
    )
    ledger.account(3, phone=False).account(4, ("2026-12-14", "40.00"), phone=False)
    ledger.payer("NEXT", postal_address="ул. Друга 2", postal_settlement="София")
    ledger.add("tenancies", premise_no="000001", payer_code="NEXT", valid_from=date(2026, 11, 1))
    ledger.rows["payers"][3] |= {"postal_address": "", "postal_settlement": ""}
    ledger.rows["tenancies"][3]["valid_until"] = "2026-11-20"
    close_nights(ledger, folder)


@pytest.fixture
def ledger(kept: Keep, home: Path, engine: Engine, tmp_path: Path) -> Path:
    """The ledger of that night."""
    kept(_close).restore(engine, tmp_path)
    return tmp_path / "ledger"


def preview(*words: str) -> Night:
    """Run the command."""
    return dunning("notices", "--as-of", AS_OF.isoformat(), "--preview", *words)


def test_a_file_for_each_account_that_gets_one_and_why_not_for_the_others(
    ledger: Path, home: Path, engine: Engine
) -> None:
    before = contents(engine)
    both, own, by_email = preview("000001"), preview("000001", "P1"), preview("000002")
    folder = home / "preview"
    files = [folder / "20261122-NP-000001-P1.pdf", folder / "20261122-NE-000002-P2.pdf"]

    assert [run.told for run in (both, own, by_email)] == [""] * 3
    assert both.printed.splitlines() == [
        "Абонатен № 000001, код на платец NEXT: без съобщение, няма нито нов документ, нито неплатена сума.",
        str(files[0]),
    ]
    assert own.printed.splitlines() == [str(files[0])]
    assert by_email.printed.splitlines() == [str(files[1])]
    assert {file: (file.read_bytes()[:5], stat.S_IMODE(file.stat().st_mode)) for file in files} == {
        file: (b"%PDF-", 0o600) for file in files
    }
    assert contents(engine) == before


def test_what_is_shown_is_what_is_sent(ledger: Path, home: Path, tmp_path: Path) -> None:
    run = notices(tmp_path / "out")
    preview("000002")

    sent = run.folder / "email" / "20261122-NE-000002-P2.pdf"
    assert (home / "preview" / sent.name).read_bytes() == sent.read_bytes()


def test_who_is_withheld_is_told_with_the_reason(ledger: Path, home: Path) -> None:
    run = preview("000004")

    assert (run.code, run.printed) == (
        0,
        ("Абонатен № 000004, код на платец P4: без съобщение, задържано (няма адрес).\n"),
    )
    assert not (home / "preview").exists()


def test_an_account_that_is_not_there_is_refused(ledger: Path) -> None:
    refused = preview("000001", "P9")

    assert (refused.code, refused.messages) == (
        1,
        [
            "dunning: There is no account of premise 000001, payer P9 on 2026-11-22. Check the numbers (leading zeros "
            "count) and the date."
        ],
    )


def test_who_is_due_on_a_night(home: Path, tmp_path: Path) -> None:
    """Heat begins on a 15th, electricity on a 13th (notices.toml); who was written to is due a
    month later.
    """
    customers = (
        World()
        .account(1, ("2026-12-14", "10.00"), phone=False)
        .account(2, ("2026-12-14", "10.00"), service="heat", phone=False)
    )
    folder = say_fresh(customers.write(tmp_path / "ledger"))
    out = str(tmp_path / "out")

    def due_on(day: date, service: str = "") -> list[str]:
        return [order["service"] for order in due.run(day.isoformat(), out, service)]

    assert due.run(None, out) == []
    nights = {n: nightly(folder, tmp_path / "out", days(n)).code for n in (-9, -8, -7, 21)}
    assert set(nights.values()) == {0}
    assert [due_on(days(n)) for n in (-9, -8, -7)] == [["electricity"], [], ["heat"]]
    assert notices(tmp_path / "out", as_of=days(-9)).code == 0
    assert (due_on(days(-9)), due_on(days(-8)), due_on(days(21))) == ([], [], ["electricity"])
    assert due.run(None, out) == [
        {
            "as_of": days(21).isoformat(),
            "out": out,
            "service": "electricity",
            "dry_run": False,
            "policy": None,
        }
    ]
    assert (due_on(days(-8), "heat"), due_on(days(-8), "all")) == (
        ["heat"],
        ["heat", "electricity"],
    )


def test_twelve_who_ask_for_one_notice_at_once_all_get_it(ledger: Path, home: Path) -> None:
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(render_preview.render, "000001", "P1", AS_OF) for _ in range(12)]
        (content,) = {tuple(one.result().notices.items()) for one in asked}
    assert content[0][0] == "20261122-NP-000001-P1.pdf" and content[0][1].startswith(b"%PDF-")
    assert not (home / "preview").exists()
