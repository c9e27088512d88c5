"""Runs: the date, ledger and policy of each, and how it ended."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row

from dunning.core.errors import DunningError
from dunning.gateways.postgres.database import Source, transact
from dunning.gateways.postgres.sql_files import statement


@dataclass(frozen=True)
class RecordedRun:
    """One run as recorded.

    state: `running`; `closing` (its actions are intended, its files perhaps out); `closed` (date
        closed, actions done); `written` (files only, nothing recorded); `failed`.
    is_recording: whether it closes the date, or would have.
    manifest_sha256: of the manifest that it published, or, while `closing`, of the one that it will
        publish.
    receipts: `manifest`: the manifest.json that it published, once it ended; else empty.
    started_at, finished_at: for operators; no decision reads them.
    events_seen: the last hold, release or recall that it knows of; see `store.events`.
    """

    run_id: int
    as_of: date
    state: str
    is_recording: bool
    ledger_fingerprint: str | None
    snapshot_name: str | None
    policy_version: str | None
    policy_sha256: str | None
    out: str | None
    manifest_sha256: str | None
    newest_invoice_on: date | None
    newest_payment_on: date | None
    receipts: dict[str, Any]
    started_at: datetime
    finished_at: datetime | None
    events_seen: int


@dataclass(frozen=True)
class LoadedRun:
    """The columns of a run that decide whether its snapshot is still needed; as in `RecordedRun`."""

    run_id: int
    as_of: date
    state: str
    is_recording: bool
    snapshot_name: str


@dataclass(frozen=True)
class Facts:
    """The facts recorded when a run starts: ledger, policy and output folder.

    None: not known yet, or none. is_trial: a dry run.
    """

    ledger_fingerprint: str | None = None
    snapshot_name: str | None = None
    policy_version: str | None = None
    policy_sha256: str | None = None
    out: str | None = None
    newest_invoice_on: date | None = None
    newest_payment_on: date | None = None
    events_seen: int = 0
    is_trial: bool = False


def start_run(
    source: Source, as_of: date, *, is_recording: bool, facts: Facts | None = None
) -> int:
    """Begin a run and return its number.

    An earlier attempt of that kind that is still running for the date is recorded as failed.
    """
    with transact(source) as connection:
        kind = {"as_of": as_of, "is_recording": is_recording}
        # first: at most one attempt of a kind may be running for a date
        connection.execute(statement("runs", "abandon"), kind)
        return connection.execute(
            statement("runs", "insert"), kind | vars(facts or Facts())
        ).scalar_one()


def finish_run(source: Source, run_id: int, manifest_sha256: str) -> None:
    """End a run that wrote its files and records nothing (again, the past, dry, what-if).

    Raises:
        DunningError: the run is not running any more.
    """
    with transact(source) as connection:
        row = {"run_id": run_id, "manifest_sha256": manifest_sha256}
        _insist(connection.execute(statement("runs", "finish_written"), row).first(), run_id)


def keep_manifest(source: Source, run_id: int, manifest: Mapping[str, Any]) -> None:
    """Store the manifest that a run published or is about to publish."""
    with transact(source) as connection:
        row = {"run_id": run_id, "receipts": json.dumps({"manifest": manifest}, ensure_ascii=False)}
        connection.execute(statement("runs", "keep_receipt"), row)


def fail_run(source: Source, run_id: int) -> None:
    """End a running run as failed. One that is closing, or has ended, stays as it is."""
    with transact(source) as connection:
        connection.execute(statement("runs", "fail"), {"run_id": run_id})


def fail_left_runs(source: Source) -> None:
    """End every run that is still running as failed, where the caller knows that none can be."""
    with transact(source) as connection:
        connection.execute(statement("runs", "fail_left"))


def resume_run(source: Source, run_id: int) -> None:
    """Set a failed run back to running: its failed step was started again.

    Nothing is changed where a later attempt has replaced it.
    """
    with transact(source) as connection:
        connection.execute(statement("runs", "resume"), {"run_id": run_id})


def last_closed_on(source: Source) -> date | None:
    """Return the last closed date, or None."""
    with transact(source) as connection:
        return connection.execute(statement("runs", "select_last_closed")).scalar_one()


def fetch_closed_dates(source: Source, limit: int) -> list[date]:
    """Return the last closed dates, the newest first."""
    with transact(source) as connection:
        return list(
            connection.execute(statement("runs", "select_closed_dates"), {"limit": limit}).scalars()
        )


def fetch_events_seen(source: Source, as_of: date) -> int:
    """Return the last event that a past date knows.

    That of its closed run, else of the last date closed before it; 0 where no date was closed up to
    then: later events do not exist for it.
    """
    with transact(source) as connection:
        found = connection.execute(statement("runs", "select_events_seen"), {"as_of": as_of})
        return int(found.scalar_one_or_none() or 0)


def fetch_newest_loaded(
    source: Source, as_of: date, *, with_trials: bool = True
) -> RecordedRun | None:
    """Return the run that loaded a ledger for the newest date from `as_of` on.

    Of several for that date the latest.

    Args:
        with_trials: whether dry runs are among them.
    """
    with transact(source) as connection:
        given = {"as_of": as_of, "with_trials": with_trials}
        row = connection.execute(statement("runs", "select_newest_loaded"), given).first()
    return None if row is None else _run(row)


def fetch_run(source: Source, as_of: date) -> RecordedRun | None:
    """Return the run that counts for a date: the one that closed it, else the newest written."""
    with transact(source) as connection:
        row = connection.execute(statement("runs", "select_by_date"), {"as_of": as_of}).first()
    return None if row is None else _run(row)


def fetch_run_by_id(source: Source, run_id: int) -> RecordedRun | None:
    """Return a run by its number."""
    with transact(source) as connection:
        row = connection.execute(statement("runs", "select_by_id"), {"run_id": run_id}).first()
    return None if row is None else _run(row)


def fetch_loaded_runs(source: Source) -> list[LoadedRun]:
    """Return all runs that had loaded a ledger, in the order in which they began."""
    with transact(source) as connection:
        return [
            LoadedRun(**row._mapping)
            for row in connection.execute(statement("runs", "select_loaded"))
        ]


def _run(row: Row[Any]) -> RecordedRun:
    return RecordedRun(**row._mapping)


def _insist(found: Row[Any] | None, run_id: int) -> None:
    if found is None:
        raise DunningError(
            f"Run {run_id} is not running any more: it has ended, or a later attempt for its date has begun. "
            "Nothing was recorded for it; run the date again."
        )
