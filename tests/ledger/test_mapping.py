"""A mapping makes the contract's tables of any other layout; what does not fit is refused with line
and cure.
"""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dunning.core.days import NEVER, to_day
from dunning.core.errors import DunningError
from dunning.core.ledger_tables import bit, names_of
from dunning.ledger.read.date_patterns import to_iso
from dunning.ledger.read.parsing import parse_table
from dunning.ledger.read.sources import ledger_fingerprint, read_ledger, unused_files
from dunning.ledger.read.values import read_days
from dunning.ledger.typed_tables import RawTable

EXAMPLE = Path(__file__).parents[2] / "examples" / "ibm-late-payments.toml"

IBM = """\
countrycode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,PaperlessBill
770,0187-ERLSR,31/12/2012,280670965,03/01/2012,02/02/2012,50.39,No,23/01/2012,Paper
391,3993-QUNVJ,02/08/2012,5133177585,04/01/2012,03/02/2012,55.37,Yes,,Paper
770,0187-ERLSR,31/12/2012,5928070131,02/01/2012,01/02/2012,97.6,Yes,25/02/2012,Paper
"""


def rows(raw: RawTable, *names: str) -> list[tuple]:
    """Return (line, cells…) of a raw table."""
    assert raw.source is not None
    return [
        row
        for batch in raw.source.batches()
        for row in zip(
            batch.lines.tolist(), *(batch.columns[name].to_pylist() for name in names), strict=True
        )
    ]


def test_one_foreign_file_feeds_six_tables(tmp_path: Path) -> None:
    (tmp_path / "ibm-late-payments.csv").write_text(IBM)
    tables = read_ledger(tmp_path, EXAMPLE)
    assert rows(tables["payers"], "payer_code", "kind", "name") == [
        (2, "0187-ERLSR", "company", "Customer 0187-ERLSR"),
        (3, "3993-QUNVJ", "company", "Customer 3993-QUNVJ"),
    ]
    assert rows(tables["premises"], "premise_no", "district") == [
        (2, "0187-ERLSR", "Country 770"),
        (3, "3993-QUNVJ", "Country 391"),
    ]
    assert rows(tables["tenancies"], "premise_no", "valid_from", "valid_until") == [
        (2, "0187-ERLSR", "2012-01-02", None),
        (3, "3993-QUNVJ", "2012-01-04", None),
    ]
    assert rows(tables["invoices"], "invoice_no", "issued_on", "due_on", "amount", "currency") == [
        (2, "280670965", "2012-01-03", "2012-02-02", "50.39", "EUR"),
        (3, "5133177585", "2012-01-04", "2012-02-03", "55.37", "EUR"),
        (4, "5928070131", "2012-01-02", "2012-02-01", "97.6", "EUR"),
    ]
    assert rows(tables["payments"], "payment_no", "invoice_no", "paid_on") == [
        (2, "P-280670965", "280670965", "2012-01-23"),
        (4, "P-5928070131", "5928070131", "2012-02-25"),
    ]
    assert rows(tables["holds"], "hold_no", "invoice_no", "reason", "valid_from") == [
        (3, "D-5133177585", "5133177585", "dispute", "2012-01-04"),
        (4, "D-5928070131", "5928070131", "dispute", "2012-01-02"),
    ]
    typed = {name: parse_table(raw) for name, raw in tables.items()}
    assert {name: (len(t), int(t.reasons.sum())) for name, t in typed.items() if len(t)} == {
        "premises": (2, 0),
        "payers": (2, 0),
        "tenancies": (2, 0),
        "invoices": (3, 0),
        "payments": (2, 0),
        "holds": (2, 0),
    }
    assert typed["invoices"].frame["amount"].tolist() == [5039, 5537, 9760]
    assert typed["holds"].cells_at(np.array([3]))[3][:4] == (
        "391",
        "3993-QUNVJ",
        "02/08/2012",
        "5133177585",
    )
    assert unused_files(tmp_path, tables) == []


