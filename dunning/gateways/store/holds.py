"""Strikes: an account that a person kept from every list, with a reason, an author and an end. Recorded once.

A strike holds from the day after the last closed date on, so that no closed night changes; the release of that date
looks at strikes besides.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa
from sqlalchemy import Connection

from dunning.core.errors import DunningError
from dunning.gateways.database import Source, copy_out, transact
from dunning.gateways.sql_files import statement
from dunning.gateways.store.events import next_event
from dunning.gateways.store.rows import SEEN_HOLDS
from dunning.gateways.store.runs import last_closed_on


@dataclass(frozen=True)
class OwnHold:
    """One strike as recorded.

    list_name, struck_on: the list, and its date, from which the account was struck. valid_from, valid_until: half-open.
    ended_on: first day on which it holds no more, where it was ended early.
    """

    hold_no: int
    premise_no: str
    payer_code: str
    list_name: str
    struck_on: date
    note: str
    author: str
    valid_from: date
    valid_until: date
    recorded_at: datetime
    ended_by: str | None
    ended_on: date | None

    def is_in_force(self, day: date) -> bool:
        """Return whether it holds on a day on or after `valid_from`, or will from then on."""
        return day < min(self.valid_until, self.ended_on or self.valid_until)


def append_hold(
    source: Source, *, premise_no: str, payer_code: str, list_name: str, struck_on: date, note: str, author: str,
    valid_until: date,
) -> int:
    """Record a strike from the day after the last closed date on; return its number.

    Raises:
        DunningError: no date is closed, the end is not after the beginning, the account is struck already, or no
            reason is given.
    """
    with transact(source) as connection:
        hold_no = next_event(connection)
        valid_from = first_open_day(connection)
        if valid_until <= valid_from:
            raise DunningError(
                f"The strike would end on {valid_until} and begin on {valid_from}. Give an end after {valid_from}."
            )
        if not note.strip():
            raise DunningError("A strike needs a reason that others understand later. Write one.")
        _refuse_second(connection, premise_no, payer_code, valid_from)
        row = {
            "hold_no": hold_no, "premise_no": premise_no, "payer_code": payer_code, "list_name": list_name,
            "struck_on": struck_on, "note": note.strip(), "author": author, "valid_from": valid_from,
            "valid_until": valid_until,
        }  # fmt: skip
        return int(connection.execute(statement("holds", "insert"), row).scalar_one())


def end_hold(source: Source, hold_no: int, by: str) -> date:
    """End a strike from the day after the last closed date on; return that day.

    Raises:
        DunningError: there is none of that number, or it has ended.
    """
    with transact(source) as connection:
        event_no = next_event(connection)
        ended_on = first_open_day(connection)
        found = next((hold for hold in fetch_holds(connection) if hold.hold_no == hold_no), None)
        if found is None or not found.is_in_force(ended_on):
            raise DunningError(f"There is no strike {hold_no} in force; it has ended, or it never was.")
        row = {"event_no": event_no, "hold_no": hold_no, "ended_by": by, "ended_on": max(ended_on, found.valid_from)}
        connection.execute(statement("hold_ends", "insert"), row)
        return ended_on


def fetch_holds(source: Source, premise_no: str | None = None) -> list[OwnHold]:
    """Return the strikes, of a premise where one is given, the newest first."""
    with transact(source) as connection:
        rows = connection.execute(statement("holds", "select"), {"premise_no": premise_no})
        return [OwnHold(**row._mapping) for row in rows]


def fetch_seen_holds(source: Source, events_seen: int) -> pa.Table:
    """Return the strikes that a run knows, as rows.SEEN_HOLDS, by number."""
    with transact(source) as connection:
        return copy_out(connection, "holds", "copy_seen", SEEN_HOLDS, {"events_seen": events_seen})


def first_open_day(connection: Connection) -> date:
    """Return the day after the last closed date: the first that a decision of today may still change.

    Raises:
        DunningError: no date is closed.
    """
    closed_on = last_closed_on(connection)
    if closed_on is None:
        raise DunningError("No night is closed yet, so there is no list to strike anybody from.")
    return closed_on + timedelta(days=1)


def _refuse_second(connection: Connection, premise_no: str, payer_code: str, day: date) -> None:
    for hold in fetch_holds(connection, premise_no):
        if hold.payer_code == payer_code and hold.is_in_force(day):
            raise DunningError(
                f"The account of premise {premise_no}, payer {payer_code} is struck already, until {hold.valid_until} "
                f"(strike {hold.hold_no}). Nothing was changed; end that one first if it must be another."
            )
