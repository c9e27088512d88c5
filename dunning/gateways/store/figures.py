"""The figures of closed dates: the baseline for later runs, and what the pages show.

Counts and sums by stage and list, moves of accounts between stages, ageing of the open debt.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from dunning.gateways.postgres.database import Source, copy_in, copy_out, transact
from dunning.gateways.postgres.sql_files import statement
from dunning.gateways.store.rows import AGEING, shape_rows


@dataclass(frozen=True)
class Figure:
    """One count and sum of a date.

    kind: `stage` (accounts, open cents) or `list` (rows and the manifest's cents).
    """

    as_of: date
    kind: str
    name: str
    row_count: int
    cents: int


def replace_figures(source: Source, as_of: date, figures: Iterable[Figure]) -> None:
    """Replace a date's figures."""
    with transact(source) as connection:
        connection.execute(statement("figures", "delete"), {"as_of": as_of})
        for figure in figures:
            connection.execute(statement("figures", "insert"), vars(figure))


def fetch_figures(source: Source, since: date, before: date) -> list[Figure]:
    """Return the figures of closed dates from `since` until the day before `before`, ascending."""
    with transact(source) as connection:
        rows = connection.execute(
            statement("figures", "select_between"), {"since": since, "before": before}
        )
        return [Figure(**row._mapping) for row in rows]


@dataclass(frozen=True)
class StageMove:
    """The number of accounts that moved from one stage to another, and what they owe now.

    An account that owes nothing counts as `current`.
    """

    from_stage: str
    to_stage: str
    accounts: int
    open_cents: int


def replace_stage_moves(source: Source, as_of: date, before: date) -> None:
    """Count the moves between the stored decisions of two dates again and replace those stored."""
    with transact(source) as connection:
        connection.execute(statement("stage_moves", "delete"), {"as_of": as_of})
        connection.execute(statement("stage_moves", "replace"), {"as_of": as_of, "before": before})


def fetch_stage_moves(source: Source, as_of: date) -> list[StageMove]:
    """Return the stage moves of a date, by stages."""
    with transact(source) as connection:
        rows = connection.execute(statement("stage_moves", "select"), {"as_of": as_of})
        return [StageMove(**row._mapping) for row in rows]


def replace_ageing(source: Source, as_of: date, ageing: pa.Table) -> int:
    """Replace a date's ageing; return the number of rows.

    ageing: columns of rows.AGEING without the date.
    """
    with transact(source) as connection:
        connection.execute(statement("ageing", "delete"), {"as_of": as_of})
        return copy_in(connection, "ageing", "copy", shape_rows(ageing, AGEING, as_of))


def fetch_ageing(source: Source, as_of: date) -> pa.Table:
    """Return a date's ageing: service, district, stage, band, items, cents.

    A date without ageing gives no rows.
    """
    with transact(source) as connection:
        return copy_out(connection, "ageing", "fetch", AGEING.remove(0), {"as_of": as_of})


def fetch_ageing_dates(source: Source) -> list[date]:
    """Return the closed dates that have an ageing, ascending."""
    with transact(source) as connection:
        return list(connection.execute(statement("ageing", "select_dates")).scalars())
