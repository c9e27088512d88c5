"""Manual holds: accounts kept from every list by a person; each is recorded once.

A hold has a reason, an author and an end. It is set from a list (a strike) or from the account's
own page. It is in force from the day after the last closed date on, so that no closed date changes;
the release of that date checks holds besides.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa
from sqlalchemy import Connection

from dunning.core.errors import DunningError
from dunning.gateways.postgres.database import Source, copy_out, transact
from dunning.gateways.postgres.sql_files import statement
from dunning.gateways.store.events import next_event
from dunning.gateways.store.rows import SEEN_HOLDS
from dunning.gateways.store.runs import last_closed_on

# The list name of a hold that was set on an account's own page.
FROM_ACCOUNT = "account"


@dataclass(frozen=True)
class ManualHold:
    """One hold as recorded.

    list_name, struck_on: the list, and its date, from which the account was taken off;
    FROM_ACCOUNT, and the last closed date, where it was recorded on the account's page. document:
    evidence of the reason, or empty. valid_from, valid_until: half-open. ended_on: first day on
    which it is no longer in force, if it was ended early.
    """

    hold_no: int
    premise_no: str
    payer_code: str
    list_name: str
    struck_on: date
    reason: str
    note: str
    document: str
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
    source: Source,
    *,
    premise_no: str,
    payer_code: str,
    list_name: str,
    struck_on: date,
    note: str,
    author: str,
    valid_until: date,
    reason: str = "manual",
    document: str = "",
) -> int:
    """Record a hold from the day after the last closed date on; return its number.

    Raises:
        DunningError: no date is closed, the end is not after the beginning, such a hold lasts as
            long already, or no note is given.
    """
    with transact(source) as connection:
        # first the number: its lock keeps other events out until this transaction ends
        hold_no = next_event(connection)
        valid_from = first_open_day(connection)
        if valid_until <= valid_from:
            raise DunningError(
                f"The strike would end on {valid_until} and begin on {valid_from}. Give an end after {valid_from}."
            )
        if not note.strip():
            raise DunningError("A strike needs a reason that others understand later. Write one.")
        _refuse_second(connection, premise_no, payer_code, reason, valid_until)
        row = {
            "hold_no": hold_no,
            "premise_no": premise_no,
            "payer_code": payer_code,
            "list_name": list_name,
            "struck_on": struck_on,
            "reason": reason,
            "note": note.strip(),
            "document": document,
            "author": author,
            "valid_from": valid_from,
            "valid_until": valid_until,
        }
        return int(connection.execute(statement("holds", "insert"), row).scalar_one())


def end_hold(source: Source, hold_no: int, by: str) -> date:
    """End a hold from the day after the last closed date on; return that day.

    Raises:
        DunningError: there is none of that number, or it has ended.
    """
    with transact(source) as connection:
        event_no = next_event(connection)
        ended_on = first_open_day(connection)
        found = next((hold for hold in fetch_holds(connection) if hold.hold_no == hold_no), None)
        if found is None or not found.is_in_force(ended_on):
            raise DunningError(
                f"There is no strike {hold_no} in force; it has ended, or it never was."
            )
        row = {
            "event_no": event_no,
            "hold_no": hold_no,
            "ended_by": by,
            # an end is never before the beginning
            "ended_on": max(ended_on, found.valid_from),
        }
        connection.execute(statement("hold_ends", "insert"), row)
        return ended_on


def fetch_holds(source: Source, premise_no: str | None = None) -> list[ManualHold]:
    """Return our holds, of a premise where one is given, the newest first."""
    with transact(source) as connection:
        rows = connection.execute(statement("holds", "select"), {"premise_no": premise_no})
        return [ManualHold(**row._mapping) for row in rows]


def fetch_seen_holds(source: Source, events_seen: int) -> pa.Table:
    """Return our holds that a run knows, as rows.SEEN_HOLDS, by number."""
    with transact(source) as connection:
        return copy_out(connection, "holds", "copy_seen", SEEN_HOLDS, {"events_seen": events_seen})


def first_open_day(connection: Connection) -> date:
    """Return the day after the last closed date: the first that new decisions can still change.

    Raises:
        DunningError: no date is closed.
    """
    closed_on = last_closed_on(connection)
    if closed_on is None:
        raise DunningError("No night is closed yet, so there is no list to strike anybody from.")
    return closed_on + timedelta(days=1)


def _refuse_second(
    connection: Connection, premise_no: str, payer_code: str, reason: str, until: date
) -> None:
    """Refuse a hold if one of the same reason is in force as long; a longer one may follow."""
    for hold in fetch_holds(connection, premise_no):
        is_same = (hold.payer_code, hold.reason) == (payer_code, reason)
        # the end is exclusive: the last protected day is the one before
        if is_same and hold.is_in_force(until - timedelta(days=1)):
            raise DunningError(
                f"The account of premise {premise_no}, payer {payer_code} is struck already, until {hold.valid_until} "
                f"(strike {hold.hold_no}). Nothing was changed; end that one first if it must be another."
            )
