"""What moved from one night to another: who, between which stages and lists, for how much and
why.
"""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine

from dunning.decisions.compare.changes import MOVEMENTS
from dunning.jobs.queries.compare import diff
from tests.jobs.moves import cents, plain_lists, plain_moves, plain_stages
from tests.jobs.nights import AS_OF, Night, contents, days, dunning, nightly, read_csv, say_fresh
from tests.kept_nights import Keep
from tests.world import World

NEXT = days(1)
FOLDER = "diff-2026-11-22-2026-11-23"
PAID = {
    "kind": "moved",
    "stage_before": "overdue",
    "stage_after": "current",
    "lists_left": "reminders/sms",
    "lists_came": "",
    "open_before": "60,00",
    "open_after": "0,00",
    "overdue_before": "60,00",
    "overdue_after": "0,00",
    "paid": "60,00",
    "reminders_before": "sms",
    "reminders_after": "not_overdue",
    "message_before": "overdue",
    "message_after": "",
    "reasons_before": "overdue",
    "reasons_after": "nothing_open",
    "why_not_before": "no_notice",
    "why_not_after": "nothing_overdue",
    "way": "overdue",
    "way_before": "60,00",
    "way_after": "0,00",
    "way_days_before": "21",
    "way_days_after": "0",
    "rule_before": "stages.overdue",
    "rule_after": "stages",
    "why": "просрочено (иска 1,00 € и 1 ден): преди 60,00 €, 21 дни, сега няма просрочена сума; платени 60,00 €; "
    "съобщения: SMS → няма за какво",
}
AGED = {
    "kind": "moved",
    "stage_before": "overdue",
    "stage_after": "final_warning",
    "lists_left": "",
    "lists_came": "",
    "lists_stayed": "reminders/sms",
    "open_before": "155,00",
    "open_after": "155,00",
    "message_before": "overdue",
    "message_after": "final_warning",
    "why_not_before": "days",
    "way": "final_warning",
    "way_before": "155,00",
    "way_after": "155,00",
    "way_days_before": "59",
    "way_days_after": "60",
    "rule_after": "stages.final_warning",
    "why": "последно предупреждение (иска 50,00 € и 60 дни, 15 дни след връчено напомняне): преди 155,00 €, 59 дни, "
    "сега 155,00 €, 60 дни; съобщение: напомняне → последно предупреждение",
}
NEW = {
    "kind": "new",
    "stage_before": "",
    "stage_after": "overdue",
    "lists_left": "",
    "lists_came": "reminders/post",
    "open_before": "",
    "open_after": "80,00",
    "paid": "",
    "reminders_before": "",
    "reminders_after": "post",
    "way": "",
    "why": "нова партида; съобщения: – → писмо",
}
GONE = {
    "premise_no": "'=1+4",
    "kind": "gone",
    "stage_before": "overdue",
    "stage_after": "",
    "lists_left": "reminders/sms",
    "lists_came": "",
    "open_before": "70,00",
    "open_after": "",
    "reasons_after": "",
    "why": "партидата я няма в данните; съобщения: SMS → –",
}
REMINDED = {
    "kind": "moved",
    "stage_before": "overdue",
    "stage_after": "overdue",
    "lists_left": "reminders/sms",
    "lists_came": "",
    "reminders_before": "sms",
    "reminders_after": "sent_lately",
    "way": "",
    "why": "съобщения: SMS → вече е съобщено наскоро",
}


def debtors() -> World:
    """Return who is in both ledgers: 1 pays, 2 gets old, 5 is reminded, 6 was reminded lately, 7
    owes nothing.
    """
    ledger = World().account(1, ("2026-11-01", "60.00")).account(2, ("2026-09-24", "155.00"))
    ledger.notice(2, "overdue", "2026-10-01", "2026-10-05").account(5, ("2026-11-02", "65.00"))
    ledger.account(6, ("2026-10-02", "66.00")).notice(6, "overdue", "2026-11-10", "2026-11-15")
    return ledger.account(7, ("2026-10-01", "70.00")).payment(7, "2026-10-02", "70.00")


def gone() -> World:
    """Return them with one more, whose premise has a number that a spreadsheet would calculate."""
    ledger = debtors().account(4, ("2026-11-03", "70.00"))
    for rows in ledger.rows.values():
        for row in rows:
            row.update({name: "=1+4" for name, cell in row.items() if cell == "000004"})
    return ledger


