"""Decisions on accounts that owe, per date: read by the pages, the reports and later runs."""

from datetime import date
from typing import TypedDict, cast

import pyarrow as pa
import pyarrow.compute as pc

from dunning.gateways.postgres.database import Source, copy_in, copy_out, transact
from dunning.gateways.postgres.sql_files import statement
from dunning.gateways.store.rows import DECISIONS, shape_rows


def replace_decisions(source: Source, as_of: date, decisions: pa.Table) -> int:
    """Replace a date's decisions; return how many were stored.

    Args:
        source: an engine, or a connection inside the caller's transaction.
        as_of: the date.
        decisions: rows of the contract's `classification` with `why_not` and `rule`; only accounts
            that owe (open_cents > 0) are stored: the others are nine of ten and are in the file.
    """
    owing = decisions.filter(pc.greater(decisions["open_cents"], 0))
    with transact(source) as connection:
        connection.execute(statement("decisions", "open_date"), {"as_of": as_of})
        return copy_in(connection, "decisions", "copy", shape_rows(owing, DECISIONS, as_of))


class AccountDecision(TypedDict):
    """The decision on one account for a date on which it owed.

    reasons, why_not: codes separated by spaces.
    """

    as_of: date
    stage: str
    open_cents: int
    overdue_cents: int
    interest_cents: int
    shielded_cents: int
    days_overdue: int
    reasons: str
    why_not: str
    next_stage: str | None
    next_on: date | None


class StageRow(TypedDict):
    """One account of a stage that owes on a date. reasons: codes separated by spaces."""

    premise_no: str
    payer_code: str
    overdue_cents: int
    open_cents: int
    days_overdue: int
    limitation_on: date | None
    next_stage: str | None
    next_on: date | None
    reasons: str


def fetch_account_decisions(
    source: Source, premise_no: str, payer_code: str, limit: int
) -> list[AccountDecision]:
    """Return the decisions on one account for dates on which it owed, the newest first."""
    key = {"premise_no": premise_no, "payer_code": payer_code, "limit": limit}
    with transact(source) as connection:
        rows = connection.execute(statement("decisions", "select_account"), key)
        return [cast(AccountDecision, dict(row._mapping)) for row in rows]


def count_stage(source: Source, as_of: date, stage: str) -> tuple[int, int]:
    """Return how many accounts of a stage owe on a date, and their open cents."""
    with transact(source) as connection:
        count = connection.execute(
            statement("decisions", "count_stage"), {"as_of": as_of, "stage": stage}
        ).one()
        return int(count.accounts), int(count.open_cents)


def fetch_stage(source: Source, as_of: date, stage: str, limit: int, offset: int) -> list[StageRow]:
    """Return one page of a stage's owing accounts on a date, the largest overdue sums first."""
    key = {"as_of": as_of, "stage": stage, "limit": limit, "offset": offset}
    with transact(source) as connection:
        rows = connection.execute(statement("decisions", "select_stage"), key)
        return [cast(StageRow, dict(row._mapping)) for row in rows]


def fetch_decisions(source: Source, as_of: date) -> pa.Table:
    """Return a date's decisions, by premise_no and payer_code; no rows for a date without."""
    with transact(source) as connection:
        return copy_out(connection, "decisions", "fetch", DECISIONS, {"as_of": as_of})
