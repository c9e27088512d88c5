"""Each document is new on one notice, whenever it arrives; and what is to pay stands there by
name.
"""

import re
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from dunning.gateways.store import notices as store
from dunning.gateways.store.shown import fetch_shown
from tests.documents.notice.notices import read_column, read_pages
from tests.jobs.nights import Night, contents, dunning, hashes, nightly, say_fresh
from tests.jobs.notices import notices, references_of
from tests.world import World, premise_of

SUM = r"(\d[\d ]*),(\d\d) €"
OCTOBER, NOVEMBER, DECEMBER, JANUARY = (
    date(2026, 10, 13),
    date(2026, 11, 13),
    date(2026, 12, 13),
    date(2027, 1, 13),
)


class Books(World):
    """One customer with 100,00 overdue; bills come by number with the day on which they were issued
    and one line.
    """

    def issue(
        self, invoice_no: str, issued_on: str, due_on: str, amount: str, **cells: str
    ) -> "Books":
        """Add a bill or another document of account 1."""
        line = "" if "kind" in cells else f"Ред на {invoice_no}"
        told = {"invoice_no": invoice_no, "issued_on": issued_on, **cells}
        return self.invoice(1, due_on, amount, line=line, **told)


def books() -> Books:
    """Return what November's extract has: one old bill, overdue, and one of that month."""
    made = Books()
    made.account(1, phone=False)
    return made.issue("OLD", "2026-09-10", "2026-09-30", "100.00").issue(
        "NOV", "2026-11-02", "2026-11-20", "40.00"
    )


def month(ledger: World, to: Path, as_of: date, *options: str) -> Night:
    """Close a night with a ledger and make its notices."""
    folder = say_fresh(ledger.write(to / f"ledger-{as_of}"), date(2027, 12, 31))
    closed = nightly(folder, to / "out", as_of, *options)
    assert closed.code == 0, closed.told
    run = notices(to / "out", as_of=as_of)
    assert run.code == 0, run.told
    return run


def words(run: Night) -> str:
    """Return the text of all that is printed, on one line."""
    files = sorted((run.folder / "print").glob("*.pdf"))
    pages = (page for file in files for page in read_pages(file.read_bytes()))
    return " ".join(" ".join(pages).replace("\N{NO-BREAK SPACE}", " ").split())


def column(run: Night) -> list[int]:
    """Return what stands in the column of what is to pay, in cents."""
    return [
        cents
        for file in sorted((run.folder / "print").glob("*.pdf"))
        for cents in read_column(file.read_bytes())
    ]


def to_pay(said: str) -> int:
    """Return what a page says is to pay, in cents."""
    head = re.search(
        rf"{SUM} За плащане", said
    )  # the sum is drawn larger, so its line begins above
    assert head is not None, said
    return int(head[1].replace(" ", "") + head[2])


def shown(run: Night) -> list[str]:
    """Return the bills that stand as new, with a line of their own."""
    return [
        number
        for number in ("OLD", "NOV", "LATE", "DEC", "JAN")
        if f"Ред на {number}" in words(run)
    ]


def test_what_comes_late_is_new_in_the_next_month(home: Path, tmp_path: Path) -> None:
    """Issued before the notices of 13.11., in the extract only after them: a bill with its lines,
    and a credit note.
    """
    first = month(books(), tmp_path, NOVEMBER)
    later = (
        books()
        .issue("LATE", "2026-11-12", "2026-12-20", "55.55")
        .issue("DEC", "2026-12-05", "2026-12-20", "66.66")
    )
    later.issue("CN", "2026-11-10", "2026-11-10", "-30.00", kind="credit_note", refers_to="OLD")
    second = month(later, tmp_path, DECEMBER)
    third = month(later.issue("JAN", "2027-01-05", "2027-01-20", "7.00"), tmp_path, JANUARY)

    assert [shown(run) for run in (first, second, third)] == [["NOV"], ["LATE", "DEC"], ["JAN"]]
    assert ["Кредитно известие № CN" in words(run) for run in (first, second, third)] == [
        False,
        True,
        False,
    ]
    assert [run.manifest["total_cents"] for run in (first, second, third)] == [14000, 23221, 23921]
    assert "55,55" in words(second)


