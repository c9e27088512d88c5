"""Close a date: write decisions, proposals, actions and figures in one transaction.

This comes before its files are published; see `outbox`.
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
from dunning.gateways.store.actions import append_actions
from dunning.gateways.store.decisions import replace_decisions
from dunning.gateways.store.figures import (
    Figure,
    replace_ageing,
    replace_figures,
    replace_stage_moves,
)
from dunning.gateways.store.outbox import OutboxKind, fetch_intents
from dunning.gateways.store.proposals import replace_proposals
from dunning.gateways.store.releases import Released, insert_release
from dunning.gateways.store.rows import AGEING
from dunning.gateways.store.runs import keep_manifest, last_closed_on

# A close that is withdrawn sets its run back to running: a retry of its last step can close, and
# a new attempt replaces it.
CLOSE = OutboxKind(
    table="runs",
    path="{as_of}".format_map,
    record=(("runs", "finish_close"), ("releases", "finish"), ("deeds", "finish")),
    withdraw=(
        ("decisions", "open_date"),
        ("proposals", "open_date"),
        ("figures", "delete"),
        ("ageing", "delete"),
        ("stage_moves", "delete"),
        ("runs", "discard_close"),
        ("releases", "discard"),
        ("deeds", "discard"),
    ),
)


@dataclass(frozen=True)
class ClosingRows:
    """The rows that a close writes.

    For their columns see `replace_decisions`, `replace_proposals` and `append_actions`.

    figures, ageing: of the date, for the pages. manifest: as it will be published. release: of the
    messages that leave with the close itself; None where they wait for a person.
    """

    decisions: pa.Table
    proposals: pa.Table
    actions: pa.Table
    figures: Sequence[Figure] = ()
    ageing: pa.Table = field(default_factory=AGEING.empty_table)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    release: Released | None = None


def begin_close(
    source: Source, run_id: int, manifest_sha256: str, books: ClosingRows
) -> dict[str, int]:
    """Write a date's decisions, proposals and intended actions in one transaction; return counts.

    Args:
        source: an engine, or (better) the connection of the run lock.
        run_id: a running run that records.
        manifest_sha256: of the manifest that will be published, by which an interrupted close is
            recognised as done.
        books: what to write.

    Raises:
        DunningError: the run is not running or records nothing, its date is not later than the last
            closed one, another close is under way, or an action conflicts. Nothing is written then.
    """
    with transact(source) as connection:
        # read before `_begin` makes this date a closing one
        closed_on = last_closed_on(connection)
        as_of = _begin(connection, run_id, manifest_sha256)
        counts = {
            "decisions": replace_decisions(connection, as_of, books.decisions),
            "proposals": replace_proposals(connection, as_of, books.proposals),
            "deeds": append_actions(connection, run_id, as_of, books.actions),
        }
        replace_figures(connection, as_of, books.figures)
        replace_ageing(connection, as_of, books.ageing)
        # the first closed date has none before it to compare with
        if closed_on is not None:
            replace_stage_moves(connection, as_of, closed_on)
        keep_manifest(connection, run_id, books.manifest)
        if books.release is not None:
            insert_release(connection, books.release, None)
        return counts


def _begin(connection: Connection, run_id: int, manifest_sha256: str) -> date:
    others = [intent.row for intent in fetch_intents(connection, CLOSE)]
    if others:
        raise DunningError(
            f"The close of {others[0]['as_of']} (run {others[0]['run_id']}) was interrupted and must be finished or "
            "discarded before another date is closed; run that date again."
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
