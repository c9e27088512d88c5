"""A list as downloaded from its page: filtered as shown, without rows of accounts on hold.

Rows are left out only while the list waits for its release.
"""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.lists import LISTS
from dunning.decisions.account.manual_hold_terms import find_held_back
from dunning.documents.lists.csv_files import render_csv
from dunning.documents.lists.list_columns import ListFile
from dunning.documents.lists.xlsx_files import render_xlsx
from dunning.gateways.postgres.database import transact
from dunning.gateways.store import holds, runs
from dunning.jobs.desk.lists.list_files import (
    DOWNLOADS,
    FILES,
    columns_of,
    fetch_list,
    fetch_rows,
    find_run,
)
from dunning.jobs.desk.lists.list_rows import ListQuery, download, filter_rows, mask_secrets
from dunning.jobs.desk.lists.manual_holds import has_left
from dunning.jobs.desk.session import DeskSession


def take(
    session: DeskSession,
    name: str,
    suffix: str,
    as_of: date | None,
    query: ListQuery,
    *,
    is_whole: bool,
) -> tuple[bytes, str]:
    """Return a list's file as shown on its page, and a file name that names the differences.

    A list that waits goes without the rows that a hold of our own keeps here; one that has left, or
    is of an older night, is whole.

    Raises:
        RefusedError: as `list_rows.download`.
    """
    listed = DOWNLOADS.get(name)
    if listed is None:
        return download(session, name, suffix, as_of, is_whole=is_whole)
    run = find_run(session, as_of)
    of = next(key for key, files in FILES.items() if listed in files)
    held = _find_held(session, run, of)
    is_filtered = bool(query.text.strip() or any(query.filters.values()))
    # Nothing differs from the published file: give its own bytes.
    if not is_filtered and len(held) == 0:
        return download(session, name, suffix, as_of, is_whole=is_whole)
    rows = _without(fetch_rows(run, of, {}), of, held)
    if len(FILES[of]) > 1:
        rows = rows.filter(pc.equal(rows["channel"], name.rpartition("-")[2]))
    rows = filter_rows(rows, columns_of(of), query)
    marks = [
        mark
        for mark, is_so in (("filtered", is_filtered), ("without-held", len(held) > 0))
        if is_so
    ]
    if not is_whole and any(column.name == "national_id" for column in listed.columns):
        rows, marks = mask_secrets(rows), ["masked", *marks]
    return _render(
        rows, listed, suffix, run.as_of
    ), f"{'-'.join([name, *marks])}-{run.as_of}.{suffix}"


def count_held(session: DeskSession, name: str, as_of: date) -> int:
    """Return the number of rows of a waiting list that are held back by our own holds."""
    return len(_find_held(session, find_run(session, as_of), name))


def _find_held(session: DeskSession, run: runs.RecordedRun, name: str) -> pa.Table:
    """Return the rows of a waiting list that are held back; for court items, their cases."""
    of = "court" if name == "court_items" else name
    is_waiting = of in LISTS and run.as_of == runs.last_closed_on(session.engine)
    rows = (
        fetch_list(run, of) if of in LISTS else pa.table({"premise_no": pa.array([], pa.string())})
    )
    if not is_waiting or has_left(session, of, run.as_of):
        return rows.slice(0, 0)
    with transact(session.engine) as connection:
        # The holds that the release would apply now, not those of the night.
        day = holds.first_open_day(connection)
        in_force = [hold for hold in holds.fetch_holds(connection) if hold.is_in_force(day)]
    return rows.filter(pc.is_valid(find_held_back(rows, of, in_force)))


def _without(rows: pa.Table, name: str, held: pa.Table) -> pa.Table:
    if len(held) == 0:
        return rows
    if name == "court_items":
        return rows.filter(
            pc.invert(pc.is_in(rows["case_ref"], value_set=held["case_ref"].combine_chunks()))
        )
    keys = [
        # Two columns as one key: the separator occurs in neither.
        pc.binary_join_element_wise(each["premise_no"], each["payer_code"], "\x1f")
        for each in (rows, held)
    ]
    return rows.filter(pc.invert(pc.is_in(keys[0], value_set=keys[1].combine_chunks())))


def _render(rows: pa.Table, listed: ListFile, suffix: str, as_of: date) -> bytes:
    if suffix == "csv":
        return render_csv(rows, listed.columns)
    return render_xlsx(rows, listed.columns, as_of, listed.title)
