"""What a list's file says is read back as it was written, for every list and whatever stands in its cells."""

from collections.abc import Sequence
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from dunning.documents.columns import Column, Kind, money, text
from dunning.documents.csv_files import parse_csv, render_csv
from dunning.documents.lists import COURT, COURT_ITEMS, DISCONNECTIONS, QUARANTINE, REMINDERS, WITHHELD, ListFile

LISTS = (*REMINDERS.values(), DISCONNECTIONS, COURT, COURT_ITEMS, WITHHELD, QUARANTINE)
TYPES = {Kind.MONEY: pa.int64(), Kind.DAY: pa.date32(), Kind.COUNT: pa.int32()}
NOTE = (text("note", "Бележка"),)

harsh = some.text(some.sampled_from("ая1 ;\"'\r\n\t=+-@,＝＋$\x00😀"), max_size=6)
texts = some.one_of(some.none(), harsh, some.text(some.characters(codec="utf-8"), max_size=8))
CELLS = {
    Kind.MONEY: some.one_of(some.none(), some.integers(-(10**15), 10**15)),
    Kind.DAY: some.one_of(some.none(), some.dates(date(1990, 1, 1), date(2100, 12, 31))),
    Kind.COUNT: some.one_of(some.none(), some.integers(-(2**31), 2**31 - 1)),
}


def build(columns: Sequence[Column], rows: Sequence[tuple]) -> pa.Table:
    cells = zip(*rows, strict=True) if rows else [() for _ in columns]
    return pa.table(
        {c.source: pa.array(list(own), TYPES.get(c.kind, pa.string())) for c, own in zip(columns, cells, strict=True)}
    )


@some.composite
def filled_lists(draw: some.DrawFn) -> tuple[ListFile, pa.Table]:
    listed = draw(some.sampled_from(LISTS))
    row = some.tuples(*(CELLS.get(column.kind, texts) for column in listed.columns))
    return listed, build(listed.columns, draw(some.lists(row, max_size=4)))


def as_read(kind: Kind, value: object) -> object:
    """Return what must be read of a cell: an empty text is null; `'=1` is the cured formula that it looks like."""
    if kind in TYPES:
        return value
    if not value:
        return None
    rest = str(value).removeprefix("'")
    looks_cured = rest != value and render_csv(pa.table({"note": [rest]}), NOTE) == render_csv(
        pa.table({"note": [value]}), NOTE
    )
    return rest if looks_cured else value


@settings(deadline=None)
@given(filled_lists())
def test_a_list_is_read_as_it_was_written_and_written_as_it_was_read(given_list: tuple[ListFile, pa.Table]) -> None:
    listed, rows = given_list
    content = render_csv(rows, listed.columns)
    parsed = parse_csv(content, listed.columns)

    expected = [[as_read(c.kind, value) for value in rows[c.source].to_pylist()] for c in listed.columns]
    assert expected == [parsed[c.source].to_pylist() for c in listed.columns]
    assert [TYPES.get(c.kind, pa.string()) for c in listed.columns] == parsed.schema.types
    assert content == render_csv(parsed, listed.columns)


@settings(deadline=None)
@given(some.lists(texts, max_size=6))
def test_rows_of_one_column_are_never_taken_for_empty_lines(notes: list[str | None]) -> None:
    content = render_csv(build(NOTE, [(note,) for note in notes]), NOTE)
    parsed = parse_csv(content, NOTE)

    assert (len(notes), content) == (len(parsed), render_csv(parsed, NOTE))


def test_a_cell_may_be_longer_than_what_is_read_at_once_elsewhere() -> None:
    notes = ["а" * 3_000_000 + "\n;", "б"]

    assert notes == parse_csv(render_csv(pa.table({"note": notes}), NOTE), NOTE)["note"].to_pylist()


@pytest.mark.parametrize(
    "content", ["note;more\r\na;b\r\n", "\r\n", "Note\r\na\r\n", "note\r\na;b\r\n"],
    ids=["more columns", "no header", "another name", "a cell too many"],
)  # fmt: skip
def test_another_file_is_refused(content: str) -> None:
    with pytest.raises(ValueError):
        parse_csv(content.encode(), NOTE)


def test_what_is_left_out_is_not_there_and_the_rest_is_the_same() -> None:
    rows = build(WITHHELD.columns, [("court", "1", "2", "overdue", 5, "ramp"), (None,) * 6])
    content = render_csv(rows, WITHHELD.columns)

    expected = parse_csv(content, WITHHELD.columns).drop_columns(["stage"])
    assert expected == parse_csv(content, WITHHELD.columns, leave_out=["stage"])


def test_a_sum_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError):
        parse_csv(b"overdue\r\n12,00 EUR\r\n", (money("overdue", "Сума"),))