def test_a_month_withheld_is_made_up_for(home: Path, tmp_path: Path) -> None:
    """A hold that could not be read kept November's notice here; December's shows both months as
    new.
    """
    refused = books().hold(1)
    refused.rows["holds"][0]["valid_from"] = "никога"
    first = month(refused, tmp_path, NOVEMBER, "--quarantine-limit", "holds=1")
    second = month(books().issue("DEC", "2026-12-05", "2026-12-20", "66.66"), tmp_path, DECEMBER)

    assert (references_of(first), first.manifest["withheld"]["reasons"]) == (
        [],
        {"refused_evidence": 1},
    )
    assert shown(second) == ["NOV", "DEC"]


def test_what_is_to_pay_but_neither_new_nor_overdue_is_named(home: Path, tmp_path: Path) -> None:
    """A bill due in a long time was new in November; in December and when a part of it is paid it
    stands by name.
    """
    first = month(books().issue("LATE", "2026-11-12", "2027-03-01", "55.55"), tmp_path, NOVEMBER)
    later = (
        books()
        .issue("LATE", "2026-11-12", "2027-03-01", "55.55")
        .issue("DEC", "2026-12-05", "2026-12-20", "66.66")
    )
    later.add(
        "payments",
        payment_no="Z1",
        premise_no=premise_of(1),
        payer_code="P1",
        invoice_no="DEC",
        paid_on="2026-12-10",
        amount="6.66",
        currency="EUR",
        channel="bank",
    )
    second = month(later, tmp_path, DECEMBER)
    said = words(second)

    assert (shown(first), shown(second)) == (["NOV", "LATE"], ["DEC"])
    assert "Стои от по-рано" not in words(first)
    assert "Фактура № LATE 55,55 € Стои от по-рано, със срок за плащане 01.03.2027 г." in said
    assert (
        "Фактура № DEC 60,00 € Общо 66,66 €, погасени 6,66 €. Срок за плащане: 20.12.2026 г. Ред на DEC"
        in said
    )
    assert "Ред на DEC 66,66 €" in said
    assert column(first) == [40_00, 55_55, 100_00]
    assert column(second) == [60_00, 55_55, 100_00 + 40_00]
    assert sum(column(second)) == to_pay(said) == second.manifest["total_cents"]


def test_what_is_new_and_overdue_already_is_reckoned_once(home: Path, tmp_path: Path) -> None:
    """Late delivery, and ten euro of it paid: shown as new with its lines; its sum stands in the
    overdue row alone.
    """
    month(books(), tmp_path, NOVEMBER)
    later = (
        books()
        .issue("LATE", "2026-11-12", "2026-11-30", "60.00")
        .issue("DEC", "2026-12-05", "2026-12-20", "66.66")
    )
    later.add(
        "payments",
        payment_no="Z1",
        premise_no=premise_of(1),
        payer_code="P1",
        invoice_no="LATE",
        paid_on="2026-12-10",
        amount="10.00",
        currency="EUR",
        channel="bank",
    )
    second = month(later, tmp_path, DECEMBER)
    said = words(second)

    assert shown(second) == ["LATE", "DEC"]
    assert (
        "Фактура № LATE Общо 60,00 €, погасени 10,00 €. Срокът е изтекъл; сумата за плащане е в реда „Просрочено“. "
        "Ред на LATE 60,00 €"
    ) in said
    assert said.count("Срокът е изтекъл") == 1
    assert column(second) == [66_66, 100_00 + 40_00 + 50_00]
    assert sum(column(second)) == to_pay(said) == second.manifest["total_cents"]


