"""What an extract says about itself must agree, to the cent."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dunning.core.errors import DunningError
from dunning.core.ledger_tables import TABLES
from dunning.ledger.check.manifest import check_manifest, count_table, read_manifest, refuse_stale
from dunning.ledger.read.parsing import parse_table
from dunning.ledger.read.readers import open_reader
from dunning.ledger.read.sources import TableSource
from dunning.ledger.typed_tables import RawTable, TypedTable

PAYMENTS = (
    "payment_no;paid_on;amount;currency\n"
    "1;2026-01-01;10,50;EUR\n"
    "1;2026-01-01;10,50;EUR\n"  # repeated: counts
    "2;31.02.2026;2,00;EUR\n"  # bad, but the amount reads: counts
    "3;2026-01-01;1e9;EUR\n"  # an unreadable amount counts as a row only
    "4;2026-01-01;5,00;USD\n"  # so does an unreadable currency
    "5;2026-01-01;7,00;BGN\n"
    "6;2026-01-01;-1,00;BGN\n"
    "7;2026-01-01\n"  # and a ragged row
)


def payments(folder: Path) -> dict[str, TypedTable]:
    (folder / "payments.csv").write_text(PAYMENTS)
    raw = RawTable(
        TABLES["payments"], TableSource(open_reader(folder / "payments.csv"), TABLES["payments"])
    )
    return {"payments": parse_table(raw), "holds": parse_table(RawTable(TABLES["holds"], None))}


def check(folder: Path, content: Any) -> None:
    (folder / "manifest.json").write_text(
        content if isinstance(content, str) else json.dumps(content)
    )
    manifest = read_manifest(folder)
    assert manifest is not None
    tables = payments(folder)
    read = {name: count_table(table) for name, table in tables.items()}
    check_manifest(manifest, read, {name: table.raw.file for name, table in tables.items()})


def of(**tables: Any) -> dict[str, Any]:
    return {"as_of": "2026-11-22", "tables": tables}


@pytest.mark.parametrize(
    "content",
    [
        of(payments={"rows": 8, "amount": {"EUR": "23.00", "BGN": "6.00"}}),
        of(payments={"rows": 8, "amount": {"EUR": "23", "BGN": "6.0"}}),
        of(payments={"rows": 8}, holds={"rows": 0}),
        of(),
        of(payments={"rows": 8}) | {"written_by": "billing"},
        '{"as_of": "2026-11-22", "tables": {"payments": {"rows": 8, "amount": {"EUR": 23.00, "BGN": 6}}}}',
        '\ufeff{"as_of": "2026-11-22", "tables": {}}',
    ],
)
def test_what_agrees(tmp_path: Path, content: Any) -> None:
    check(tmp_path, content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (
            of(payments={"rows": 8, "amount": {"EUR": "23.01", "BGN": "6.00"}}),
            ["payments.csv", "23.01 EUR", "23.00 EUR"],
        ),
        (of(payments={"rows": 9}), ["9 rows", "has 8"]),
        (of(payments={"rows": 8, "amount": {"EUR": "23.00"}}), ["0.00 BGN", "6.00 BGN"]),
        (of(holds={"rows": 1}), ["holds (no file)", "1 rows", "has 0"]),
        (
            of(payments={"rows": 7, "amount": {"EUR": "1", "BGN": "-0.05"}}),
            ["7 rows", "1.00 EUR", "-0.05 BGN"],
        ),
        (of(payment={"rows": 8}), ["payment", "none of"]),
        (of(payments={"amount": {"EUR": "23.00"}}), ["table payments", "lacks rows"]),
        (of(payments={"rows": "8"}), ["rows is '8'"]),
        (of(payments={"rows": True}), ["rows is True"]),
        (of(payments={"rows": -1}), ["rows is -1"]),
        (of(payments={"rows": 8, "amounts": {}}), ["has amounts"]),
        (of(payments={"rows": 8, "amount": {"USD": "1"}}), ["has USD"]),
        (of(payments={"rows": 8, "amount": {"EUR": "23,00"}}), ["'23,00'", "decimal"]),
        (of(payments={"rows": 8, "amount": {"EUR": "23.000"}}), ["'23.000'"]),
        (of(payments={"rows": 8, "amount": {"EUR": None}}), ["None"]),
        (of(payments=8), ["not an object"]),
        (of(holds={"rows": 0, "amount": {}}), ["has amount"]),
        ({"tables": {}}, ["lacks as_of"]),
        ({"as_of": "2026-11-22"}, ["lacks tables"]),
        ({"as_of": "22.11.2026", "tables": {}}, ["'22.11.2026'"]),
        ({"as_of": "2026-02-30", "tables": {}}, ["'2026-02-30'"]),
        ({"as_of": 20261122, "tables": {}}, ["20261122"]),
        ([], ["not an object"]),
        ('{"as_of": "2026-11-22",\n "tables": {', ["manifest.json, line 2", "not valid JSON"]),
        ("", ["manifest.json, line 1"]),
    ],
)
def test_what_is_refused(tmp_path: Path, content: Any, words: list[str]) -> None:
    with pytest.raises(DunningError) as caught:
        check(tmp_path, content)
    message = str(caught.value)
    assert [word for word in ["manifest.json", *words] if word not in message] == [], message


def test_a_manifest_is_optional_and_must_be_text(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None
    (tmp_path / "manifest.json").write_bytes(
        '{"as_of": "2026-11-22", "tables": {}}'.encode("utf-16")
    )
    with pytest.raises(DunningError, match="cannot be read as JSON"):
        read_manifest(tmp_path)


def test_yesterdays_ledger_is_refused() -> None:
    refuse_stale(date(2026, 11, 22), date(2026, 11, 22))
    refuse_stale(date(2026, 11, 23), date(2026, 11, 22))
    with pytest.raises(DunningError, match="2026-11-21, but the run is for 2026-11-22"):
        refuse_stale(date(2026, 11, 21), date(2026, 11, 22))
