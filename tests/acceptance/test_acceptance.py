"""The acceptance cases through the real command, each with a fresh home, compared as their README
says.
"""

import csv
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dunning import cli
from dunning.core.words import PROTECTING_TABLES

CASES = Path(__file__).parent / "cases"
NAMES = sorted(p.name for p in CASES.iterdir() if p.is_dir())
WITH_QUARANTINE = ("07-attribution", "08-dialects-and-quarantine")
KEYS = {
    "classification": ("premise_no", "payer_code"),
    "open_items": ("invoice_no",),
    "settlements": ("invoice_no", "payment_no", "currency"),
}

Key = tuple[str, ...]
Rows = list[dict[str, str]]


@pytest.mark.parametrize("case", NAMES)
def test_case_agrees_to_the_cent(case: str, home: Path, tmp_path: Path) -> None:
    as_of = (CASES / case / "as_of.txt").read_text().strip()
    shares = (
        ["1", *(f"{table}=1" for table in PROTECTING_TABLES)] if case in WITH_QUARANTINE else []
    )
    limit = [word for share in shares for word in ("--quarantine-limit", share)]
    command = [
        "nightly",
        "--ledger",
        str(CASES / case / "ledger"),
        "--as-of",
        as_of,
        "--out",
        str(tmp_path / "out"),
    ]
    assert cli.main([*command, *limit]) == 0
    folder = tmp_path / "out" / as_of

    for table in ("classification", "open_items", "settlements"):
        assert (
            differences(
                expected_rows(case, table), parquet_rows(folder / f"{table}.parquet"), KEYS[table]
            )
            == []
        )
    if case in WITH_QUARANTINE:
        assert quarantined(expected_rows(case, "quarantine")) == quarantined(
            csv_rows(folder / "quarantine.csv")
        )
    else:
        assert csv_rows(folder / "quarantine.csv") == []


def expected_rows(case: str, table: str) -> Rows:
    """Return the rows of an expected file."""
    return csv_rows(CASES / case / "expected" / f"{table}.csv")


def csv_rows(path: Path) -> Rows:
    """Return the rows of a CSV with `;`, as text."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def parquet_rows(path: Path) -> Rows:
    """Return the rows of a Parquet file as the expected files print them; `limitation_near` out of
    the reasons.
    """
    rows = [
        {name: cell(value) for name, value in row.items()}
        for row in pq.read_table(path).to_pylist()
    ]
    for row in rows:
        if "reasons" in row:
            row["limitation_near"] = "yes" if "limitation_near" in row["reasons"].split(" ") else ""
    return rows


def cell(value: object) -> str:
    """Return a value as text: ISO dates, whole numbers, empty for null."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def quarantined(rows: Rows) -> dict[Key, set[str]]:
    """Return the set of reasons of each refused row by file and line."""
    return {
        (row["table"], row["file"], row["line"]): set(row["reasons"].split(" ")) for row in rows
    }


def differences(expected: Rows, actual: Rows, key: Key) -> list[str]:
    """Return one line per row or cell in which the actual rows differ in the columns of the
    expected ones.
    """
    wanted = {tuple(row[name] for name in key): row for row in expected}
    found = {tuple(row[name] for name in key): row for row in actual}
    assert len(found) == len(actual), f"{key} is no key of the actual rows"
    lines = [f"{' '.join(k)}: missing" for k in sorted(wanted.keys() - found.keys())]
    lines += [f"{' '.join(k)}: not expected" for k in sorted(found.keys() - wanted.keys())]
    for k in sorted(wanted.keys() & found.keys()):
        for name, value in wanted[k].items():
            if found[k][name] != value:
                lines.append(f"{' '.join(k)}: {name} is {found[k][name]!r}, expected {value!r}")
    return lines
