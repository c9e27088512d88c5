"""The lists of a night for their pages: filtered, sorted, opened row by row, downloaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.documents.lists.columns import ColumnFormat, ListColumn
from dunning.documents.lists.csv_files import render_csv
from dunning.documents.lists.list_columns import COURT_ITEMS, DECIDING
from dunning.documents.lists.xlsx_files import render_xlsx
from dunning.gateways.store import runs
from dunning.jobs.desk.lists.list_files import (
    DOWNLOADS,
    FILES,
    columns_of,
    fetch_file,
    fetch_list,
    fetch_manifest,
    fetch_rows,
    find_run,
    is_short,
)
from dunning.jobs.desk.session import DeskSession, RefusedError

# Only those who may see the court list see these.
OF_COURT = ("court", "court_items")
FILTERS = ("channel", "stage", "district", "part", "kind", "service", "list", "table", "reason")
PAGE_ROWS = 50
_DATES = 62
_SECRET = "national_id"
_LAST = ("case_ref", "reference")  # long, and said by other columns
_VISIBLE = 4
_SHOWN_SIGNS = 600  # of a cell in a list; a refused row may be a whole file


# A row as plain values by source; which ones, the columns of its list say.
ListRow = dict[str, Any]


@dataclass(frozen=True)
class Overview:
    """The lists of a night: name, rows, cents (None where a list has no sum), and file names."""

    as_of: date
    dates: Sequence[date]
    lists: Sequence[tuple[str, int, int | None, Sequence[str]]]


@dataclass(frozen=True)
class ListQuery:
    """Filters and order for a list.

    filters: by FILTERS. text: words that must be in a row. sort: name of a column.
    """

    filters: Mapping[str, str]
    text: str = ""
    sort: str = ""
    is_descending: bool = False
    page: int = 1


@dataclass(frozen=True)
class Choice:
    """A filter of a list.

    key: of FILTERS. words: the table of the words of its codes; empty where the values are no
    codes.
    """

    key: str
    words: str
    values: Sequence[str]


@dataclass(frozen=True)
class ListPage:
    """A page of a list.

    columns: those shown. rows: plain values by source, identifiers masked, very long texts cut.
    count, sums: of all that is filtered; sums by source. files: names of what can be taken. query:
    with a page that exists.
    """

    name: str
    as_of: date
    dates: Sequence[date]
    columns: Sequence[ListColumn]
    rows: Sequence[ListRow]
    count: int
    sums: Mapping[str, int]
    choices: Sequence[Choice]
    files: Sequence[str]
    query: ListQuery
    pages: int


@dataclass(frozen=True)
class RowPage:
    """All data of an account's rows in a list.

    items: of its court cases; identifiers are masked unless requested.
    """

    name: str
    as_of: date
    columns: Sequence[ListColumn]
    rows: Sequence[ListRow]
    item_columns: Sequence[ListColumn]
    items: Sequence[ListRow]


def read_overview(session: DeskSession, as_of: date | None) -> Overview | None:
    """Return the lists of a closed night; None before the first."""
    dates = runs.fetch_closed_dates(session.engine, _DATES)
    if not dates:
        return None
    run = find_run(session, as_of)
    entries = fetch_manifest(run)["lists"]
    found = []
    for name, files in FILES.items():
        counts = [entries[listed.path] for listed in files]
        cents = sum(each["cents"] for each in counts) if "cents" in counts[0] else None
        found.append((name, sum(each["rows"] for each in counts), cents, _downloads(name)))
    return Overview(run.as_of, dates, found)


def read_page(session: DeskSession, name: str, as_of: date | None, query: ListQuery) -> ListPage:
    """Return a page of a list of a closed night.

    Raises:
        RefusedError: no such list or night, or the published file is gone or was changed.
    """
    columns, run = columns_of(name), find_run(session, as_of)
    table = fetch_list(run, name)
    rows = filter_rows(table, columns, query)
    pages = max(-(-len(rows) // PAGE_ROWS), 1)
    # Only the shown page is sorted out of the table: positions first, then 50 rows.
    page = min(max(query.page, 1), pages)
    places = _sort(rows, columns, query)[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
    return ListPage(
        name=name,
        as_of=run.as_of,
        dates=runs.fetch_closed_dates(session.engine, _DATES),
        # Long texts are not loaded for a page; references are long and come last.
        columns=sorted(filter(is_short, columns), key=lambda column: column.name in _LAST),
        rows=[_shorten(row) for row in _to_rows(rows.take(places), is_whole=False)],
        count=len(rows),
        sums={name: pc.sum(rows[name]).as_py() or 0 for name in rows.column_names if _is_sum(name)},
        choices=_choices(table, columns),
        files=_downloads(name),
        query=replace(query, page=page),
        pages=pages,
    )


def read_row_page(
    session: DeskSession,
    name: str,
    as_of: date | None,
    premise_no: str,
    payer_code: str,
    *,
    is_whole: bool = False,
) -> RowPage:
    """Return all data of an account's rows in a list.

    Args:
        is_whole: identifiers are not masked.

    Raises:
        RefusedError: no such list, night or row, or the published file is gone or was changed.
    """
    columns, run = columns_of(name), find_run(session, as_of)
    found = None
    if any(column.name == "premise_no" for column in columns):
        found = fetch_rows(run, name, {"premise_no": [premise_no], "payer_code": [payer_code]})
    if found is None or len(found) == 0:
        raise RefusedError(
            f"The account {premise_no} / {payer_code} is not on the list {name} of {run.as_of}.",
            "no_row",
            day=run.as_of,
            premise_no=premise_no,
            payer_code=payer_code,
        )
    items: list[ListRow] = []
    if name == "court":
        items = fetch_rows(
            run, "court_items", {"case_ref": found["case_ref"].to_pylist()}
        ).to_pylist()
    return RowPage(
        name, run.as_of, columns, _to_rows(found, is_whole=is_whole), COURT_ITEMS.columns, items
    )


def download(
    session: DeskSession, name: str, suffix: str, as_of: date | None, *, is_whole: bool
) -> tuple[bytes, str]:
    """Return a list's published file and a file name for it.

    Identifiers are masked, unless they may be shown whole.

    Raises:
        RefusedError: no such list or night, or the published file is gone or was changed.
    """
    if name not in DOWNLOADS:
        raise RefusedError(f"There is no file {name}; there are {', '.join(DOWNLOADS)}.", "no_list")
    listed, run = DOWNLOADS[name], find_run(session, as_of)
    if is_whole or all(column.name != _SECRET for column in listed.columns):
        return fetch_file(run, f"{listed.path}.{suffix}"), f"{name}-{run.as_of}.{suffix}"
    table = mask_secrets(fetch_rows(run, name, {}))
    if suffix == "csv":
        content = render_csv(table, listed.columns)
    else:
        content = render_xlsx(table, listed.columns, run.as_of, listed.title)
    return content, f"{name}-masked-{run.as_of}.{suffix}"


def split_columns(
    name: str, columns: Sequence[ListColumn]
) -> tuple[list[ListColumn], list[ListColumn]]:
    """Return the columns that decide, in their own order, and the other columns.

    A list with few columns has them all in the first part.
    """
    if name not in DECIDING:
        return list(columns), []
    known = {column.name: column for column in columns}
    return [known[each] for each in DECIDING[name]], [
        each for each in columns if each.name not in DECIDING[name]
    ]


def may_unmask(name: str) -> bool:
    """Return whether a list contains identifiers."""
    return any(column.name == _SECRET for column in columns_of(name))


def mask_secrets(rows: pa.Table) -> pa.Table:
    """Return rows with their identifiers masked."""
    return rows.set_column(rows.column_names.index(_SECRET), _SECRET, mask_column(rows[_SECRET]))


def mask_column(identifiers: Any) -> Any:
    """Return identifiers with only their last four characters readable.

    >>> mask_column(pa.array(["7501011234", None, "12"])).to_pylist()
    ['••••••1234', None, '12']
    """
    # Dots for all characters but the last four; none for a shorter text.
    hidden = pc.max_element_wise(pc.subtract(pc.utf8_length(identifiers), _VISIBLE), 0)
    dots = pc.binary_repeat("•", pc.fill_null(hidden, 0))
    return pc.binary_join_element_wise(dots, pc.utf8_slice_codeunits(identifiers, -_VISIBLE), "")


def _downloads(name: str) -> list[str]:
    return [each for each, listed in DOWNLOADS.items() if listed in FILES[name]]


def _to_rows(rows: pa.Table, *, is_whole: bool) -> list[ListRow]:
    if _SECRET in rows.column_names and not is_whole:
        rows = mask_secrets(rows)
    entries: list[ListRow] = rows.to_pylist()
    return entries


def _shorten(row: ListRow) -> ListRow:
    is_long = {
        name: isinstance(value, str) and len(value) > _SHOWN_SIGNS for name, value in row.items()
    }
    return {
        name: f"{value[:_SHOWN_SIGNS]}…" if is_long[name] else value for name, value in row.items()
    }


def _is_sum(name: str) -> bool:
    """Return whether a column holds euro cents; sums of bills in leva are not added up."""
    return name.endswith("_cents")


def filter_rows(rows: pa.Table, columns: Sequence[ListColumn], query: ListQuery) -> pa.Table:
    """Return the rows that match the filters and words of a `ListQuery`."""
    for key, column in _filtered(columns).items():
        value = query.filters.get(key, "")
        if value and column.kind is ColumnFormat.REASONS:
            # Spaces around codes, so that a code does not match inside a longer one.
            spaced = pc.binary_join_element_wise("", pc.fill_null(rows[column.source], ""), "", " ")
            rows = rows.filter(pc.match_substring(spaced, f" {value} "))
        elif value:
            rows = rows.filter(pc.equal(rows[column.source], value))
    words = query.text.lower().split()
    return rows.filter(_hold_words(rows, words)) if words and len(rows) else rows


def _filtered(columns: Sequence[ListColumn]) -> dict[str, ListColumn]:
    """Return the columns by which a list can be filtered, by key.

    These are words of closed lists, districts and tables; all columns of reasons count as one.
    """
    found = {}
    for column in columns:
        key = "reason" if column.kind is ColumnFormat.REASONS else column.name
        is_closed = column.kind in (ColumnFormat.WORD, ColumnFormat.REASONS) or column.name in (
            "district",
            "table",
        )
        if is_closed and key in FILTERS:
            found[key] = column
    return found


def _hold_words(rows: pa.Table, words: Sequence[str]) -> Any:
    """Return a mask of the rows that contain each word in any text column.

    Identifiers are not searched.
    """
    texts = [
        pc.fill_null(rows[name], "")
        for name in rows.column_names
        if pa.types.is_string(rows[name].type) and name != _SECRET
    ]
    # One text per row, so that each word is searched once; a word cannot span two cells.
    joined = pc.utf8_lower(pc.binary_join_element_wise(*texts, "\n"))
    found = pc.match_substring(joined, words[0])
    for word in words[1:]:
        found = pc.and_(found, pc.match_substring(joined, word))
    return found


def _sort(rows: pa.Table, columns: Sequence[ListColumn], query: ListQuery) -> Any:
    """Return row positions in the requested order.

    Empty cells are last; equal rows keep the published order.
    """
    source = next(
        (column.source for column in columns if column.name == query.sort and is_short(column)),
        None,
    )
    if source is None or source == _SECRET:
        return pa.array(np.arange(len(rows)))
    order = "descending" if query.is_descending else "ascending"
    return pc.sort_indices(rows, [(source, order, "at_end")])


def _choices(table: pa.Table, columns: Sequence[ListColumn]) -> list[Choice]:
    found = []
    for key, column in _filtered(columns).items():
        words = {
            word
            for value in pc.unique(table[column.source]).to_pylist()
            for word in _split(column, value)
        }
        found.append(Choice(key, _words_of(column), sorted(words)))
    return found


def _words_of(column: ListColumn) -> str:
    return column.words if column.kind in (ColumnFormat.WORD, ColumnFormat.REASONS) else ""


def _split(column: ListColumn, value: str | None) -> list[str]:
    return [] if not value else value.split() if column.kind is ColumnFormat.REASONS else [value]
