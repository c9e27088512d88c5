"""Counts and sums of closed dates, by stage and list: the baseline for later runs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from dunning.gateways.postgres.database import Source, transact
from dunning.gateways.postgres.sql_files import statement


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
