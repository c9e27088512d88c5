"""The same row twice is repeated, different rows under one key are all refused."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunning.core.ledger_tables import TABLES, bit, names_of
from dunning.ledger.check.duplicates import mark_duplicates
from dunning.ledger.read.parsing import parse_table
from dunning.ledger.read.readers import open_reader
from dunning.ledger.read.sources import TableSource
from dunning.ledger.typed_tables import RawTable, TypedTable


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("duplicates")


def marked(folder: Path, table: str, text: str) -> TypedTable:
    path = folder / f"{table}.csv"
    path.write_text(text)
    typed = parse_table(RawTable(TABLES[table], TableSource(open_reader(path), TABLES[table])))
    mark_duplicates(typed)
    return typed


HEADER = "payment_no;paid_on;amount;currency;channel;other\n"


@pytest.mark.parametrize(
    ("rows", "reasons", "repeated"),
    [
        (["1;2026-01-01;5;EUR;;", "2;2026-01-01;5;EUR;;"], ["", ""], []),
        (["1;2026-01-01;5;EUR;;", "1;01.01.2026;5,00;EUR;;unknown"], ["", ""], [1]),
        (["1;2026-01-01;1000;EUR;;", "1;01.01.2026 г.;1 000,0;EUR; ;"], ["", ""], [1]),
        (["1;2026-01-01;5;EUR;;", "1;2026-01-01;6;EUR;;"], ["duplicate_key", "duplicate_key"], []),
        (["01;2026-01-01;5;EUR;;", "1;2026-01-01;6;EUR;;"], ["", ""], []),
        (
            ["1;2026-01-01;5;EUR;;", "1;2026-01-01;5;EUR;a;", "1;2026-01-01;5;EUR;;"],
            ["duplicate_key"] * 3,
            [],
        ),
        (
            ["1;2026-01-01;5;EUR;;", "1;2026-01-01;1e9;EUR;;"],
            ["duplicate_key", "bad_value duplicate_key"],
            [],
        ),
        (["1;2026-01-01;1e9;EUR;;", "1;2026-01-01;1e9;EUR;;"], ["bad_value", "bad_value"], [1]),
        (["1;2026-01-01;1e9;EUR;;", "1;2026-01-01;1e8;EUR;;"], ["bad_value duplicate_key"] * 2, []),
        (
            ["1;2026-01-01;;EUR;;", "1;2026-01-01;x;EUR;;"],
            ["duplicate_key missing_value", "bad_value duplicate_key"],
            [],
        ),
        (
            [";2026-01-01;5;EUR;;", ";2026-01-01;6;EUR;;", ";2026-01-01;5;EUR;;"],
            ["missing_value"] * 3,
            [2],
        ),
        (["1;2026-01-01;5;EUR;;"] * 3, ["", "", ""], [1, 2]),
        (["1;2026-01-01;5;EUR;;", "1;2026-01-01;5;EUR", "1;2026-01-01;5;EUR;;"], ["", ""], [1]),
        ([], [], []),
    ],
)
def test_payments(folder: Path, rows: list[str], reasons: list[str], repeated: list[int]) -> None:
    typed = marked(folder, "payments", HEADER + "".join(f"{row}\n" for row in rows))
    assert [names_of(bits) for bits in typed.reasons] == reasons
    assert np.flatnonzero(typed.is_repeated).tolist() == repeated


def test_keys_of_several_columns(folder: Path) -> None:
    text = (
        "premise_no;payer_code;valid_from;share\n"
        "1;2;2026-01-01;\n1;2;01.01.2026;1\n1;2;2026-01-02;\n12;;2026-01-01;\n"
    )
    typed = marked(folder, "tenancies", text)
    assert np.flatnonzero(typed.is_repeated).tolist() == [1]
    assert [names_of(bits) for bits in typed.reasons] == ["", "", "", "missing_value"]
    typed = marked(folder, "tenancies", text.replace("01.01.2026;1", "01.01.2026;1/2"))
    assert [names_of(bits) for bits in typed.reasons] == [
        "duplicate_key",
        "duplicate_key",
        "",
        "missing_value",
    ]


cell = st.sampled_from(["", "1", "01", "2", "x" * 70 + "1", "x" * 70 + "2"])
day = st.sampled_from(["", "2026-01-01", "01.01.2026", "31.02.2026", "32.02.2026"])


@settings(max_examples=200)
@given(st.lists(st.tuples(cell, cell, day, st.sampled_from(["", "1", "1/2", "2/1"])), max_size=12))
def test_against_a_plain_reading(folder: Path, rows: list[tuple[str, str, str, str]]) -> None:
    lines = ["premise_no;payer_code;valid_from;share", *(";".join(row) for row in rows)]
    typed = marked(folder, "tenancies", "\n".join(lines) + "\n")
    filled = [row for row in rows if any(row)]  # a row of delimiters alone is a blank line
    normal = [(a, b, d.replace("01.01.2026", "2026-01-01"), s or "1") for a, b, d, s in filled]
    duplicate, repeated = [], []
    for i, row in enumerate(normal):
        has_key = bool(row[0]) and bool(row[1]) and row[2] == "2026-01-01"
        same_key = [other for other in normal if other[:3] == row[:3]] if has_key else [row]
        duplicate.append(any(other != row for other in same_key))
        repeated.append(not duplicate[-1] and row in normal[:i])
    assert ((typed.reasons & bit("duplicate_key")) > 0).tolist() == duplicate
    assert typed.is_repeated.tolist() == repeated
