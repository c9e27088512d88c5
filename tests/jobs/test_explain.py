"""One account on one screen: every fact behind its stage, worked out by hand beside it."""

from pathlib import Path

import pytest

from tests.jobs.nights import AS_OF, days, dunning, nightly, say_fresh
from tests.world import World

# What was owed: a bill in leva of 195,58 = 100,00 €, less 40,00 and 10,00; a disputed one; one that
# is not due yet.
HEAD = [
    "Абонатен № 000001, код на платец P1 (електроенергия)",
    "Неплатено 233,00 €, от него просрочено 50,00 € (1 фактура), задържано 150,00 €; лихва 23,13 €; надплатено 0,00 €",
    "Най-стар изтекъл срок 01.06.2025 (539 дни); първа давност 02.06.2028",
    "Етап: ПОСЛЕДНО ПРЕДУПРЕЖДЕНИЕ (правило: последно предупреждение)",
    "1 фактура за 50,00 € (нужни са поне 50,00 €); най-старата е просрочена 539 дни (нужни са поне 60 дни); "
    "напомняне е връчено на 05.09.2026 (нужни са поне 15 дни след връчването).",
    "Броят се: B1 – 50,00 €, срок 01.06.2025.",
    "Защо не по-висок? Следващият етап е „за съд“. Не се стига до него, защото няма връчено съобщение (последно "
    "предупреждение), което да обхваща сумите и от което да са минали поне 30 дни.",
    "Няма по-висок етап, който да настъпи сам.",
    "Основания: задържане: оспорена сума; има сума, чийто срок още не е изтекъл; има просрочена сума.",
]
ITEMS = [
    # 195,58 / 1,95583 x (29 x 12,95 % + 184 x 11,91 %) / 360 = 7,1304; 100,00 x 161 x 10,15 % / 360
    # = 4,5393; 60,00 x 163 x 10,15 % / 360 = 2,7574; 50,00 x 2 x 10,15 % / 360 = 0,0282; together
    # 14,4553
    "B1 сметка 01.06.2025 195,58 лв. 50,00 € 14,46 € 539 02.06.2028 да",
    "F000001 сметка 01.05.2026 150,00 € 150,00 € 8,67 € 205 задържане 02.05.2029",
    "F000002 сметка 10.12.2026 33,00 € 33,00 € 0,00 € 0 11.12.2029",
]
SEGMENTS = [
    # an item is rounded once: 1,0432; 7,1304; 11,6697; 14,4271; 14,4553 are rounded, and their
    # differences stand here
    "B1 02.06.2025 30.06.2025 29 12,95 % 195,58 лв. 1,04 €",
    "B1 01.07.2025 31.12.2025 184 11,91 % 195,58 лв. 6,09 €",
    "B1 01.01.2026 10.06.2026 161 10,15 % 100,00 € 4,54 €",
    "B1 11.06.2026 20.11.2026 163 10,15 % 60,00 € 2,76 €",
    "B1 21.11.2026 22.11.2026 2 10,15 % 50,00 € 0,03 €",
    "F000001 02.05.2026 22.11.2026 205 10,15 % 150,00 € 8,67 €",
]
OTHERS = [
    "просрочено 1 фактура 50,00 € 1,00 € 539 1 да",
    "последно предупреждение 1 фактура 50,00 € 50,00 € 539 60 напомняне, 15 дни да",
    "за съд 0 фактури 0,00 € 100,00 € 0 180 последно предупреждение, 30 дни не",
    "H1 оспорване F000001 01.01.2026 рекламации проверка",
    "N000001 напомняне писмо 01.09.2026 05.09.2026",
    "01.01.2012 1",
]


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger in which one account has something of everything, and another one is settled."""
    debtors = World().account(1, ("2026-05-01", "150.00"), ("2026-12-10", "33.00"))
    debtors.add(
        "invoices",
        invoice_no="B1",
        premise_no="000001",
        payer_code="P1",
        kind="bill",
        issued_on="2025-05-01",
        due_on="2025-06-01",
        amount="195.58",
        currency="BGN",
    )
    debtors.payment(1, "2026-06-10", "40.00").payment(1, "2026-11-20", "10.00")
    debtors.notice(1, "overdue", "2026-09-01", "2026-09-05")
    debtors.add(
        "holds",
        hold_no="H1",
        premise_no="000001",
        payer_code="P1",
        invoice_no="F000001",
        reason="dispute",
        valid_from="2026-01-01",
        author="рекламации",
        note="проверка",
    )
    debtors.account(2, ("2026-10-01", "70.00")).payment(2, "2026-10-02", "70.00")
    return say_fresh(debtors.write(tmp_path / "ledger"))


def lines(*words: str) -> list[str]:
    """Return the lines of a page with single spaces."""
    told = dunning("explain", *words)
    assert (told.code, told.told) == (0, "")
    return [" ".join(line.split()) for line in told.printed.splitlines()]


def test_the_page_has_every_fact(ledger: Path, home: Path, tmp_path: Path) -> None:
    nightly(ledger, tmp_path / "out")
    page = lines("000001", "--as-of", AS_OF.isoformat())

    assert [line for line in (*HEAD, *ITEMS, *SEGMENTS, *OTHERS) if line not in page] == []
    assert [
        line for line in page if "B1" in line and "40,00 €" in line and "10.06.2026" in line
    ] != []
    assert [
        line for line in page if "B1" in line and "10,00 €" in line and "20.11.2026" in line
    ] != []


def test_the_next_night_knows_our_own_message(ledger: Path, home: Path, tmp_path: Path) -> None:
    for n in (0, 1):
        nightly(ledger, tmp_path / "out", days(n))
    # what counts is below the court's least sum: a reminder, no last warning
    sent = "20261122-OS-000001-P1 напомняне SMS 22.11.2026 23.11.2026"
    pages = [lines("000001", "P1", "--as-of", days(n).isoformat()) for n in (0, 1)]

    assert [sent in page for page in pages] == [False, True]


def test_an_account_that_owes_nothing_has_its_page_too(
    ledger: Path, home: Path, tmp_path: Path
) -> None:
    nightly(ledger, tmp_path / "out")
    page = lines("000002", "--as-of", AS_OF.isoformat())

    assert page[2].startswith("Неплатено 0,00 €")
    assert [
        line for line in page if "F000004" in line and "70,00 €" in line and "02.10.2026" in line
    ] != []


def test_a_past_night_is_explained_from_its_own_ledger_and_history(
    ledger: Path, home: Path, tmp_path: Path
) -> None:
    """The store knows the snapshot of each date; what came later, a new ledger and new deeds, is
    not in the story.
    """
    nightly(ledger, tmp_path / "out")
    then = lines("000001", "--as-of", AS_OF.isoformat())
    paid = (ledger / "payments.csv").read_text("utf-8")
    (ledger / "payments.csv").write_text(
        f"{paid}Z9;000001;P1;;2026-11-21;233.00;EUR;bank;\n", "utf-8"
    )
    nightly(ledger, tmp_path / "out", days(1))

    assert lines("000001", "--as-of", AS_OF.isoformat()) == then
    assert lines("000001", "--as-of", days(1).isoformat())[2].startswith("Неплатено 0,00 €")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("000009", "--as-of", "2026-11-22"),
            "There is no account of premise 000009 on 2026-11-22. Check the numbers "
            "(leading zeros count) and the date.",
        ),
        (
            ("1", "--as-of", "2026-11-22"),
            "There is no account of premise 1 on 2026-11-22. Check the numbers "
            "(leading zeros count) and the date.",
        ),
        (
            ("000001", "P2", "--as-of", "2026-11-22"),
            "There is no account of premise 000001, payer P2 on 2026-11-22. "
            "Check the numbers (leading zeros count) and the date.",
        ),
        (
            ("000001", "--as-of", "2026-11-23"),
            "No run of 2026-11-23 is known here, so there is nothing to look at. "
            "Run `dunning nightly --ledger DIR --as-of 2026-11-23` first, with the extract of that day.",
        ),
    ],
)
def test_what_is_not_known_is_refused_with_a_cure(
    words: tuple[str, ...], said: str, ledger: Path, home: Path, tmp_path: Path
) -> None:
    nightly(ledger, tmp_path / "out")
    told = dunning("explain", *words)

    assert (told.code, told.printed, told.messages) == (1, "", [f"dunning: {said}"])