PAYERS = '[tables.payers]\nfile = "clients.csv"\n'
COLUMNS = (
    PAYERS
    + '[tables.payers.columns]\npayer_code = "no"\nkind = { value = "person" }\nname = "who"\n'
)
OTHERS = {
    "premises.csv": "premise_no;service;district;address;settlement\n",
    "tenancies.csv": "premise_no;payer_code;valid_from\n",
    "invoices.csv": "invoice_no;premise_no;kind;issued_on;due_on;amount;currency\n",
    "payments.csv": "payment_no;paid_on;amount;currency\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in OTHERS.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "clients.csv").write_text("no;who;note\n1;Ада;a\n2;Боян;\n\n2;Боян;b\n3;Вяра\n")
    return tmp_path


def mapped(folder: Path, text: str) -> dict[str, RawTable]:
    path = folder / "map.toml"
    path.write_text(text)
    return read_ledger(folder, path)


def test_tables_that_are_not_mapped_come_from_files_of_their_name(folder: Path) -> None:
    tables = mapped(folder, COLUMNS)
    assert rows(tables["payers"], "payer_code", "name") == [
        (2, "1", "Ада"),
        (3, "2", "Боян"),
        (5, "2", "Боян"),
    ]
    assert tables["premises"].file == "premises.csv"
    assert tables["holds"].is_absent
    typed = parse_table(tables["payers"])
    assert (typed.ragged_lines.tolist(), typed.rows_read) == ([6], 4)
    assert typed.cells_at(typed.ragged_lines) == {6: ("3", "Вяра")}
    (folder / "payers.csv").write_text("is not read")
    assert unused_files(folder, tables) == ["payers.csv"]


def test_the_mapping_is_part_of_the_fingerprint(folder: Path) -> None:
    def fingerprint(text: str) -> str:
        return ledger_fingerprint(folder, folder / "map.toml", mapped(folder, text))

    assert fingerprint(COLUMNS) == fingerprint(COLUMNS)
    assert fingerprint(COLUMNS) != fingerprint(COLUMNS + "# other\n")


@pytest.mark.parametrize(
    ("where", "lines"),
    [
        ('{ column = "who", equals = "Боян" }', [3, 5]),
        ('{ column = "who", equals = ["Ада", "Яна"] }', [2]),
        ('{ column = "who", not_equals = "Боян" }', [2]),
        ('{ column = "note", empty = true }', [3]),
        ('{ column = "note", empty = false }', [2, 5]),
        ('{ column = "note", empty = false }, { column = "no", not_equals = ["1", "9"] }', [5]),
    ],
)
def test_filters(folder: Path, where: str, lines: list[int]) -> None:
    tables = mapped(
        folder,
        COLUMNS.replace("[tables.payers.columns]", f"where = [{where}]\n[tables.payers.columns]"),
    )
    assert [line for line, _ in rows(tables["payers"], "payer_code")] == lines


def test_distinct_keeps_one_of_equal_rows_and_leaves_others_apart(folder: Path) -> None:
    (folder / "clients.csv").write_text(
        "no;who;since\n1;A;3/2/2020\n2;B;1/1/2020\n1;A;1/2/2020\n2;C;\n1;A;x\n"
    )
    start = '[files."clients.csv"]\ndate = "%d/%m/%Y"\n[tables.tenancies]\nfile = "clients.csv"\ndistinct = true\n'
    columns = '[tables.tenancies.columns]\npremise_no = "no"\npayer_code = "who"\n'
    tables = {}
    for take in ("earliest", "latest", "first"):
        rule = f'valid_from = {{ column = "since", take = "{take}" }}\n'
        (folder / "payers.csv").write_text("payer_code;kind;name\n")
        tables[take] = rows(
            mapped(folder, start + columns + rule)["tenancies"],
            "premise_no",
            "payer_code",
            "valid_from",
        )
    assert tables["earliest"] == [
        (2, "1", "A", "2020-02-01"),
        (3, "2", "B", "2020-01-01"),
        (5, "2", "C", None),
    ]
    assert tables["latest"] == [
        (2, "1", "A", "2020-02-03"),
        (3, "2", "B", "2020-01-01"),
        (5, "2", "C", None),
    ]
    assert tables["first"] == tables["latest"]
    plain = mapped(folder, start + columns + 'valid_from = "since"\n')["tenancies"]
    assert [line for line, _ in rows(plain, "payer_code")] == [2, 3, 4, 5, 6]
    assert [names_of(bits) for bits in parse_table(plain).reasons] == [
        "",
        "",
        "",
        "missing_value",
        "bad_date",
    ]


def test_texts_words_and_constants(folder: Path) -> None:
    (folder / "clients.csv").write_text("no;who;kind\n1; Ада ;Ф\n2;;Ю\n3;В;?\n4;Г;\n")
    text = (
        COLUMNS.replace(
            '{ value = "person" }',
            '{ column = "kind", words = { "Ф" = "person", "Ю" = "company", "" = "x" } }',
        ).replace('"who"', '{ text = "{{{no}}} {who}!" }')
        + 'language = { value = "bg" }\n'
    )
    assert rows(mapped(folder, text)["payers"], "name", "kind", "language", "national_id") == [
        (2, "{1} Ада!", "person", "bg", None),
        (3, None, "company", "bg", None),
        (4, "{3} В!", "?", "bg", None),
        (5, "{4} Г!", "x", "bg", None),
    ]


@pytest.mark.parametrize(
    ("settings", "cells", "minor", "bad"),
    [
        (
            'decimal = ","\nthousands = "."',
            ["1.234,50", "1234,5", "1.23", "1,234.50", "-7"],
            [123450, 123450, 0, 0, -700],
            [2, 3],
        ),
        (
            'decimal = "."\nthousands = ","',
            ["1,234.50", "1234.5", "1,23", "12"],
            [123450, 123450, 0, 1200],
            [2],
        ),
        ('decimal = "."', ["1234.5", "1234,5", "1 234.5"], [123450, 0, 0], [1, 2]),
        ("", ["1 234,5", "1234.5"], [123450, 123450], []),
        ('decimal = ","\nthousands = " "', ["1 234,5", "1\u00a0234,5"], [123450, 0], [1]),
    ],
)
def test_amounts_as_the_file_writes_them(
    folder: Path, settings: str, cells: list[str], minor: list, bad: list
) -> None:
    (folder / "bank.csv").write_text(
        "no\tday\tsum\n" + "".join(f"{i}\t1.2.26\t{c}\n" for i, c in enumerate(cells))
    )
    (folder / "payers.csv").write_text("payer_code;kind;name\n")
    payments = parse_table(
        mapped(
            folder,
            f'[files."bank.csv"]\ndate = "%d.%m.%y"\n{settings}\n[tables.payments]\nfile = "bank.csv"\n'
            '[tables.payments.columns]\npayment_no = "no"\npaid_on = "day"\namount = "sum"\n'
            'currency = { value = "EUR" }\n',
        )["payments"]
    )
    assert payments.frame["amount"].tolist() == minor
    assert np.flatnonzero(payments.reasons & bit("bad_value")).tolist() == bad
    assert set(payments.frame["paid_on"].tolist()) == {20485}


def test_date_patterns() -> None:
    dates = pa.array(
        ["3/1/2012", "31/12/2012", "2012-01-03", None, "03.01.2012", "3/1/12", "31/13/2012"]
    )
    assert to_iso(dates, "%d/%m/%Y").to_pylist() == [
        "2012-01-03",
        "2012-12-31",
        "?2012-01-03",
        None,
        "?03.01.2012",
        "?3/1/12",
        "2012-13-31",
    ]
    assert to_iso(pa.array(["20120103", "x"]), "%Y%m%d").to_pylist() == ["2012-01-03", "?x"]
    assert to_iso(pa.array(["1.2.90", "1.2.89"]), "%d.%m.%y").to_pylist() == [
        "1990-02-01",
        "2089-02-01",
    ]
    assert to_iso(pa.array(["1/2/2020 7:05"]), "%m/%d/%Y %H:%M").to_pylist() == [
        "2020-01-02 07:05:00"
    ]
    spaces = pa.array(
        ["5.3.2026 г.", "05.03.2026\u00a0г.", "5.3.2026\u202fг.", "5.3.2026г.", "5.3.2026"]
    )
    assert to_iso(spaces, "%d.%m.%Y г.").to_pylist() == [*["2026-03-05"] * 4, "?5.3.2026"]
    assert to_iso(pa.array(["5 3\u00a02026", "5  3 2026"]), "%d %m %Y").to_pylist() == [
        "2026-03-05",
        "?5  3 2026",
    ]
    assert to_iso(pa.array(["5.3.2026 (x)"]), "%d.%m.%Y (x)").to_pylist() == ["2026-03-05"]


@pytest.mark.parametrize(
    ("pattern", "text", "day"),
    [
        ("%Y-%m-%d %H:%M:%S", "2026-11-02 14:30:05", "2026-11-02"),
        ("%Y-%m-%d %H:%M:%S", "2026-11-02 00:00:00.0000000", "2026-11-02"),
        ("%Y-%m-%d %H:%M:%S", "2026-11-02 23:30:00.000 +00:00", "2026-11-03"),
        ("%Y-%m-%d %H:%M", "2026-11-02 23:30+01", "2026-11-03"),
        ("%d/%m/%Y", "02/11/2026 14:30", "2026-11-02"),
        ("%d/%m/%Y", "02/11/2026T23:30:00Z", "2026-11-03"),
        ("%d.%m.%Y г.", "2.11.2026\u202fг. 9:05:00", "2026-11-02"),
        ("%d/%m/%Y", "31/12/9999", "9999-12-31"),
        ("%d/%m/%Y", "02/11/2026 25:30", None),
        ("%d/%m/%Y", "02/11/2026 14", None),
        ("%d/%m/%Y %H:%M", "02/11/2026 14:30.5", None),
        ("%d/%m/%Y %H:%M", "02/11/2026", None),
    ],
)
def test_a_pattern_takes_the_time_behind_a_day_too(
    pattern: str, text: str, day: str | None
) -> None:
    days, is_bad = read_days(to_iso(pa.array([text]), pattern), may_be_open=True)
    due = NEVER if day in (None, "9999-12-31") else to_day(date.fromisoformat(str(day)))
    assert (days.tolist(), is_bad.tolist()) == ([due], [day is None])


def test_title_lines_above_the_header_are_skipped_and_lines_stay_true(folder: Path) -> None:
    title = 'Справка;"за абонати\n\n'
    (folder / "clients.csv").write_text(title + "no;who;note\n1;Ада;a\n2;Боян\n")
    payers = mapped(folder, COLUMNS + '[files."clients.csv"]\nskip_lines = 2\n')["payers"]
    assert rows(payers, "payer_code", "name") == [(4, "1", "Ада")]
    typed = parse_table(payers)
    assert typed.ragged_lines.tolist() == [5]
    assert typed.cells_at(np.array([4, 5])) == {4: ("1", "Ада", "a"), 5: ("2", "Боян")}


def test_what_says_nothing_is_empty_for_filters_and_words_too(folder: Path) -> None:
    (folder / "clients.csv").write_text("no;who;note\n1;NULL;x\n2;Боян;n/a\n")
    words = COLUMNS.replace('"who"', '{ column = "who", words = { NULL = "Ада" } }')
    assert rows(mapped(folder, words)["payers"], "name") == [(2, "Ада"), (3, "Боян")]
    where = COLUMNS.replace(
        "[tables.payers.c", 'where = [{ column = "note", not_equals = "NULL" }]\n[tables.payers.c'
    )
    assert rows(mapped(folder, where)["payers"], "payer_code") == [(2, "1")]


REFUNDS = """
[files."bank.csv"]
decimal = ","
thousands = "."

[tables.payments]
file = "bank.csv"
except = [{ column = "sum", negative = true }, { column = "back", empty = true }]
[tables.payments.columns]
payment_no = "no"
payer_code = "who"
paid_on = "day"
amount = "sum"
currency = { value = "EUR" }
reverses = "back"

[[tables.invoices]]
file = "bills.csv"
[tables.invoices.columns]
invoice_no = "no"
premise_no = "at"
payer_code = "who"
kind = { value = "bill" }
issued_on = "day"
due_on = "due"
amount = "sum"
currency = { value = "EUR" }

[[tables.invoices]]
file = "bank.csv"
where = [{ column = "sum", negative = true }, { column = "back", empty = true }]
[tables.invoices.columns]
invoice_no = { text = "V-{no}" }
premise_no = "at"
payer_code = "who"
kind = { value = "payout" }
issued_on = "day"
due_on = "day"
amount = { column = "sum", without_sign = true }
currency = { value = "EUR" }
"""
BANK = """no;at;who;day;sum;back
a1;1;A;1.10.2026;1.500,00;
a2;1;A;20.10.2026;1.050,00-;
a3;1;A;21.10.2026;7,00;

a4;1;A;22.10.2026;(7,00);a3
a5;1;A;23.10.2026;x;
a6;1;A;24.10.2026;-1,00
"""


def test_payments_that_give_back_become_payouts_beside_the_bills(folder: Path) -> None:
    (folder / "bank.csv").write_text(BANK)
    (folder / "bills.csv").write_text(
        "no;at;who;day;due;sum\nF1;1;A;2026-09-01;2026-09-30;100,00\nF2;1;A;x;x\n"
    )
    (folder / "payers.csv").write_text("payer_code;kind;name\n")
    tables = mapped(folder, REFUNDS)
    assert rows(tables["payments"], "payment_no", "amount", "reverses") == [
        (2, "a1", "1500.00", None),
        (4, "a3", "7.00", None),
        (6, "a4", "(7.00)", "a3"),
        (7, "a5", "?x", None),
    ]
    invoices = tables["invoices"]
    assert rows(invoices, "invoice_no", "kind", "amount") == [
        (2, "F1", "bill", "100,00"),
        (6, "V-a2", "payout", "1050.00"),
    ]
    typed = parse_table(invoices)
    assert (typed.reasons.tolist(), typed.ragged_lines.tolist(), typed.rows_read) == (
        [0, 0],
        [3, 11],
        4,
    )
    assert [typed.place_of(line) for line in (2, 3, 6, 11)] == [
        ("bills.csv", 2),
        ("bills.csv", 3),
        ("bank.csv", 3),
        ("bank.csv", 8),
    ]
    assert typed.cells_at(np.array([3, 6, 11])) == {
        3: ("F2", "1", "A", "x", "x"),
        6: ("a2", "1", "A", "20.10.2026", "1.050,00-", ""),
        11: ("a6", "1", "A", "24.10.2026", "-1,00"),
    }
    assert unused_files(folder, tables) == ["clients.csv", "invoices.csv", "payments.csv"]
    before = ledger_fingerprint(folder, folder / "map.toml", tables)
    (folder / "bills.csv").write_text("no;at;who;day;due;sum\n")
    assert ledger_fingerprint(folder, folder / "map.toml", tables) != before


def test_parquet_can_be_mapped_but_for_floats(folder: Path) -> None:
    (folder / "clients.csv").unlink()
    pq.write_table(
        pa.table({"no": ["07"], "who": ["Ада"], "size": [1.5]}), folder / "clients.parquet"
    )
    text = COLUMNS.replace("clients.csv", "clients.parquet")
    assert rows(mapped(folder, text)["payers"], "payer_code") == [(2, "07")]
    with pytest.raises(DunningError, match="'size' as binary floats"):
        mapped(folder, text.replace('"who"', '"size"'))


def test_encoding_and_delimiter_of_the_file(folder: Path) -> None:
    (folder / "clients.csv").write_bytes("no|who\n1|Ада\n".encode("cp866"))
    settings = '[files."clients.csv"]\nencoding = "cp866"\ndelimiter = "|"\n'
    assert rows(mapped(folder, settings + COLUMNS)["payers"], "name") == [(2, "Ада")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            COLUMNS.replace('"who"', '"whom"'),
            ["map.toml, line 6", "no column 'whom'", "no, who, note"],
        ),
        (COLUMNS.replace('"who"', '{ text = "{whom}" }'), ["map.toml, line 6", "no column 'whom'"]),
        (
            COLUMNS.replace("clients", "client"),
            ["map.toml, line 2", "client.csv is not in the ledger folder"],
        ),
        (COLUMNS.replace("clients", "../clients"), ["map.toml, line 2", "bare name"]),
        (COLUMNS.replace("clients.csv", "clients.xlsx"), ["map.toml, line 2", "ends neither"]),
        (COLUMNS.replace('file = "clients.csv"', ""), ["tables.payers.file", "is missing"]),
        (COLUMNS.replace('name = "who"', ""), ["map.toml, line 1", "required column name"]),
        (COLUMNS + 'nick = "who"\n', ["map.toml, line 7", "nick", "not known"]),
        (COLUMNS.replace("payers", "payer"), ["map.toml, line 1", "payer", "not known"]),
        (COLUMNS + "[table.x]\n", ["table", "not known", "files, tables"]),
        ("", ["fills no table"]),
        (COLUMNS.replace('"no"', "7"), ["map.toml, line 4", "payer_code", "not a section"]),
        (
            COLUMNS.replace('{ value = "person" }', "{ value = 1 }"),
            ["map.toml, line 5", "is 1, not a text"],
        ),
        (
            COLUMNS.replace('{ value = "person" }', '{ value = "person", column = "no" }'),
            ["line 5", "needs one of"],
        ),
        (
            COLUMNS.replace('{ value = "person" }', '{ value = "person", words = {} }'),
            ["line 5", "stands alone"],
        ),
        (COLUMNS.replace('{ value = "person" }', "{}"), ["line 5", "needs one of"]),
        (
            COLUMNS.replace('"who"', '{ column = "who", date = "%d.%m.%Y" }'),
            ["line 6", "no column of dates"],
        ),
        (
            COLUMNS.replace('"who"', '{ column = "who", take = "first" }'),
            ["line 6", "distinct = true"],
        ),
        (COLUMNS.replace('"who"', '{ text = "x" }'), ["line 6", "names no column"]),
        (COLUMNS.replace('"who"', '{ text = "{who" }'), ["line 6", "braces"]),
        (COLUMNS.replace('"who"', '{ text = "{who!r}" }'), ["line 6", "only the name"]),
        (COLUMNS.replace('"who"', '{ text = "{}" }'), ["line 6", "only the name"]),
        (
            COLUMNS.replace('"who"', '{ column = "who", words = { a = 1 } }'),
            ["line 6", "is 1, not a text"],
        ),
        (
            COLUMNS.replace("[tables.payers.c", "distinct = 1\n[tables.payers.c"),
            ["line 3", "true or false"],
        ),
        (
            COLUMNS.replace("[tables.payers.c", "where = 1\n[tables.payers.c"),
            ["line 3", "not a list"],
        ),
        (
            COLUMNS.replace("[tables.payers.c", 'where = [{ column = "x" }]\n[tables.payers.c'),
            ["line 3", "each filter"],
        ),
        (
            COLUMNS.replace(
                "[tables.payers.c", 'where = [{ column = "x", empty = 1 }]\n[tables.payers.c'
            ),
            ["true or false"],
        ),
        (
            COLUMNS.replace(
                "[tables.payers.c", 'where = [{ column = "x", equals = 1 }]\n[tables.payers.c'
            ),
            ["is 1, not a text"],
        ),
        (
            COLUMNS.replace(
                "[tables.payers.c", 'where = [{ column = "x", equals = "" }]\n[tables.payers.c'
            ),
            ["line 3", "no column 'x'"],
        ),
        (COLUMNS + '[files."clients.csv"]\nencoding = "utf-32"\n', ["line 8", "'utf-32', none of"]),
        (
            COLUMNS + '[files."clients.csv"]\nskip_lines = -1\n',
            ["line 8", "is -1", "number of lines"],
        ),
        (
            COLUMNS + '[files."clients.csv"]\nskip_lines = 1\n',
            ["line 4", "no column 'no' in line 2", "skip_lines"],
        ),
        (
            COLUMNS.replace('"who"', '{ column = "who", without_sign = true }'),
            ["line 6", "no column of amounts"],
        ),
        (
            COLUMNS.replace(
                "[tables.payers.c", 'where = [{ column = "no", negative = 1 }]\n[tables.payers.c'
            ),
            ["line 3", "negative is not true"],
        ),
        (
            COLUMNS.replace(
                "[tables.payers.c", 'except = [{ column = "x", empty = true }]\n[tables.payers.c'
            ),
            ["line 3", "no column 'x'"],
        ),
        ("[tables]\npayers = []\n", ["line 2", "names no file"]),
        (
            COLUMNS.replace("[tables.", "[[tables.", 1).replace("payers]", "payers]]", 1) * 2
            + 'nick = "who"\n',
            ["map.toml, line 13", "payers.#2", "nick", "not known"],
        ),
        (COLUMNS + '[files."clients.csv"]\ndate = "%d/%B/%Y"\n', ["line 8", "has %B"]),
        (COLUMNS + '[files."clients.csv"]\ndate = "%d/%Y"\n', ["line 8", "needs %d, %m"]),
        (COLUMNS + '[files."clients.csv"]\nthousands = "."\n', ["line 8", "needs decimal"]),
        (
            COLUMNS + '[files."clients.csv"]\ndecimal = ","\nthousands = ","\n',
            ["line 9", "same sign"],
        ),
        (COLUMNS + '[files."client.csv"]\ndecimal = ","\n', ["line 7", "no table is made"]),
        (
            COLUMNS.replace('"no"', '{ value = "1" }').replace('"who"', '{ value = "A" }'),
            ["takes no column"],
        ),
        (COLUMNS + "x = = 1\n", ["map.toml is not valid TOML", "line 7"]),
    ],
)
def test_what_is_refused(folder: Path, text: str, words: list[str]) -> None:
    with pytest.raises(DunningError) as caught:
        mapped(folder, text)
    message = str(caught.value)
    assert [word for word in ["map.toml", *words] if word not in message] == [], message


def test_a_mapping_that_is_not_there(folder: Path) -> None:
    with pytest.raises(DunningError, match="cannot be read"):
        read_ledger(folder, folder / "none.toml")
