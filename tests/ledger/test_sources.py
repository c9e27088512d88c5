"""Files of a folder as raw and typed tables: CSV and Parquet, absent tables, refusals, the
fingerprint.
"""

import gzip
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dunning.core.days import NEVER, to_day
from dunning.core.errors import DunningError
from dunning.core.ledger_tables import INVOICE_KINDS, REASONS, TABLES, names_of
from dunning.core.words import ITEM_KINDS
from dunning.ledger.read.parsing import parse_table
from dunning.ledger.read.sources import ledger_fingerprint, read_ledger, unused_files
from dunning.ledger.typed_tables import NO_INSTANT, TypedTable
from dunning.policy.ledger_dates import read_ledger_dates

REQUIRED = {
    "premises.csv": "premise_no;service;district;address;settlement\n01;heat;A;B;C\n02;electricity;A;B;C\n",
    "payers.csv": "payer_code;kind;name\n001;person;N\n",
    "tenancies.csv": "premise_no;payer_code;valid_from\n01;001;2020-01-01\n",
    "invoices.csv": "invoice_no;premise_no;kind;issued_on;due_on;amount;currency\n",
    "payments.csv": "payment_no;paid_on;amount;currency\nP1;2026-01-01;12,50;EUR\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in REQUIRED.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def typed(folder: Path, table: str) -> TypedTable:
    return parse_table(read_ledger(folder)[table])


def refusal(folder: Path) -> str:
    with pytest.raises(DunningError) as caught:
        for raw in read_ledger(folder).values():
            parse_table(raw)
    return str(caught.value)


def test_the_tables_are_the_contracts() -> None:
    assert [name for name, table in TABLES.items() if table.is_required] == [
        "premises",
        "payers",
        "tenancies",
        "invoices",
        "payments",
    ]
    assert len(TABLES) == 14
    assert INVOICE_KINDS[: len(ITEM_KINDS)] == ITEM_KINDS
    assert all(
        set(table.key) <= {c.name for c in table.columns if c.is_required}
        for table in TABLES.values()
    )
    assert sorted(table.name for table in TABLES.values() if table.has_money) == [
        "instalments",
        "invoices",
        "payments",
    ]
    assert len(REASONS) == 13


def test_every_column_in_its_type(folder: Path) -> None:
    (folder / "contacts.csv").write_text(
        "payer_code;channel;address;registered_at;revoked_at\n001;email;x@example.bg;2026-01-01 08:30;\n"
    )
    premises = typed(folder, "premises").frame
    assert premises.text("premise_no").to_pylist() == ["01", "02"]
    assert premises["service"].tolist() == [0, 1]
    assert premises["disconnectable"].tolist() == [False, True]
    assert premises["vulnerable"].tolist() == [False, False]
    assert premises.text("route").to_pylist() == [None, None]
    tenancies = typed(folder, "tenancies").frame
    assert tenancies["valid_from"].tolist() == [to_day(date(2020, 1, 1))]
    assert tenancies["valid_until"].tolist() == [NEVER]
    assert tenancies.text("share").to_pylist() == ["1"]
    contacts = typed(folder, "contacts").frame
    assert contacts["channel"].tolist() == [1]
    assert contacts["registered_at"].tolist() == [
        int(np.datetime64("2026-01-01T08:30:00", "s").astype(int))
    ]
    assert contacts["revoked_at"].tolist() == [NO_INSTANT]
    payments = typed(folder, "payments")
    assert payments.frame["amount"].tolist() == [1250]
    assert (payments.rows_read, payments.raw.file, payments.delimiter) == (1, "payments.csv", ";")


def test_a_header_alone_is_an_empty_table_and_an_optional_one_may_be_absent(folder: Path) -> None:
    invoices, holds = typed(folder, "invoices"), typed(folder, "holds")
    assert (len(invoices), invoices.raw.is_absent) == (0, False)
    assert (len(holds), holds.raw.is_absent, holds.raw.file, holds.header) == (0, True, "", ())
    assert holds.frame["valid_from"].dtype == np.int32
    assert holds.cells_at(np.array([], np.int64)) == {}


def test_reasons_of_cells(folder: Path) -> None:
    (folder / "invoices.csv").write_text(
        "invoice_no;premise_no;kind;issued_on;due_on;amount;currency;period_from\n"
        "1;01;bill;2026-01-01;2026-02-01;5;EUR;\n"
        "2;;bil;2026-01-32;;5.001;eur;x\n"
        " ;01;Bill;2026-01-01;2026-02-01;;BGN;\n"
        "4;01;bill\n"
    )
    invoices = typed(folder, "invoices")
    assert [names_of(bits) for bits in invoices.reasons] == [
        "",
        "bad_date bad_value missing_value",
        "bad_value bgn_after_changeover missing_value",
    ]
    assert (invoices.ragged_lines.tolist(), invoices.rows_read) == ([5], 4)
    assert invoices.cells_at(invoices.ragged_lines) == {5: ("4", "01", "bill")}
    assert {
        name: (bad.rows.tolist(), bad.texts.to_pylist()) for name, bad in invoices.bad_cells.items()
    } == {
        "kind": ([1, 2], ["bil", "Bill"]),
        "period_from": ([1], ["x"]),
        "issued_on": ([1], ["2026-01-32"]),
        "amount": ([1], ["5.001"]),
        "currency": ([1], ["eur"]),
    }


def test_unknown_columns_are_reported(folder: Path) -> None:
    (folder / "payers.csv").write_text("payer_code;kind;telephone;name;\n001;person;1;N;x\n")
    source = read_ledger(folder)["payers"].source
    assert source is not None
    assert source.unknown == ("telephone", "(column 5 without a name)")


def test_parquet_gives_what_csv_gives(folder: Path) -> None:
    (folder / "payments.csv").unlink()
    rows = {
        "payment_no": pa.array(["P1", "P2 ", "P3"]).dictionary_encode(),
        "paid_on": pa.array([date(2026, 1, 1), None, date(2101, 1, 1)], pa.date32()),
        "amount": pa.array(
            [Decimal("12.5000"), Decimal("0.0000"), Decimal("0.1250")], pa.decimal128(18, 4)
        ),
        "currency": pa.array(["EUR", "BGN", "EUR"], pa.large_string()),
        "channel": pa.nulls(3),
        "extra": pa.array([[1], [2], []]),
    }
    pq.write_table(pa.table(rows), folder / "payments.parquet")
    payments = typed(folder, "payments")
    assert payments.frame["amount"].tolist() == [1250, 0, 0]
    assert payments.frame["paid_on"].tolist() == [to_day(date(2026, 1, 1)), NEVER, NEVER]
    assert payments.frame.text("payment_no").to_pylist() == ["P1", "P2", "P3"]
    assert payments.lines.tolist() == [2, 3, 4]
    assert [names_of(bits) for bits in payments.reasons] == [
        "",
        "missing_value",
        "bad_date bad_value",
    ]
    assert payments.cells_at(np.array([4])) == {
        4: ("P3", "2101-01-01", "0.1250", "EUR", "", "(no text)")
    }


def test_whole_numbers_of_a_parquet_amount_are_whole_units(folder: Path) -> None:
    (folder / "payments.csv").unlink()
    columns = {"payment_no": ["P1"], "paid_on": ["01.01.2026"], "amount": [12], "currency": ["EUR"]}
    pq.write_table(pa.table(columns), folder / "payments.parquet")
    assert typed(folder, "payments").frame["amount"].tolist() == [1200]


def test_small_decimals_zeros_and_many_row_groups(folder: Path) -> None:
    (folder / "payments.csv").unlink()
    count = 300_000
    amounts = (
        pa.array(np.arange(count) % 1000).cast(pa.decimal128(38, 0)).cast(pa.decimal128(38, 8))
    )
    columns = {
        "payment_no": pa.array(np.arange(count)).cast(pa.string()),
        "paid_on": pa.array([date(2026, 1, 1)] * count),
        "amount": amounts,
        "currency": pa.array(["EUR"] * count),
    }
    pq.write_table(pa.table(columns), folder / "payments.parquet", row_group_size=70_000)
    payments = typed(folder, "payments")
    assert payments.accepted.all()
    assert payments.frame["amount"].tolist() == [i % 1000 * 100 for i in range(count)]
    assert payments.lines.tolist() == list(range(2, count + 2))
    assert payments.cells_at(np.array([250_002]))[250_002][0] == "250000"


def test_what_stands_in_a_parquet_file_is_read_like_a_csv(folder: Path) -> None:
    (folder / "payments.csv").unlink()
    late = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)
    columns = {
        "payment_no": pa.array(["1", "2", "3", None]),
        "paid_on": pa.array([late, late, None, None], pa.timestamp("us", "UTC")),
        "amount": pa.array(["5,00-", "(5) €", "nan", None]),
        "currency": pa.array(["EUR", "EUR", "EUR", None]),
        "note": pa.array(["x", "", "", " "]),
    }
    pq.write_table(pa.table(columns), folder / "payments.parquet")
    payments = typed(folder, "payments")
    assert payments.lines.tolist() == [2, 3, 4]  # the last row is as empty as a line of delimiters
    assert payments.frame["paid_on"].tolist() == [20760, 20760, NEVER]  # 2026-11-03 in Sofia
    assert payments.frame["amount"].tolist() == [-500, -500, 0]
    days = pa.array([datetime(2026, 11, 2, 23, 30)] * 4, pa.timestamp("ns"))
    pq.write_table(pa.table(columns | {"paid_on": days}), folder / "payments.parquet")
    assert typed(folder, "payments").frame["paid_on"].tolist() == [20759] * 4


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("amount", pa.array([1.5]), ["payments.parquet", "amount", "double", "decimal128"]),
        ("payment_no", pa.array([1]), ["payment_no", "int64", "leading zeros"]),
        ("paid_on", pa.array([46023]), ["paid_on", "int64", "date32"]),
        ("currency", pa.array([1]), ["currency", "int64", "text"]),
    ],
)
def test_parquet_types_that_are_refused(
    folder: Path, column: str, values: pa.Array, words: list[str]
) -> None:
    (folder / "payments.csv").unlink()
    columns = {
        "payment_no": ["P1"],
        "paid_on": ["01.01.2026"],
        "amount": ["1"],
        "currency": ["EUR"],
    } | {column: values}
    pq.write_table(pa.table(columns), folder / "payments.parquet")
    message = refusal(folder)
    assert [word for word in words if word not in message] == [], message


