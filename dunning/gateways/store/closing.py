"""Closing the books of a date: intent before the effect, the effect (files published), then the
record that it is done.

`begin_close`, publish, `finish_close`. Where a run died in between, the next one looks for the
manifest whose SHA-256 the interrupted run recorded: if it is out, the close is finished; if not,
nothing left the house and it is discarded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from dunning.core.errors import DunningError
from dunning.gateways.postgres.database import Source, transact
from dunning.gateways.postgres.sql_files import statement
from dunning.gateways.store.ageing import replace_ageing
from dunning.gateways.store.decisions import replace_decisions
from dunning.gateways.store.deeds import append_deeds
from dunning.gateways.store.figures import Figure, replace_figures
from dunning.gateways.store.moves import replace_stage_moves
from dunning.gateways.store.proposals import replace_proposals
from dunning.gateways.store.releases import Released, insert_release
from dunning.gateways.store.rows import AGEING
from dunning.gateways.store.runs import interrupted_runs, keep_manifest, last_closed_on


@dataclass(frozen=True)
class Books:
    """What a close writes; the columns stand with `replace_decisions`, `replace_proposals` and
    `append_deeds`.

    figures, ageing: of the night, for the pages. manifest: as it will be published. release: of the
    messages that leave with the night itself; None where they wait for a person.
    """

    decisions: pa.Table
    proposals: pa.Table
    deeds: pa.Table
    figures: Sequence[Figure] = ()
    ageing: pa.Table = field(default_factory=AGEING.empty_table)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    release: Released | None = None


def begin_close(source: Source, run_id: int, manifest_sha256: str, books: Books) -> dict[str, int]:
    """Write a date's decisions and proposals and its deeds as intended, in one transaction; return
    the rows of each.

    Args:
        source: an engine, or (better) the connection of the run lock.
        run_id: a running run that records.
        manifest_sha256: of the manifest that will be published, by which an interrupted close is
            recognised as done.
        books: what to write.

    Raises:
        DunningError: the run is not running or records nothing, its date is not later than the last
            closed one, another close is under way, or a deed conflicts. Nothing is written then.
    """
    with transact(source) as connection:
        closed_on = last_closed_on(connection)
        as_of = _begin(connection, run_id, manifest_sha256)
        counts = {
            "decisions": replace_decisions(connection, as_of, books.decisions),
            "proposals": replace_proposals(connection, as_of, books.proposals),
            "deeds": append_deeds(connection, run_id, as_of, books.deeds),
        }
        replace_figures(connection, as_of, books.figures)
        replace_ageing(connection, as_of, books.ageing)
        if closed_on is not None:
            replace_stage_moves(connection, as_of, closed_on)
        keep_manifest(connection, run_id, books.manifest)
        if books.release is not None:
            insert_release(connection, books.release, None)
        return counts


def finish_close(source: Source, as_of: date) -> int:
    """Record, in one transaction, that the deeds of a date are done and its books closed; return
    how many deeds.

    Raises:
        DunningError: no close of that date is under way.
    """
    with transact(source) as connection:
        return _end(connection, as_of, "finish_close", "finish")


def discard_close(source: Source, as_of: date) -> int:
    """Give up a close whose files never got out; return how many deeds it had.

    Its intended deeds, decisions and proposals go, and its run is running again, so that a retry of
    its last step can close, and a new attempt replaces it. Only for a manifest that was not
    published.

    Raises:
        DunningError: no close of that date is under way.
    """
    with transact(source) as connection:
        for table in ("decisions", "proposals"):
            connection.execute(statement(table, "open_date"), {"as_of": as_of})
        for table in ("figures", "ageing", "stage_moves"):
            connection.execute(statement(table, "delete"), {"as_of": as_of})
        return _end(connection, as_of, "discard_close", "discard")


def _begin(connection: Connection, run_id: int, manifest_sha256: str) -> date:
    other = next((run for run in interrupted_runs(connection) if run.run_id != run_id), None)
    if other is not None:
        raise DunningError(
            f"The close of {other.as_of} (run {other.run_id}) was interrupted and must be finished or discarded before "
            "another date is closed; run that date again."
        )
    row = {"run_id": run_id, "manifest_sha256": manifest_sha256}
    as_of = connection.execute(statement("runs", "begin_close"), row).scalar_one_or_none()
    if as_of is None:
        raise DunningError(
            f"Run {run_id} may not close books: it has ended, or it records nothing. Run its date again."
        )
    closed_on = last_closed_on(connection)
    if closed_on is not None and as_of <= closed_on:
        raise DunningError(
            f"The books of {as_of} cannot be closed, because those of {closed_on} are closed already; "
            "a past date can be run again, and then records nothing."
        )
    return as_of


def _end(connection: Connection, as_of: date, run_verb: str, deeds_verb: str) -> int:
    run_id = connection.execute(statement("runs", run_verb), {"as_of": as_of}).scalar_one_or_none()
    if run_id is None:
        raise DunningError(
            f"No close of {as_of} is under way, so there is nothing to finish or discard."
        )
    connection.execute(
        statement("releases", deeds_verb), {"as_of": as_of, "list_name": "reminders"}
    )
    row = {"run_id": run_id, "as_of": as_of, "event_no": None}
    return connection.execute(statement("deeds", deeds_verb), row).rowcount
