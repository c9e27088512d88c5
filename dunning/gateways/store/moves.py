"""Moves of accounts between stages, from one closed date to the next."""

from dataclasses import dataclass
from datetime import date

from dunning.gateways.postgres.database import Source, transact
from dunning.gateways.postgres.sql_files import statement


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
