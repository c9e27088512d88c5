"""Event numbers: what people do after a close and later runs must know.

Events are manual holds, releases and recalls. A run stores the last number that it saw
(`RecordedRun.events_seen`). Later events do not exist for it, so that it can be repeated to the byte.
Numbers are given and read under one lock, so that none appears below one that was already read:

    lock   | event 7 |      | read: 7 |          | event 8 |
    run                     sees 1 to 7, for good
"""

from sqlalchemy import Connection

from dunning.gateways.postgres.database import Source, transact
from dunning.gateways.postgres.sql_files import statement

# any number that no other advisory lock of this database has
EVENTS_LOCK = 7_309_453_005


def next_event(connection: Connection) -> int:
    """Return the number of a new event; others wait until the caller's transaction ends."""
    connection.execute(statement("locks", "order"), {"key": EVENTS_LOCK})
    return int(connection.execute(statement("events", "next")).scalar_one())


def latest_event(connection: Connection) -> int:
    """Return the number of the last event, 0 before the first.

    The lock makes sure that no event is being recorded meanwhile.
    """
    connection.execute(statement("locks", "order"), {"key": EVENTS_LOCK})
    return int(connection.execute(statement("events", "latest")).scalar_one())


def count_actions_since(source: Source, event_no: int) -> int:
    """Return how many releases and recalls were recorded after an event."""
    with transact(source) as connection:
        found = connection.execute(statement("events", "count_since"), {"event_no": event_no})
        return int(found.scalar_one())
