"""Rows within text, quotes or not, against a plain reader that walks letter by letter."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunning.core.errors import DunningError
from dunning.ledger.read.csv_reader import CsvReader
from dunning.ledger.read.records import PlainRows, read_records
from dunning.ledger.read.streams import LineBlock

cells = st.text(alphabet='a";\n\r ', max_size=6)


def walk(text: str) -> tuple[list[tuple[int, str]], bool]:
    """Return (line, row) of all rows that are not empty, and whether a quote stayed open."""
    rows, row, line, first = [], "", 1, 1
    is_open, is_start, i = False, True, 0
    while i < len(text):
        letter = text[i]
        if is_open:
            if letter == '"' and text[i + 1 : i + 2] == '"':
                row, i = row + '""', i + 2
                continue
            is_open = letter != '"'
            line += letter == "\n"
        elif letter == "\n":
            line += 1
            rows.append((first, row.removesuffix("\r")))
            row, first, is_start, i = "", line, True, i + 1
            continue
        else:
            is_open = letter == '"' and is_start
        is_start = not is_open and letter == ";"
        row, i = row + letter, i + 1
    return [(n, r) for n, r in rows if r], is_open


@settings(max_examples=300)
@given(st.lists(st.lists(cells, min_size=1, max_size=4), max_size=8))
def test_well_formed_rows_come_back(table: list[list[str]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";", lineterminator="\n").writerows(table)
    text = buffer.getvalue()
    expected, _ = walk(text)
    assert rows_of(text) == expected


@settings(max_examples=500)
@given(st.text(alphabet='a";\n', max_size=30))
def test_any_text_gives_the_plain_rows_or_is_refused(text: str) -> None:
    expected, is_open = walk(text + "\n")
    try:
        assert rows_of(text) == expected
        assert not is_open
    except DunningError as error:
        assert is_open or any("\n" in row for _, row in expected), error


def rows_of(text: str) -> list[tuple[int, str]]:
    data = (text if text.endswith("\n") else text + "\n").encode()
    found = []
    for rows in read_records("x.csv", [LineBlock(1, data)], ";", 1_000):
        records = rows.locate(";", 1_000) if isinstance(rows, PlainRows) else rows
        for line, start, end in zip(records.lines, records.starts, records.ends, strict=True):
            found.append((int(line), records.data[start:end].decode()))
    return found


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("records") / "x.csv"


@settings(max_examples=300)
@given(st.lists(st.text(alphabet='ab";', max_size=8), max_size=8))
def test_cells_are_those_of_the_plain_reader(path: Path, lines: list[str]) -> None:
    """One row a line, quotes anywhere: cells, lines and ragged rows are what Python's own reader
    finds.

    A row of delimiters alone is a blank line.
    """
    path.write_text("\n".join(["h1;h2;h3", *lines]) + "\n")
    rows = {
        i: next(csv.reader([text], delimiter=";"))
        for i, text in enumerate(lines, 2)
        if text.strip(";")
    }
    if any(walk(text + "\n")[1] for text in lines):
        return
    reader = CsvReader(path)
    found: dict[int, list[str]] = {}
    ragged: list[int] = []
    for batch in reader.read(("h1", "h2", "h3")):
        columns = zip(*(c.to_pylist() for c in batch.columns.values()), strict=True)
        found |= {
            int(n): [v or "" for v in row] for n, row in zip(batch.lines, columns, strict=True)
        }
        ragged += batch.ragged_lines.tolist()
    assert found == {i: row for i, row in rows.items() if len(row) == 3}
    assert ragged == [i for i, row in rows.items() if len(row) != 3]
    assert reader.cells_at(ragged) == {i: tuple(rows[i]) for i in ragged}
