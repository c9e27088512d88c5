"""The lock of snapshot readers that are no runs: shared to read, exclusive to remove.

    reading        |---- A ----|
    reading            |---- B ----|            shared: both at once
    without_readers                   |-- C --| exclusive: while nothing reads

A run needs none: it holds the run lock, or is recorded as open in the store.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from dunning.gateways.postgres.sql_files import statement

SNAPSHOTS_LOCK = 7_309_453_003


@contextmanager
def reading(engine: Engine) -> Iterator[None]:
    """Keep every snapshot from being removed while the block, or the process, lasts."""
    with engine.connect() as connection:
        with connection.begin():
            connection.execute(statement("locks", "share"), {"key": SNAPSHOTS_LOCK})
        try:
            yield
        finally:
            # the lock belongs to the session: closing that releases it, also when the process dies
            connection.invalidate()


@contextmanager
def without_readers(engine: Engine) -> Iterator[bool]:
    """Yield whether no snapshot is being read; if so, no reader can begin while the block lasts."""
    with engine.connect() as connection:
        with connection.begin():
            is_free = connection.execute(
                statement("locks", "take"), {"key": SNAPSHOTS_LOCK}
            ).scalar_one()
        try:
            yield bool(is_free)
        finally:
            connection.invalidate()
