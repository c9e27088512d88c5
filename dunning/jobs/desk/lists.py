"""The lists of a night as people go through them: filtered, sorted, looked into, and which rows were struck."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError, NotThereError
from dunning.core.words import CHANNELS
from dunning.documents.columns import Column, Kind
from dunning.documents.csv_files import parse_csv, render_csv
from dunning.documents.lists import COURT, COURT_ITEMS, DISCONNECTIONS, QUARANTINE, REMINDERS, WITHHELD, ListFile
from dunning.documents.xlsx_files import render_xlsx
from dunning.gateways.store import holds, runs
from dunning.gateways.targets import read_named, target_of
from dunning.jobs.desk.account import mask
from dunning.jobs.desk.office import Office

FILES: Mapping[str, ListFile] = {
    **{f"reminders-{channel}": listed for channel, listed in REMINDERS.items()}, "disconnections": DISCONNECTIONS,
    "court": COURT, "court_items": COURT_ITEMS, "withheld": WITHHELD, "quarantine": QUARANTINE,
}  # fmt: skip
# Only those who may see the court list see these.
OF_COURT = ("court", "court_items")
# What a row may be struck from, by the name that the store knows.
STRUCK_FROM = {**{f"reminders-{channel}": "reminders" for channel in CHANNELS}, "disconnections": "disconnections",
               "court": "court"}  # fmt: skip
FILTERS = ("stage", "district", "part", "service", "reason", "list", "table")
PAGE_ROWS = 50
_LONG = ("text", "row", "interest_segments")
_SECRET = "national_id"


@dataclass(frozen=True)
class Overview:
    """The lists of a night: name, rows, cents (None where a list has no sum)."""

    as_of: date
    dates: Sequence[date]
    lists: Sequence[tuple[str, int, int | None]]


@dataclass(frozen=True)
class Wish:
    """How a list is wanted. filters: by column. text: anywhere in a row. sort: a column, `-` before it: downwards."""

    filters: Mapping[str, str]
    text: str = ""
    sort: str = ""
    page: int = 1


@dataclass(frozen=True)
class ListPage:
    """A page of a list. columns: those shown. rows: plain values, identifiers masked. choices: by filter column.

    strikes: in force, by (premise_no, payer_code). cents: of all that is filtered; None where there is no sum.
    is_newest: of the last closed night, so that rows may be struck.
    """

    name: str
    as_of: date
    dates: Sequence[date]
    columns: Sequence[Column]
    rows: Sequence[dict[str, Any]]
    count: int
    cents: int | None
    choices: Mapping[str, Sequence[str]]
    wish: Wish
    pages: int
    strikes: Mapping[tuple[str, str], holds.OwnHold]
    is_newest: bool


def look_over(office: Office, as_of: date | None) -> Overview | None:
    """Return which lists a closed night has; None before the first."""
    dates = runs.fetch_closed_dates(office.engine, 62)
    if not dates:
        return None
    run = _run(office, as_of or dates[0])
    told = run.receipts["manifest"]["lists"]
    found = [(name, told[listed.path]["rows"], told[listed.path].get("cents")) for name, listed in FILES.items()]
    return Overview(run.as_of, dates, found)


def look(office: Office, name: str, as_of: date | None, wish: Wish) -> ListPage:
    """Return a page of a list of a closed night.

    Raises:
        NotThereError: no such list or night. DunningError: the published file is gone or was changed.
    """
    listed, run, dates = _listed(name), _run(office, as_of), runs.fetch_closed_dates(office.engine, 62)
    table = _read(office, run, listed)
    rows = _sort(_filter(table, listed, wish), listed, wish)
    pages = max(-(-len(rows) // PAGE_ROWS), 1)
    page = min(max(wish.page, 1), pages)
    shown = rows.slice((page - 1) * PAGE_ROWS, PAGE_ROWS)
    money = next((column.source for column in listed.columns if column.kind is Kind.MONEY), None)
    return ListPage(
        name=name, as_of=run.as_of, dates=dates, columns=[c for c in listed.columns if c.name not in _LONG],
        rows=[_masked(row) for row in shown.to_pylist()], count=len(rows),
        cents=(pc.sum(rows[money]).as_py() or 0) if money else None, choices=_choices(table, listed),
        wish=Wish(wish.filters, wish.text, wish.sort, page), pages=pages, strikes=find_strikes(office, run.as_of),
        is_newest=run.as_of == dates[0],
    )  # fmt: skip


def look_into(
    office: Office, name: str, as_of: date | None, premise_no: str, payer_code: str, *, is_whole: bool
) -> tuple[date, Sequence[Column], dict[str, Any], Sequence[Column], list[dict[str, Any]]]:
    """Return everything about one row: the date, columns and values, and the items of a case.

    Args:
        is_whole: the identifier is not masked.

    Raises:
        NotThereError: no such row.
    """
    listed, run = _listed(name), _run(office, as_of)
    table = _parse(office, run, listed)
    if "premise_no" not in table.column_names:
        raise NotThereError(f"The list {name} has no rows of accounts.")
    own = pc.and_(pc.equal(table["premise_no"], premise_no), pc.equal(table["payer_code"], payer_code))
    rows = table.filter(own).to_pylist()
    if not rows:
        raise NotThereError(f"The account {premise_no} / {payer_code} is not on the list {name} of {run.as_of}.")
    items: list[dict[str, Any]] = []
    if name == "court":
        cases = _parse(office, run, COURT_ITEMS)
        items = cases.filter(pc.equal(cases["case_ref"], rows[0]["case_ref"])).to_pylist()
    return run.as_of, listed.columns, rows[0] if is_whole else _masked(rows[0]), COURT_ITEMS.columns, items


def download(office: Office, name: str, suffix: str, as_of: date | None, *, is_whole: bool) -> tuple[bytes, str]:
    """Return a list's file as it was published, and a name for it; with masked identifiers, where they may not be seen.

    Raises:
        NotThereError: no such list or night. DunningError: the published file is gone or was changed.
    """
    listed, run = _listed(name), _run(office, as_of)
    if name == "court" and not is_whole:
        table = _parse(office, run, listed)
        masked = pa.array([mask(value or "") or None for value in table[_SECRET].to_pylist()], pa.string())
        table = table.set_column(table.column_names.index(_SECRET), _SECRET, masked)
        is_csv = suffix == "csv"
        content = render_csv(table, listed.columns) if is_csv else render_xlsx(
            table, listed.columns, run.as_of, listed.title
        )  # fmt: skip
        return content, f"{name}-masked-{run.as_of}.{suffix}"
    return _content(office, run, f"{listed.path}.{suffix}"), f"{name}-{run.as_of}.{suffix}"


def strike(
    office: Office, name: str, as_of: date, premise_no: str, payer_code: str, *, note: str, until: date, author: str
) -> holds.OwnHold:
    """Strike a row: a hold on its account from the next night on, and at once for the release; return it.

    Raises:
        DunningError: a newer night's lists have taken its place, the row is not there, the reason is too short or too
            long, the end is too near or too far, or the account is struck already. Nothing is changed then.
    """
    closed_on = runs.last_closed_on(office.engine)
    if as_of != closed_on:
        raise DunningError(
            f"The list of {as_of} was replaced by that of {closed_on}. Nothing was struck; look at the newer list."
        )
    if name not in STRUCK_FROM:
        raise NotThereError(f"No row can be struck from the list {name}.")
    if not 3 <= len(note.strip()) <= 500:
        raise DunningError("The reason has fewer than 3 or more than 500 signs. Write what others must know.")
    if until > as_of + timedelta(days=366):
        raise DunningError(f"The strike would end on {until}, more than a year from now. Give a nearer day.")
    look_into(office, name, as_of, premise_no, payer_code, is_whole=False)
    number = holds.append_hold(
        office.engine, premise_no=premise_no, payer_code=payer_code, list_name=STRUCK_FROM[name], struck_on=as_of,
        note=note, author=author, valid_until=until,
    )  # fmt: skip
    return next(hold for hold in holds.fetch_holds(office.engine, premise_no) if hold.hold_no == number)


def find_strikes(office: Office, day: date) -> dict[tuple[str, str], holds.OwnHold]:
    """Return the strikes in force after a night, by account."""
    known = reversed(holds.fetch_holds(office.engine))
    return {(h.premise_no, h.payer_code): h for h in known if h.is_in_force(day + timedelta(days=1))}


def _listed(name: str) -> ListFile:
    if name not in FILES:
        raise NotThereError(f"There is no list {name!r}; there are {', '.join(FILES)}.")
    return FILES[name]


def _run(office: Office, as_of: date | None) -> runs.Run:
    day = as_of or runs.last_closed_on(office.engine)
    run = runs.fetch_run(office.engine, day) if day else None
    if run is None or run.state != "closed" or "manifest" not in run.receipts:
        raise NotThereError(f"The books of {day or 'no day'} are not closed, so there is no list to show.")
    return run


def _content(office: Office, run: runs.Run, file: str) -> bytes:
    target = target_of(run.out or "", run.as_of.isoformat())
    return read_named(target, file, run.receipts["manifest"]["files"][file])


def _parse(office: Office, run: runs.Run, listed: ListFile) -> pa.Table:
    return parse_csv(_content(office, run, f"{listed.path}.csv"), listed.columns)


def _read(office: Office, run: runs.Run, listed: ListFile) -> pa.Table:
    """Return a list without its long texts; those that were looked at last are remembered by their hash."""
    sha256 = run.receipts["manifest"]["files"][f"{listed.path}.csv"]
    return _remember(office, run.run_id, run.as_of, listed.path, sha256)


@lru_cache(maxsize=8)
def _remember(office: Office, run_id: int, as_of: date, path: str, sha256: str) -> pa.Table:
    run, listed = _run(office, as_of), next(each for each in FILES.values() if each.path == path)
    table = _parse(office, run, listed)
    return table.drop_columns([name for name in _LONG if name in table.column_names])


def _masked(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, _SECRET: mask(row[_SECRET] or "")} if _SECRET in row else row


def _filter(rows: pa.Table, listed: ListFile, wish: Wish) -> pa.Table:
    for name, value in wish.filters.items():
        if value and name in rows.column_names:
            words = pc.fill_null(rows[name], "")
            has = pc.equal(words, value) if name != "reason" else pc.match_substring(words, value)
            rows = rows.filter(has)
    if wish.text.strip():
        rows = rows.filter(_holds_text(rows, wish.text))
    return rows


def _holds_text(rows: pa.Table, text: str) -> pa.ChunkedArray:
    """Say which rows hold every word, in any of their texts; identifiers are not searched."""
    texts = [
        pc.utf8_lower(pc.fill_null(rows[name], "")) for name in rows.column_names
        if pa.types.is_string(rows[name].type) and name != _SECRET
    ]  # fmt: skip
    joined = pc.binary_join_element_wise(*texts, " ")
    found: Any = None
    for word in text.lower().split():
        has = pc.match_substring(joined, word)
        found = has if found is None else pc.and_(found, has)
    return found


def _sort(rows: pa.Table, listed: ListFile, wish: Wish) -> pa.Table:
    name = wish.sort.removeprefix("-")
    source = next((column.source for column in listed.columns if column.name == name), None)
    if source is None or source not in rows.column_names or source == _SECRET:
        return rows
    order = "descending" if wish.sort.startswith("-") else "ascending"
    return rows.take(pc.sort_indices(rows, [(source, order)], null_placement="at_end"))


def _choices(table: pa.Table, listed: ListFile) -> dict[str, list[str]]:
    names = [column.name for column in listed.columns if column.name in FILTERS and column.kind is not Kind.MONEY]
    if listed is DISCONNECTIONS:
        names.remove("reason")  # a sentence of its own in each row
    found = {}
    for name in names:
        values = {word for value in pc.unique(table[name]).to_pylist() if value for word in _split(name, value)}
        found[name] = sorted(values)
    return found


def _split(name: str, value: str) -> list[str]:
    return value.split() if name == "reason" else [value]
