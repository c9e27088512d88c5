"""Who reads snapshots without being a run: they share a lock, and snapshots are removed only while
nobody holds it.

A run needs none: it holds the run lock, or stands as open in the store.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

from dunning.gateways.postgres.sql_files import statement

SNAPSHOTS_LOCK = 7_309_453_003


@contextmanager
def reading(engine: Engine) -> Iterator[None]:
    """Keep every snapshot where it is while the block lasts, or the process."""
    with engine.connect() as connection:
        with connection.begin():
            connection.execute(statement("locks", "share"), {"key": SNAPSHOTS_LOCK})
        try:
            yield
        finally:
            connection.invalidate()  # the lock is its session's


@contextmanager
def nobody_reads(engine: Engine) -> Iterator[bool]:
    """Give whether nobody reads snapshots; if so, nobody begins to while the block lasts."""
    with engine.connect() as connection:
        with connection.begin():
            is_free = connection.execute(
                statement("locks", "take"), {"key": SNAPSHOTS_LOCK}
            ).scalar_one()
        try:
            yield bool(is_free)
        finally:
            connection.invalidate()
