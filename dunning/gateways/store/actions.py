"""Actions: messages, orders and cases that left, each recorded once.

The key is (premise_no, payer_code, stage, as_of, channel). An action is intended before its file is
published and done after. The database itself refuses every other change: an action that is done is
never altered or removed.
"""

from datetime import date, datetime
from typing import TypedDict, cast

import psycopg
import pyarrow as pa
from sqlalchemy import Connection

from dunning.core.errors import DunningError
from dunning.gateways.postgres.database import Source, copy_in, copy_out, transact
from dunning.gateways.postgres.sql_files import statement
from dunning.gateways.store.rows import ACTIONS, HANDED_OVER, PAST_ACTIONS, shape_rows

# larger than any event number
ALL_EVENTS = 2**62


def append_actions(
    source: Source, run_id: int, as_of: date, actions: pa.Table, event_no: int | None = None
) -> int:
    """Record actions as intended by a run; return how many were new.

    Args:
        source: an engine, or a connection inside the caller's transaction.
        run_id: the run that takes them.
        as_of: its date, which is every action's day.
        actions: premise_no, payer_code, stage, channel, reference, principal_cents; of letters also
            written_to, the mark of the address (see `channel_choice.mark_addresses`). One that is there
            already with the same content is left as it is.
        event_no: of the release that takes them; None for what leaves with the close itself.

    Raises:
        DunningError: two of them share key or reference, or one that is there has other content;
            nothing is recorded.
    """
    # only letters have an address to remember
    if "written_to" not in actions.column_names:
        actions = actions.append_column("written_to", pa.nulls(len(actions), pa.string()))
    with transact(source) as connection:
        # COPY fills a temporary table, where duplicates and conflicts are found first
        connection.execute(statement("deeds", "stage"))
        try:
            copy_in(connection, "deeds", "copy", shape_rows(actions, ACTIONS, as_of))
        except psycopg.errors.UniqueViolation as error:
            raise DunningError(
                f"The run of {as_of} wants to record one deed twice: {error.diag.message_detail} "
                "Each message may go out once; nothing was recorded. Report this fault with that key."
            ) from error
        # compared with what is recorded before anything is added
        _refuse_conflict(connection, as_of)
        return connection.execute(
            statement("deeds", "append"), {"run_id": run_id, "event_no": event_no}
        ).rowcount


def fetch_actions(
    source: Source, before: date, since: date = date.min, events_seen: int = ALL_EVENTS
) -> pa.Table:
    """Return the messages sent on dates from `since` until the day before `before`.

    premise_no, payer_code, stage, as_of, channel, reference, written_to; by as_of, then by the
    other columns. What is only intended is not included, nor what was recalled; releases and
    recalls count up to the event `events_seen`.
    """
    given = {"before": before, "since": since, "events_seen": events_seen}
    with transact(source) as connection:
        return copy_out(connection, "deeds", "fetch", PAST_ACTIONS, given)


def fetch_handed_over(
    source: Source, before: date, since: date, events_seen: int = ALL_EVENTS
) -> pa.Table:
    """Return the disconnection orders and court cases handed over, as rows.HANDED_OVER.

    The same ones count as in `fetch_actions`.
    """
    given = {"before": before, "since": since, "events_seen": events_seen}
    with transact(source) as connection:
        return copy_out(connection, "deeds", "fetch_acts", HANDED_OVER, given)


class AccountAction(TypedDict):
    """One action on an account. recalled_…: None where it was not recalled."""

    stage: str
    as_of: date
    channel: str
    reference: str
    principal_cents: int
    state: str
    recalled_at: datetime | None
    recalled_by: str | None
    recall_reason: str | None


def fetch_account_actions(source: Source, premise_no: str, payer_code: str) -> list[AccountAction]:
    """Return all actions on one account, the newest first."""
    with transact(source) as connection:
        key = {"premise_no": premise_no, "payer_code": payer_code}
        rows = connection.execute(statement("deeds", "select_account"), key)
        return [cast(AccountAction, dict(row._mapping)) for row in rows]


def count_actions(source: Source, as_of: date) -> dict[str, int]:
    """Return the number of a date's actions by state (`intended`, `done`).

    A state without actions is missing.
    """
    with transact(source) as connection:
        rows = connection.execute(statement("deeds", "count"), {"as_of": as_of})
        return {row.state: row.row_count for row in rows}


def _refuse_conflict(connection: Connection, as_of: date) -> None:
    found = connection.execute(statement("deeds", "find_conflict")).first()
    if found is not None:
        raise DunningError(
            f"The deed {found.reference} (premise {found.premise_no}, payer {found.payer_code}, {found.stage} by "
            f"{found.channel} of {found.as_of}) is recorded already as {found.old_reference} with other content. "
            f"What has left the house cannot be changed; nothing was recorded for {as_of}. "
            "Find out who recorded it before running again."
        )
