"""What may leave the house and what did: answers and releases, each recorded once; what was taken
back: `recalls`.

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
from dunning.gateways.store.deeds import append_deeds
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
    """What somebody said to a list. answer: `approved`, `rejected`, `expired` (nobody did) or
    `automatic`.

    row_count, cents, files (SHA-256 by name): of what was looked at.
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
    """A list that left the house, or is about to. dropped: rows that the last look kept back.

    event_no: None where it left with the night itself. recalled_rows: how many were taken back;
    recalled_by,
    recall_reason, recalled_at: of the last recall, where all were.
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
class Release:
    """How a list of a date stands.

    state: `waiting` for an answer, `approved` (on its way), `rejected`, `expired`, `released`,
    `recalled`. rows, cents: of what was proposed; of what left, once released. dropped: rows that
    the last look kept back. by_user, at, note: of the last answer or recall; None where nobody gave
    one. file_sha256: by name, of what was answered about.
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
    """Return the lists of a date that left the house, or are about to, by name."""
    with transact(source) as connection:
        rows = connection.execute(statement("releases", "select"), {"as_of": as_of})
        return {row.list_name: Released(**row._mapping) for row in rows}


def fetch_releases(source: Source, as_of: date) -> list[Release]:
    """Return how each list of a closed date stands that has rows to release; reminders,
    disconnections, court.
    """
    with transact(source) as connection:
        counts = count_proposals(connection, as_of)
        answers = {answer.list_name: answer for answer in fetch_answers(connection, as_of)}
        released = fetch_released(connection, as_of)
    found = []
    for name in LISTS:
        proposed, answer, out = (
            counts.get((name, "proposed")),
            answers.get(name),
            released.get(name),
        )
        if out is not None and out.state == "done":
            found.append(_tell_released(out, answer))
        elif proposed is not None:
            found.append(_tell_waiting(as_of, name, proposed, answer))
    return found


def _tell_released(out: Released, answer: Answer | None) -> Release:
    files = answer.files if answer else {}
    state, by, at, note = (
        "released",
        answer.by_user if answer else None,
        out.recorded_at,
        answer.note if answer else "",
    )
    if out.recalled_by is not None:
        state, by, at, note = "recalled", out.recalled_by, out.recalled_at, out.recall_reason or ""
    return Release(
        out.as_of, out.list_name, state, out.row_count, out.cents, out.dropped, by, at, note, files
    )


def _tell_waiting(
    as_of: date, name: str, proposed: tuple[int, int], answer: Answer | None
) -> Release:
    rows, cents = proposed
    if answer is None:
        return Release(as_of, name, "waiting", rows, cents, 0, None, None, "", {})
    state = "approved" if answer.answer == "automatic" else answer.answer
    return Release(
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
    """Return how many rows of a list left from one date until another (both count), recalled ones
    left out.
    """
    with transact(source) as connection:
        row = {"list_name": list_name, "since": since, "until": until}
        return int(connection.execute(statement("releases", "count_between"), row).scalar_one())


def begin_release(source: Source, release: Released, deeds: pa.Table) -> int:
    """Record in one transaction that a list is about to leave, with its deeds as intended; return
    the event's number.

    Raises:
        DunningError: a deed conflicts with one that is there. Nothing is recorded then.
    """
    with transact(source) as connection:
        event_no = next_event(connection)
        insert_release(connection, release, event_no)
        append_deeds(connection, release.run_id, release.as_of, deeds, event_no)
        return event_no


def insert_release(connection: Connection, release: Released, event_no: int | None) -> None:
    """Record that a list is about to leave, inside the caller's transaction."""
    connection.execute(statement("releases", "insert"), {**vars(release), "event_no": event_no})
