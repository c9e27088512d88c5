"""The manifest says to the cent what a plain reader finds, bad and repeated rows too."""

import csv
import gzip
import io
import json
import re
from decimal import Decimal
from pathlib import Path

from dunning.core.ledger_tables import TABLES
from dunning.sample import SampleReceipt, write_sample
from tests.sample.reading import count_lines, read_rows

READABLE = re.compile(r"-?\d+\.\d\d")


def amounts(rows: list[dict[str, str]]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for row in rows:
        if READABLE.fullmatch(row["amount"]):
            found[row["currency"]] = found.get(row["currency"], Decimal(0)) + Decimal(row["amount"])
    return found


def test_rows_and_amounts_agree(sample: SampleReceipt, folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["as_of"] == "2026-11-22"
    assert {table: count_lines(folder, table) for table in TABLES} == {
        table: told["rows"] for table, told in manifest["tables"].items()
    }
    with_money = ("invoices", "payments", "instalments")
    assert {table: amounts(read_rows(folder, table)) for table in with_money} == {
        table: {
            currency: Decimal(text)
            for currency, text in manifest["tables"][table]["amount"].items()
        }
        for table in with_money
    }
    assert {table: told.rows for table, told in sample.tables.items()} == {
        table: told["rows"] for table, told in manifest["tables"].items()
    }


def test_the_receipt_tells_sizes(sample: SampleReceipt, folder: Path) -> None:
    assert {table: told.size for table, told in sample.tables.items()} == {
        table: (folder / f"{table}.csv").stat().st_size for table in TABLES
    }


def test_bulgarian_dialect_says_the_same(tmp_path: Path) -> None:
    write_sample(tmp_path / "plain", 700, 2)
    write_sample(tmp_path / "bulgaria", 700, 2, table_format="csv.gz", dialect="bulgaria")
    for table in TABLES:
        text = gzip.decompress((tmp_path / "bulgaria" / f"{table}.csv.gz").read_bytes()).decode(
            "cp1251"
        )
        rows = [
            row
            for row in csv.DictReader(io.StringIO(text), delimiter=";")
            if None not in row.values()
        ]
        assert [
            {name: plainly(name, cell) for name, cell in row.items()} for row in rows
        ] == read_rows(tmp_path / "plain", table), table


def plainly(name: str, cell: str) -> str:
    if re.fullmatch(r"\d\d\.\d\d\.\d{4}", cell):
        day, month, year = cell.split(".")
        return f"{year}-{month}-{day}"
    return cell.replace(",", ".") if name in {"amount", "quantity", "unit_price"} else cell