def test_a_month_made_up_for_when_it_is_overdue_is_reckoned_once(
    home: Path, tmp_path: Path
) -> None:
    """November's notice was withheld; in December all of it is new and overdue, and nothing else is
    to pay.
    """
    refused = books().hold(1)
    refused.rows["holds"][0]["valid_from"] = "никога"
    month(refused, tmp_path, NOVEMBER, "--quarantine-limit", "holds=1")
    second = month(books(), tmp_path, DECEMBER)

    assert "Фактура № NOV Общо 40,00 €. Срокът е изтекъл" in words(second)
    assert column(second) == [140_00]
    assert to_pay(words(second)) == 140_00


def test_what_is_new_and_not_to_be_paid_now_adds_nothing_and_says_why(
    home: Path, tmp_path: Path
) -> None:
    """Paid, held, under an agreement, and a credit note that has been set off: the total is what
    the others leave.
    """
    month(books(), tmp_path, NOVEMBER)
    later = books()
    for number, amount in (
        ("PAID", "11.00"),
        ("HELD", "22.00"),
        ("AGREED", "33.00"),
        ("DEC", "44.00"),
    ):
        later.issue(number, "2026-12-05", "2026-12-20", amount)
    later.issue("CN", "2026-12-06", "2026-12-06", "-30.00", kind="credit_note", refers_to="OLD")
    same = {"premise_no": premise_of(1), "payer_code": "P1"}
    later.add(
        "payments",
        payment_no="Z1",
        invoice_no="PAID",
        paid_on="2026-12-10",
        amount="11.00",
        currency="EUR",
        channel="bank",
        **same,
    )
    later.add("holds", hold_no="H1", invoice_no="HELD", reason="dispute", valid_from="2026-12-08")
    later.add(
        "agreements", agreement_no="A1", applied_on="2026-12-08", signed_on="2026-12-09", **same
    )
    later.add("agreement_items", agreement_no="A1", invoice_no="AGREED")
    later.add(
        "instalments",
        agreement_no="A1",
        seq="1",
        due_on="2027-01-10",
        amount="33.00",
        currency="EUR",
    )
    second = month(later, tmp_path, DECEMBER)
    said = words(second)

    for told in (
        "Фактура № PAID Общо 11,00 €, погасени 11,00 €. Не остава нищо за плащане, благодарим Ви. Ред на PAID 11,00 €",
        "Фактура № HELD Общо 22,00 €. Сумата не влиза в „За плащане“: има възражение, проверка или съдебно дело. Ред",
        "Фактура № AGREED Общо 33,00 €. Сумата не влиза в „За плащане“: плаща се по споразумението Ви за разсрочване.",
        "Кредитно известие № CN Общо 30,00 €. Сумата е приспадната от сметките Ви.",
    ):
        assert told in said
    assert column(second) == [44_00, 100_00 - 30_00 + 40_00]
    assert sum(column(second)) == to_pay(said) == second.manifest["total_cents"]