def come() -> World:
    """Return them with one more, who has no phone, and with what was paid on the next day."""
    ledger = debtors().account(3, ("2026-11-04", "80.00"), phone=False)
    return ledger.payment(1, NEXT.isoformat(), "60.00")


def _close(folder: Path) -> None:
    for name, ledger, day in (("l1", gone(), AS_OF), ("l2", come(), NEXT)):
        closed = nightly(say_fresh(ledger.write(folder / name)), folder / "out", day)
        assert closed.code == 0, closed.told


@pytest.fixture
def nights(kept: Keep, home: Path, engine: Engine, tmp_path: Path) -> None:
    """Two nights on two ledgers."""
    kept(_close).restore(engine, tmp_path)


def compare(*options: str) -> Night:
    """Run the command on the two nights."""
    return dunning("diff", AS_OF.isoformat(), NEXT.isoformat(), *options)


def test_everybody_who_moves_is_listed_with_why(
    nights: None, engine: Engine, tmp_path: Path
) -> None:
    before = contents(engine)
    told = compare("--out", str(tmp_path / "moves"))
    rows = read_csv(tmp_path / "moves" / FOLDER / "diff.csv")

    assert (told.code, told.messages) == (0, [])
    assert [row["premise_no"] for row in rows] == ["000001", "000002", "000003", "000005", "'=1+4"]
    for row, expected in zip(rows, (PAID, AGED, NEW, REMINDED, GONE), strict=True):
        assert {name: row[name] for name in expected} == expected
    assert contents(engine) == before


def test_the_page_has_the_sums_and_says_where_the_rows_lie(nights: None, tmp_path: Path) -> None:
    told = compare("--out", str(tmp_path / "moves"))
    lines = [" ".join(line.split()) for line in told.printed.splitlines()]

    assert [
        line
        for line in (
            "Партиди с друг етап или списък: 3; нови: 1; изчезнали: 1",
            "без просрочие 1 – – – – 1",  # the one who owes nothing
            "просрочено 1 2 1 – 1 5",  # who paid; 5 and 6; who got old; who is gone
            "0,00 € 131,00 € 155,00 € 70,00 € 416,00 €",
            "няма ги – 1 – – – 1",
            "всичко сега 2 3 1 – 1",
            "0,00 € 211,00 € 155,00 € 70,00 €",
            "SMS – 3 1 4 1",
            "195,00 € 155,00 € 350,00 € 155,00 €",
            "писма 1 – – – 1",
            str(tmp_path / "moves" / FOLDER / "diff.csv"),
            str(tmp_path / "moves" / FOLDER / "diff.xlsx"),
        )
        if line not in lines
    ] == []
    assert told.printed.count("нова партида") == 1


def test_without_a_folder_it_says_how_to_get_the_rows(nights: None) -> None:
    assert compare().printed.splitlines()[-1] == "Всички промени, ред по ред: дайте --out ПАПКА."


def test_the_list_is_csv_as_excel_in_bulgaria_opens_it(nights: None, tmp_path: Path) -> None:
    compare("--out", str(tmp_path / "moves"))
    files = sorted((tmp_path / "moves" / FOLDER).iterdir())
    content = files[0].read_bytes()

    assert [file.name for file in files] == ["diff.csv", "diff.xlsx"]
    assert content.startswith(b"\xef\xbb\xbfpremise_no;payer_code;kind;") and content.endswith(
        b"\r\n"
    )
    assert content.count(b"\r\n") == 6
    assert [oct(file.stat().st_mode & 0o777) for file in files] == ["0o600", "0o600"]


def test_the_workbook_is_in_bulgarian(nights: None, tmp_path: Path) -> None:
    compare("--out", str(tmp_path / "moves"))
    sheet = load_workbook(tmp_path / "moves" / FOLDER / "diff.xlsx")["Промени"]
    titles, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    by_name = [
        dict(zip((cell.comment.text for cell in sheet[1]), row, strict=True)) for row in rows
    ]

    assert [
        title for title in titles if not set(title.lower()) & set("абвгдежзийклмнопрстуфхцчшщъьюя")
    ] == []
    assert [(row["kind"], row["stage_before"], row["stage_after"]) for row in by_name] == [
        ("променена", "просрочено", "без просрочие"),
        ("променена", "просрочено", "последно предупреждение"),
        ("нова", None, "просрочено"),
        ("променена", "просрочено", "просрочено"),
        ("изчезнала", "просрочено", None),
    ]
    assert by_name[0]["lists_left"] == "SMS"
    assert by_name[0]["reasons_before"] == "има просрочена сума"
    assert by_name[0]["reasons_after"] == "няма неплатени суми"
    assert by_name[1]["why_not_before"] == "просрочието е по-кратко от срока"
    assert (by_name[0]["open_before"], by_name[0]["open_after"], by_name[4]["premise_no"]) == (
        60,
        0,
        "=1+4",
    )