def test_what_is_missing_or_twice_is_refused(folder: Path) -> None:
    (folder / "invoices.csv").rename(folder / "Invoices.csv")
    assert "Required table invoices is missing" in (message := refusal(folder))
    assert "Invoices.csv" in message
    (folder / "Invoices.csv").rename(folder / "invoices.csv")
    (folder / "invoices.csv.gz").write_bytes(gzip.compress(b"x"))
    assert "invoices.csv and invoices.csv.gz" in refusal(folder)
    (folder / "invoices.csv.gz").unlink()
    (folder / "payers.csv").write_text("payer_code;kind;Name\n")
    message = refusal(folder)
    assert "payers.csv, line 1: required column name of table payers is missing" in message
    assert "payer_code, kind, Name" in message
    (folder / "payers.csv").unlink()
    (folder / "payers.parquet").write_bytes(b"PAR1 not at all")
    assert "payers.parquet cannot be read as Parquet" in refusal(folder)
    assert "is not there or no folder" in refusal(folder / "nowhere")


def test_fingerprint_is_of_names_and_bytes(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    def fingerprint(where: Path = folder, mapping: Path | None = None) -> str:
        return ledger_fingerprint(where, mapping, read_ledger(where))

    first = fingerprint()
    assert first == fingerprint()
    copy = tmp_path_factory.mktemp("copy")
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    assert first == fingerprint(copy)
    (copy / "notes.txt").write_text("not read")
    (copy / "hold.csv").write_text("hold_no\n")
    assert first == fingerprint(copy)
    assert unused_files(copy, read_ledger(copy)) == ["hold.csv"]
    (copy / "manifest.json").write_text("{}")
    assert first != (second := fingerprint(copy))
    (copy / "holds.csv").write_text("hold_no;reason;valid_from\n")
    assert fingerprint(copy) not in (first, second)


def test_fingerprint_is_of_the_dates_of_law_too(folder: Path) -> None:
    def fingerprint(**changed: date | int) -> str:
        dates = replace(read_ledger_dates(), **changed)
        return ledger_fingerprint(folder, None, read_ledger(folder), dates)

    today = ledger_fingerprint(folder, None, read_ledger(folder))
    others = {
        fingerprint(euro_from=date(2027, 1, 1)),
        fingerprint(bgn_payments_until=date(2026, 1, 16)),
        fingerprint(season_month=6),
    }

    assert today == fingerprint()
    assert len(others | {today}) == 4
