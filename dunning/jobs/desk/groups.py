"""The accounts counted by a number on a page: those of a stage, or near their limitation."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TypedDict

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dunning.core.words import STAGES
from dunning.gateways.postgres.database import Engine
from dunning.gateways.store import runs
from dunning.gateways.store.decisions import StageRow, count_stage, fetch_stage
from dunning.jobs.desk.lists.list_files import fetch_file, find_run
from dunning.jobs.desk.session import DeskSession, RefusedError
from dunning.jobs.queries.past_night import kept_policy

PAGE_ROWS = 50
NEAR = "near_limitation"
# Decisions of accounts without debt are not stored, so `current` is no group.
GROUPS = (*STAGES[1:], NEAR)
_DATES = 62
_ITEMS = ["premise_no", "payer_code", "open_cents", "limitation_on"]


class NearRow(TypedDict):
    """An account with items near their limitation. limitation_on: of the first one."""

    premise_no: str
    payer_code: str
    open_cents: int
    items: int
    limitation_on: date


@dataclass(frozen=True)
class Group:
    """A page of a group's accounts on a closed night. cents: open; page: one that exists.

    rows: those of NEAR the soonest first.
    """

    name: str
    as_of: date
    dates: Sequence[date]
    accounts: int
    cents: int
    items: int
    rows: Sequence[StageRow] | Sequence[NearRow]
    page: int
    pages: int


def read_page(session: DeskSession, name: str, as_of: date | None, page: int = 1) -> Group:
    """Return a page of a group's accounts.

    Raises:
        RefusedError: there is no such group or night.
    """
    if name not in GROUPS:
        raise RefusedError(
            f"There is no group {name!r}; there are {', '.join(GROUPS)}.", "no_group"
        )
    run = find_run(session, as_of)
    dates = runs.fetch_closed_dates(session.engine, _DATES)
    if name == NEAR:
        return _look_near(session, run, dates, page)
    accounts, cents = count_stage(session.engine, run.as_of, name)
    pages = max(-(-accounts // PAGE_ROWS), 1)
    page = min(max(page, 1), pages)
    rows = fetch_stage(session.engine, run.as_of, name, PAGE_ROWS, (page - 1) * PAGE_ROWS)
    return Group(name, run.as_of, dates, accounts, cents, 0, rows, page, pages)


def _look_near(session: DeskSession, run: runs.RecordedRun, dates: list[date], page: int) -> Group:
    found = _near(session.engine, run.run_id)
    pages = max(-(-len(found) // PAGE_ROWS), 1)
    page = min(max(page, 1), pages)
    rows = found.slice((page - 1) * PAGE_ROWS, PAGE_ROWS).to_pylist()
    cents, items = (pc.sum(found[name]).as_py() or 0 for name in ("open_cents", "items"))
    return Group(NEAR, run.as_of, dates, len(found), cents, items, rows, page, pages)


@lru_cache(maxsize=4)
def _near(engine: Engine, run_id: int) -> pa.Table:
    """Return the accounts with items near their limitation, counted as in the ageing.

    Near: within the policy's number of days.
    """
    run = runs.fetch_run_by_id(engine, run_id)
    assert run is not None
    days = kept_policy(engine, run).at(run.as_of).stages.limitation_near_days
    items = pq.read_table(io.BytesIO(fetch_file(run, "open_items.parquet")), columns=_ITEMS)
    until = pa.scalar(run.as_of + timedelta(days=days), pa.date32())
    is_near = pc.and_(
        pc.greater(items["limitation_on"], pa.scalar(run.as_of, pa.date32())),
        pc.less_equal(items["limitation_on"], until),
    )
    sums = (
        # Without threads the groups come in the order of their rows, always the same.
        items.filter(is_near)
        .group_by(["premise_no", "payer_code"], use_threads=False)
        .aggregate([("open_cents", "sum"), ("open_cents", "count"), ("limitation_on", "min")])
    )
    named = sums.rename_columns(
        ["premise_no", "payer_code", "open_cents", "items", "limitation_on"]
    )
    order = [
        ("limitation_on", "ascending"),
        ("open_cents", "descending"),
        ("premise_no", "ascending"),
    ]
    return named.sort_by(order)
