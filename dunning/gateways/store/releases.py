"""Answers and releases of lists, each recorded once; for what was taken back see `recalls`.

A release is intended before its files are published and done after; see `outbox`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
from sqlalchemy import Connection

from dunning.core.lists import LISTS
from dunning.gateways.postgres.database import Source, transact
from dunning.gateways.postgres.sql_files import statement
from dunning.gateways.store.actions import append_actions
from dunning.gateways.store.events import next_event
from dunning.gateways.store.outbox import OutboxKind
from dunning.gateways.store.proposals import count_proposals

RELEASE = OutboxKind(
    table="releases",
    path="released/{as_of}/{list_name}".format_map,
    record=(("releases", "finish"), ("deeds", "finish")),
    withdraw=(("releases", "discard"), ("deeds", "discard")),
)


@dataclass(frozen=True)
class Answer:
    """A recorded answer about a list.

    answer: `approved`, `rejected`, `expired` (no answer came) or `automatic`.
    row_count, cents, files (SHA-256 by name): of the files that the answer is about.
    """

    run_id: int
    as_of: date
    list_name: str
    answer: str
    by_user: str
    note: str
    row_count: int
    cents: int
    files: Mapping[str, str]
    answer_no: int | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True)
class Released:
    """A list that left, or is about to.

    dropped: rows that the last look kept back. event_no: None where it left with the close itself.
    recalled_rows: how many were taken back; recalled_by, recall_reason, recalled_at: of the last
    recall, where all were.
    """

    as_of: date
    list_name: str
    run_id: int
    event_no: int | None
    row_count: int
    cents: int
    dropped: int
    out: str
    manifest_sha256: str
    state: str = "intended"
    recorded_at: datetime | None = None
    recalled_rows: int = 0
    recalled_by: str | None = None
    recall_reason: str | None = None
    recalled_at: datetime | None = None


@dataclass(frozen=True)
class ListRelease:
    """The state of a date's list.

    state: `waiting` for an answer, `approved` (on its way), `rejected`, `expired`, `released`,
    `recalled`. rows, cents: of what was proposed; of what left, once released. dropped: rows that
    the last look kept back. by_user, at, note: of the last answer or recall; None where there is
    none. file_sha256: by name, of the files that the answer is about.
    """

    as_of: date
    list_name: str
    state: str
    rows: int
    cents: int
    dropped: int
    by_user: str | None
    at: datetime | None
    note: str
    file_sha256: Mapping[str, str]


def append_answer(source: Source, answer: Answer) -> int:
    """Record an answer; return its number."""
    with transact(source) as connection:
        row = {**vars(answer), "files": json.dumps(dict(answer.files), sort_keys=True)}
        return int(connection.execute(statement("answers", "insert"), row).scalar_one())


def fetch_answers(source: Source, as_of: date) -> list[Answer]:
    """Return the answers about a date's lists, in the order in which they came."""
    with transact(source) as connection:
        rows = connection.execute(statement("answers", "select"), {"as_of": as_of})
        return [Answer(**row._mapping) for row in rows]


def fetch_released(source: Source, as_of: date) -> dict[str, Released]:
    """Return the lists of a date that left, or are about to, by name."""
    with transact(source) as connection:
        rows = connection.execute(statement("releases", "select"), {"as_of": as_of})
        return {row.list_name: Released(**row._mapping) for row in rows}


def fetch_releases(source: Source, as_of: date) -> list[ListRelease]:
    """Return the state of each list of a closed date that has rows to release.

    In the order reminders, disconnections, court.
    """
    with transact(source) as connection:
        counts = count_proposals(connection, as_of)
        # later answers replace earlier ones
        answers = {answer.list_name: answer for answer in fetch_answers(connection, as_of)}
        released = fetch_released(connection, as_of)
    found = []
    for name in LISTS:
        proposed = counts.get((name, "proposed"))
        answer = answers.get(name)
        out = released.get(name)
        # what is only intended may still be withdrawn: until it is done, the answer counts
        if out is not None and out.state == "done":
            found.append(_released_state(out, answer))
        elif proposed is not None:
            found.append(_waiting_state(as_of, name, proposed, answer))
    return found


def _released_state(out: Released, answer: Answer | None) -> ListRelease:
    files = answer.files if answer else {}
    state = "released"
    by = answer.by_user if answer else None
    at = out.recorded_at
    note = answer.note if answer else ""
    # a recall of the whole list; one of single rows leaves the list released
    if out.recalled_by is not None:
        state, by, at, note = "recalled", out.recalled_by, out.recalled_at, out.recall_reason or ""
    return ListRelease(
        out.as_of, out.list_name, state, out.row_count, out.cents, out.dropped, by, at, note, files
    )


def _waiting_state(
    as_of: date, name: str, proposed: tuple[int, int], answer: Answer | None
) -> ListRelease:
    rows, cents = proposed
    if answer is None:
        return ListRelease(as_of, name, "waiting", rows, cents, 0, None, None, "", {})
    # released without a question: on its way like an approved one
    state = "approved" if answer.answer == "automatic" else answer.answer
    return ListRelease(
        as_of,
        name,
        state,
        rows,
        cents,
        0,
        answer.by_user,
        answer.recorded_at,
        answer.note,
        answer.files,
    )


def count_released(source: Source, list_name: str, since: date, until: date) -> int:
    """Return how many rows of a list left from one date until another (both inclusive).

    Recalled rows are not counted.
    """
    with transact(source) as connection:
        row = {"list_name": list_name, "since": since, "until": until}
        return int(connection.execute(statement("releases", "count_between"), row).scalar_one())


def begin_release(source: Source, release: Released, actions: pa.Table) -> int:
    """Record in one transaction that a list is about to leave; return the event's number.

    Its actions are recorded as intended.

    Raises:
        DunningError: an action conflicts with one that is there. Nothing is recorded then.
    """
    with transact(source) as connection:
        event_no = next_event(connection)
        insert_release(connection, release, event_no)
        append_actions(connection, release.run_id, release.as_of, actions, event_no)
        return event_no


def insert_release(connection: Connection, release: Released, event_no: int | None) -> None:
    """Record that a list is about to leave, inside the caller's transaction."""
    connection.execute(statement("releases", "insert"), {**vars(release), "event_no": event_no})
