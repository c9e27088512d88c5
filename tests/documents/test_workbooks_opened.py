"""Each list's workbook opened in LibreOffice: every cell is what the list holds, leading zeros and
all.
"""

import csv
import io
import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dunning.documents.lists.columns import ColumnFormat, ListColumn
from dunning.documents.lists.list_columns import (
    COURT,
    COURT_ITEMS,
    DISCONNECTIONS,
    QUARANTINE,
    REMINDERS,
    WITHHELD,
    ListFile,
)
from dunning.documents.lists.xlsx_files import render_xlsx
from dunning.documents.words import table_of as table_of_words
from dunning.documents.words import word_or_text
from tests.browser.house import miss

AS_OF = date(2026, 11, 22)
LISTS = (*REMINDERS.values(), DISCONNECTIONS, COURT, COURT_ITEMS, WITHHELD, QUARANTINE)
# Byte 31 between cells (no text holds it), `"` around every text and around nothing else, UTF-8,
# cells as they are shown, every sheet.
BETWEEN = "\x1f"
CSV_FILTER = "csv:Text - txt - csv (StarCalc):31,34,76,1,,1033,true,true,true,false,false,-1"
SECONDS_MAX = 120
# Codes and texts that spreadsheets like to change: leading zeros, long numbers, dates, exponents,
# formulas.
TEXTS = (
    "000123",
    "1234567890123456789",
    "1-2",
    "12E5",
    "=1+1",
    "+359888123456",
    "0,50",
    'ул. „Бор“ 1; вх. "А"',
    "TRUE",
)
CENTS = (0, -7, 8420, 123_456_789, 100, 5, 12_345, 999_999_999, 1)
DAYS = (date(2026, 2, 28), date(1999, 12, 31), date(2028, 2, 29))
COUNTS = (0, 1, 12_345)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    """The rows of each list's workbook as LibreOffice shows them, by path of the list; texts in
    quotes.
    """
    program = shutil.which("soffice")
    if program is None:
        miss(
            "LibreOffice is not installed (Debian: libreoffice-calc); `make test` installs it when root runs it."
        )
    folder = tmp_path_factory.mktemp("workbooks")
    for listed in LISTS:
        content = render_xlsx(table_of(listed), listed.columns, AS_OF, listed.title)
        (folder / f"{file_name(listed)}.xlsx").write_bytes(content)
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    command = [program, profile, "--headless", "--convert-to", CSV_FILTER, "--outdir", str(folder)]
    subprocess.run(
        [*command, *map(str, sorted(folder.glob("*.xlsx")))],
        check=True,
        capture_output=True,
        timeout=SECONDS_MAX,
    )
    return {
        listed.path: read_quoted(folder / f"{file_name(listed)}-{listed.title}.csv")
        for listed in LISTS
    }


def file_name(listed: ListFile) -> str:
    """Return the name of a list's file without its folder."""
    return listed.path.replace("/", "-")


def read_quoted(path: Path) -> list[list[str]]:
    """Return the cells of a CSV as they stand in the file, the quotes around texts included."""
    reader = csv.reader(
        io.StringIO(path.read_text("utf-8")), delimiter=BETWEEN, quoting=csv.QUOTE_NONE
    )
    return list(reader)[1:]


def table_of(listed: ListFile) -> pa.Table:
    """Return rows whose cells go through all the odd values of their columns' kinds."""
    return pa.table({column.source: pa.array(values_of(column)) for column in listed.columns})


def values_of(column: ListColumn) -> list[Any]:
    """Return one value for each row of a column."""
    if column.kind is ColumnFormat.MONEY:
        return list(CENTS)
    if column.kind is ColumnFormat.DAY:
        return [DAYS[row % len(DAYS)] for row in range(len(CENTS))]
    if column.kind is ColumnFormat.COUNT:
        return [COUNTS[row % len(COUNTS)] for row in range(len(CENTS))]
    if column.kind is ColumnFormat.TEXT:
        return list(TEXTS)
    if column.is_open:
        return [text.replace(" ", "") for text in TEXTS]
    codes = list(table_of_words("bg", column.words))
    return [codes[row % len(codes)] for row in range(len(CENTS))]


def shown(column: ListColumn, value: Any) -> str:
    """Return how a spreadsheet must show a value: sums and days as numbers, all else as text, in
    quotes.
    """
    if column.kind is ColumnFormat.MONEY:
        return f"{value / 100:,.2f}"
    if column.kind is ColumnFormat.DAY:
        return f"{value:%d.%m.%Y}"
    if column.kind is ColumnFormat.COUNT:
        return str(value)
    if column.kind in (ColumnFormat.WORD, ColumnFormat.REASONS):
        value = word_or_text("bg", value, column.words)
    return '"' + str(value).replace('"', '""') + '"'


@pytest.mark.parametrize("listed", LISTS, ids=lambda listed: listed.path)
def test_every_cell_is_what_the_list_holds(
    opened: dict[str, list[list[str]]], listed: ListFile
) -> None:
    expected = [
        [shown(column, values_of(column)[row]) for column in listed.columns]
        for row in range(len(TEXTS))
    ]

    assert expected == opened[listed.path]