def test_before_the_first_numbers_what_was_issued_up_to_the_last_run_was_shown(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    """A house that wrote before numbers were kept: nothing that it sent stands as new again."""
    first = month(books(), tmp_path, NOVEMBER)
    with engine.begin() as connection:  # as that version recorded it
        for table in ("notice_numbers", "notice_runs"):
            connection.execute(text(f"ALTER TABLE dunning.{table} DISABLE TRIGGER USER"))
        connection.execute(text("DELETE FROM dunning.notice_numbers"))
        connection.execute(text("UPDATE dunning.notice_runs SET shown_until = NULL"))
        for table in ("notice_numbers", "notice_runs"):
            connection.execute(text(f"ALTER TABLE dunning.{table} ENABLE TRIGGER USER"))
    again = notices(tmp_path / "again", as_of=NOVEMBER)
    later = (
        books()
        .issue("LATE", "2026-11-12", "2026-12-20", "55.55")
        .issue("DEC", "2026-12-05", "2026-12-20", "66.66")
    )
    second = month(later, tmp_path, DECEMBER)
    later.issue("JAN", "2026-12-11", "2027-01-20", "7.00")
    third = month(later, tmp_path, JANUARY)

    assert hashes(again.folder) == hashes(first.folder)
    assert [shown(run) for run in (second, third)] == [["DEC"], ["JAN"]]
    assert "LATE" in words(second)


def test_a_month_run_again_knows_what_it_knew(home: Path, engine: Engine, tmp_path: Path) -> None:
    """Its bytes stay, whatever later months have shown; and nothing is recorded a second time."""
    first = month(books(), tmp_path, NOVEMBER)
    second = month(books().issue("DEC", "2026-12-05", "2026-12-20", "66.66"), tmp_path, DECEMBER)
    before = contents(engine)
    again = [notices(tmp_path / "again", as_of=day) for day in (NOVEMBER, DECEMBER)]

    assert [hashes(run.folder) for run in again] == [hashes(run.folder) for run in (first, second)]
    assert contents(engine) == before


def test_a_month_made_up_for_later_shows_nothing_again(home: Path, tmp_path: Path) -> None:
    """December was written to before November; what December has shown is not new in November's."""
    folder = say_fresh(books().write(tmp_path / "ledger"), date(2027, 12, 31))
    for day in (OCTOBER, NOVEMBER, DECEMBER):
        assert nightly(folder, tmp_path / "out", day).code == 0
    _, second, first = (
        notices(tmp_path / "out", as_of=day) for day in (OCTOBER, DECEMBER, NOVEMBER)
    )
    again = notices(tmp_path / "again", as_of=DECEMBER)

    assert (shown(second), shown(first)) == (["NOV"], [])
    assert hashes(again.folder) == hashes(second.folder)


def test_what_only_a_trial_or_a_preview_showed_was_not_shown(home: Path, tmp_path: Path) -> None:
    folder = say_fresh(books().write(tmp_path / "ledger"), date(2027, 12, 31))
    nightly(folder, tmp_path / "out", NOVEMBER)
    told = dunning("notices", "--as-of", NOVEMBER.isoformat(), "--preview", premise_of(1))
    (file,) = (home / "preview").glob("*.pdf")
    trial = notices(tmp_path / "trial", "--dry-run", as_of=NOVEMBER)
    real = notices(tmp_path / "out", as_of=NOVEMBER)

    assert (told.code, "Ред на NOV" in " ".join(read_pages(file.read_bytes()))) == (0, True)
    assert (shown(trial), shown(real)) == (["NOV"], ["NOV"])


def test_the_numbers_stand_in_the_store_with_the_run_and_are_kept(
    home: Path, engine: Engine, tmp_path: Path
) -> None:
    """Those of a run that was taken back go with it; the database refuses to lose any other."""
    month(books(), tmp_path, NOVEMBER)
    run = store.fetch_notice_run(engine, NOVEMBER, "electricity")
    assert run is not None and run.run_no is not None
    with engine.connect() as connection:
        (bucket,) = connection.execute(text("SELECT bucket FROM dunning.notice_numbers")).scalars()
    kept = fetch_shown(engine, "electricity", bucket, run.run_no).to_pylist()
    before = fetch_shown(engine, "electricity", bucket, run.run_no - 1).to_pylist()

    assert (kept, before, fetch_shown(engine, "heat", bucket, run.run_no).to_pylist()) == (
        ["NOV"],
        [],
        [],
    )
    for refused in ("DELETE FROM", "TRUNCATE", "UPDATE"):
        words = f"{refused} dunning.notice_numbers" + (
            " SET bucket = 0" if refused == "UPDATE" else ""
        )
        with (
            pytest.raises(Exception, match="recorded once and stays"),
            engine.begin() as connection,
        ):
            connection.execute(text(words))