def test_moves_and_sums_are_those_of_the_files_of_both_nights(
    lasting_sample: Path, home: Path, tmp_path: Path
) -> None:
    """The sample over a month of its own reminders: against the published files, read row by
    row.
    """
    nights = {n: nightly(lasting_sample, tmp_path / "out", days(n)) for n in (0, 1, 31)}
    for first, second in ((0, 31), (31, 1)):
        comparison = diff(days(first), days(second))
        before, after = nights[first], nights[second]
        folder = f"diff-{days(first)}-{days(second)}"
        dunning("diff", str(days(first)), str(days(second)), "--out", str(tmp_path))
        rows = read_csv(tmp_path / folder / "diff.csv")
        told = {
            (row["premise_no"], row["payer_code"]): (
                row["stage_before"],
                row["stage_after"],
                row["lists_left"],
                row["lists_came"],
            )
            for row in rows
        }

        assert told == plain_moves(before, after)
        assert len(told) == len(rows) > 100
        assert [row["why"] for row in rows if not row["why"]] == []
        assert {
            (comparison.places[i], comparison.places[j], n): int(value)
            for (i, j, n), value in np.ndenumerate(comparison.changes.stages)
            if value
        } == plain_stages(before, after)
        assert {
            (comparison.lists[i], MOVEMENTS[j], n): int(value)
            for (i, j, n), value in np.ndenumerate(comparison.changes.lists)
            if value
        } == plain_lists(before, after)
        for side, night in (("before", before), ("after", after)):
            owed = {row["stage_" + side]: 0 for row in rows}
            for row in rows:
                owed[row["stage_" + side]] += cents(row["open_" + side])
            assert {
                stage: total <= night.manifest["stages"][stage]["open_cents"]
                for stage, total in owed.items()
            } == (dict.fromkeys(owed, True))


def test_a_night_whose_lists_were_stopped_is_compared_as_it_was(home: Path, tmp_path: Path) -> None:
    """Its holds were missing: everybody came from the lists to what was withheld."""
    first = nightly(say_fresh(debtors().hold(7).write(tmp_path / "l1")), tmp_path / "out")
    second = nightly(
        say_fresh(debtors().write(tmp_path / "l2", without=("holds",))), tmp_path / "out", days(31)
    )
    told = compare_days(AS_OF, days(31), tmp_path)

    assert second.manifest["stops"] == {"holds": "holds_missing"}
    assert {key: move[2:] for key, move in plain_moves(first, second).items()} == {
        (row["premise_no"], row["payer_code"]): (row["lists_left"], row["lists_came"])
        for row in told
    }
    assert {row["premise_no"]: row["reminders_after"] for row in told} == dict.fromkeys(
        ("000001", "000002", "000005", "000006"), "holds_missing"
    )


def compare_days(before: date, after: date, out: Path) -> list[dict[str, str]]:
    """Return the moves between two days."""
    assert dunning("diff", str(before), str(after), "--out", str(out)).code == 0
    return read_csv(out / f"diff-{before}-{after}" / "diff.csv")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ("2026-11-22", "2026-11-22"),
            2,
            "Both days are 2026-11-22; give two different ones, or `dunning simulate` "
            "another policy.",
        ),
        (
            ("2026-11-22", "2026-11-24"),
            1,
            "No run of 2026-11-24 is known here, so there is nothing to look at. "
            "Run `dunning nightly --ledger DIR --as-of 2026-11-24` first, with the extract of that day.",
        ),
        (
            ("2026-11-21", "2026-11-22"),
            1,
            "No run of 2026-11-21 is known here, so there is nothing to look at. "
            "Run `dunning nightly --ledger DIR --as-of 2026-11-21` first, with the extract of that day.",
        ),
        (
            ("2026-11-22", "2026-11-23", "--out", "s3://bucket/moves"),
            1,
            "--out is an address (s3://), which is not taken here; give a local folder.",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(
    words: tuple[str, ...], code: int, said: str, nights: None
) -> None:
    told = dunning("diff", *words)

    assert (told.code, told.messages) == (code, [f"dunning: {said}"])
    assert [
        line for line in told.printed.splitlines() if not line.startswith("dunning diff: ")
    ] == []
