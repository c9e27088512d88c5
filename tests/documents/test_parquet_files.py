"""What a list's Parquet says is read back as it was written, for every list and whatever stands in
its cells.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from dunning.documents.lists.columns import ColumnFormat, ListColumn, money, text
from dunning.documents.lists.csv_files import render_csv
from dunning.documents.lists.list_columns import (
    COURT,
    COURT_ITEMS,
    DISCONNECTIONS,
    QUARANTINE,
    REMINDERS,
    WITHHELD,
    ListFile,
)
from dunning.documents.lists.parquet_files import read_parquet, render_parquet

LISTS = (*REMINDERS.values(), DISCONNECTIONS, COURT, COURT_ITEMS, WITHHELD, QUARANTINE)
TYPES = {
    ColumnFormat.MONEY: pa.int64(),
    ColumnFormat.DAY: pa.date32(),
    ColumnFormat.COUNT: pa.int32(),
}
NOTE = (text("note", "Бележка"),)

harsh = some.text(some.sampled_from("ая1 ;\"'\r\n\t=+-@,＝＋$\x00😀"), max_size=6)
texts = some.one_of(some.none(), harsh, some.text(some.characters(codec="utf-8"), max_size=8))
CELLS = {
    ColumnFormat.MONEY: some.one_of(some.none(), some.integers(-(10**15), 10**15)),
    ColumnFormat.DAY: some.one_of(some.none(), some.dates(date(1990, 1, 1), date(2100, 12, 31))),
    ColumnFormat.COUNT: some.one_of(some.none(), some.integers(-(2**31), 2**31 - 1)),
}


def build(columns: Sequence[ListColumn], rows: Sequence[tuple]) -> pa.Table:
    cells = zip(*rows, strict=True) if rows else [() for _ in columns]
    return pa.table(
        {
            c.source: pa.array(list(own), TYPES.get(c.kind, pa.string()))
            for c, own in zip(columns, cells, strict=True)
        }
    )


@some.composite
def filled_lists(draw: some.DrawFn) -> tuple[ListFile, pa.Table]:
    listed = draw(some.sampled_from(LISTS))
    row = some.tuples(*(CELLS.get(column.kind, texts) for column in listed.columns))
    return listed, build(listed.columns, draw(some.lists(row, max_size=4)))


@settings(deadline=None)
@given(filled_lists())
def test_a_list_is_read_as_it_was_written_and_written_as_it_was_read(
    given_list: tuple[ListFile, pa.Table],
) -> None:
    listed, rows = given_list
    content = render_parquet(rows, listed.columns)
    found = read_parquet(content, listed.columns)

    as_read = {
        name: [cell if cell != "" else None for cell in rows[name].to_pylist()]
        for name in rows.column_names
    }
    assert found.to_pydict() == as_read
    assert [TYPES.get(c.kind, pa.string()) for c in listed.columns] == found.schema.types
    assert render_parquet(found, listed.columns) == content
    assert render_csv(found, listed.columns) == render_csv(rows, listed.columns)


def test_its_columns_are_those_of_the_csv_typed() -> None:
    rows = build(
        WITHHELD.columns,
        [("court", "001", "02", "overdue", -123456, "ramp"), ("court", *[None] * 5)],
    )
    told = pq.read_table(BytesIO(render_parquet(rows, WITHHELD.columns)))

    header = render_csv(rows, WITHHELD.columns).decode("utf-8-sig").splitlines()[0]
    assert (
        ";".join(told.column_names) == header == "list;premise_no;payer_code;stage;overdue;reason"
    )
    assert told["overdue"].to_pylist() == [Decimal("-1234.56"), None]
    assert told["premise_no"].to_pylist() == ["001", None]


def test_a_text_that_a_spreadsheet_would_calculate_keeps_its_own_signs() -> None:
    notes = ["=1+1", "'=1+1", "а" * 3_000_000 + "\n;"]
    assert (
        read_parquet(render_parquet(pa.table({"note": notes}), NOTE), NOTE)["note"].to_pylist()
        == notes
    )


@pytest.mark.parametrize(
    "columns",
    [(text("other", "Друго"),), (money("note", "Сума"),), (*NOTE, text("more", "Още"))],
    ids=["another name", "another type", "fewer columns"],
)
def test_another_file_is_refused(columns: Sequence[ListColumn]) -> None:
    content = render_parquet(pa.table({"note": ["а"]}), NOTE)
    with pytest.raises(ValueError, match="the columns are note, not"):
        read_parquet(content, columns)


def test_what_is_left_out_is_not_there_and_the_rest_is_the_same() -> None:
    rows = build(WITHHELD.columns, [("court", "1", "2", "overdue", 5, "ramp"), (None,) * 6])
    content = render_parquet(rows, WITHHELD.columns)

    assert read_parquet(content, WITHHELD.columns, leave_out=["stage"]) == rows.drop_columns(
        ["stage"]
    )
