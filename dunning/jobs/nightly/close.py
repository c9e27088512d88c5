"""Publish a run's files and, if it records, close the date: intent, publication, record."""

import hashlib
import json
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError
from dunning.core.lists import PRINCIPAL, SUMS
from dunning.decisions.account.manual_hold_terms import find_held_back
from dunning.decisions.lists.actions import actions_of_messages
from dunning.gateways.files.publishing import MANIFEST, check_prepared
from dunning.gateways.files.seals import check_seal
from dunning.gateways.files.worktables import read_groups, read_table
from dunning.gateways.postgres.database import Connection, Engine, run_lock
from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.search_index import build_search_index
from dunning.gateways.store import closing, open_store, releases, runs
from dunning.gateways.store.events import count_actions_since
from dunning.gateways.store.holds import fetch_holds
from dunning.gateways.store.outbox import publish_once
from dunning.jobs.nightly.output_places import Place, find_place
from dunning.jobs.nightly.runs import NightlyRun
from dunning.jobs.receipts import ClosedReceipt, RunManifest
from dunning.jobs.records.baseline import figures_of
from dunning.jobs.recovery import recover, sweep
from dunning.jobs.retention import prune
from dunning.jobs.run_context import RunReceipt

# Columns of the classification that are recorded with each decision.
_OWING = [
    "premise_no",
    "payer_code",
    "stage",
    "open_cents",
    "overdue_cents",
    "interest_cents",
    "credit_cents",
    "shielded_cents",
    "overdue_items",
    "oldest_due_on",
    "days_overdue",
    "limitation_on",
    "reasons",
    "why_not",
    "rule",
    "next_stage",
    "next_on",
    "policy_version",
]


def run(run: RunReceipt) -> ClosedReceipt:
    """Publish and close the run, then remove old snapshots; return the receipt of `close`."""
    this = NightlyRun.of(run)
    settings = Settings.from_environment()
    # not only a connection: the program may have been upgraded since the run began
    engine = open_store(settings, f"nightly {this.as_of} close")
    with run_lock(engine, f"nightly {this.as_of} close") as connection:
        runs.resume_run(connection, this.run_id)
        return close_and_prune(settings, engine, connection, this)


def close_and_prune(
    settings: Settings, engine: Engine, connection: Connection, this: NightlyRun
) -> ClosedReceipt:
    """Publish and close the run; then remove old snapshots and build the search index.

    The last two only where a date was closed. A snapshot that cannot be removed (it is being read,
    or its folder cannot be deleted) is tried again by the next run and is listed in
    `dunning snapshots` until then; a missing index is built at the first search. The date is
    closed, and nothing may mark this run as failed.
    """
    receipt = close(settings, connection, this)
    if receipt["state"] == "closed":
        # suppressed: the date is closed and recorded; housekeeping must not undo that
        with suppress(OSError, DunningError):
            prune(settings, connection, engine)
            build_search_index(settings, this.open_snapshot())
    return receipt


def close(settings: Settings, connection: Connection, this: NightlyRun) -> ClosedReceipt:
    """Publish the prepared files; record decisions, proposals and actions if the run records.

    The caller holds the run lock. Work folders that the closed date makes useless, such as those of
    killed runs, are removed.

    Actions are recorded as intended before the files are published and as done after; see
    `store.outbox`. Running this step again after it ended well changes nothing.

    Raises:
        DunningError: another run closed a date since this one began, or the files cannot be
            published.
    """
    # finish what a killed process began, before anything is compared with the store
    recover(connection)
    known = runs.fetch_run_by_id(connection, this.run_id)
    # tried again after it ended well: nothing to do
    if known is not None and known.state in ("closed", "written"):
        return _receipt(this, known.state, _find_place(connection, this))
    # Every check comes before the first publication: a refused run has changed nothing.
    _require_same_history(connection, this)
    check_files(this)
    content = (this.prepared / MANIFEST).read_bytes()
    manifest_sha256 = hashlib.sha256(content).hexdigest()
    place = _find_place(connection, this)
    if not this.is_recording:
        place.target.publish(this.prepared)
        runs.keep_manifest(connection, this.run_id, json.loads(content))
        runs.finish_run(connection, this.run_id, manifest_sha256)
        return _receipt(this, "written", place)
    books = _books(connection, this, json.loads(content), manifest_sha256)
    counts = publish_once(
        connection,
        closing.CLOSE,
        this.prepared,
        lambda within: closing.begin_close(within, this.run_id, manifest_sha256, books),
    )
    sweep(settings, connection, keep=this.run_id)
    return {**_receipt(this, "closed", place), "recorded": counts}


def check_files(this: NightlyRun) -> None:
    """Refuse files to publish or record that differ from those that earlier steps wrote."""
    check_seal(this.manifest_seal)
    check_seal(this.proposed_seal)
    check_prepared(this.prepared)


def _find_place(connection: Connection, this: NightlyRun) -> Place:
    """Return the folder for the files; the files of a closed date are never replaced.

    If another run closed the date, these files get a folder of their own.
    """
    record = runs.fetch_run(connection, this.as_of)
    is_closed_by_other = (
        record is not None and record.state == "closed" and record.run_id != this.run_id
    )
    return find_place(this, record if is_closed_by_other else None)


def _receipt(this: NightlyRun, state: str, place: Place) -> ClosedReceipt:
    return {
        "as_of": this.as_of.isoformat(),
        "state": state,
        "folder": str(place.target),
        "notice": place.notice,
    }


def _require_same_history(connection: Connection, this: NightlyRun) -> None:
    """Refuse a run that began before a later close, release or recall.

    What a past date knows never changes, so runs of closed dates are not refused.
    """
    closed_on = runs.last_closed_on(connection)
    # a closed date is decided from the events known when it was closed: nothing newer matters
    if this.closed_on is not None and this.as_of <= this.closed_on:
        return
    if closed_on != this.closed_on:
        raise DunningError(
            f"The books of {closed_on} were closed while this run of {this.as_of} was going on; it does not know "
            "what was sent then. Nothing was published. Run the date again."
        )
    if count_actions_since(connection, this.events_seen):
        raise DunningError(
            f"Something was released or recalled while this run of {this.as_of} was going on; it does not know of "
            "that and might send twice. Nothing was published. Run the date again."
        )


def _books(
    connection: Connection, this: NightlyRun, manifest: RunManifest, manifest_sha256: str
) -> closing.ClosingRows:
    """Return everything that the close records.

    Messages leave with the close, unless the run is unusual or an account of the list was protected
    while it went on: then they wait for a person, and the last look drops the protected account.
    """
    work = Path(this.work)
    # only accounts with open items are kept as decisions
    groups = [
        group.filter(pc.greater(group["open_cents"], 0))
        for group in read_groups([this.prepared / "classification.parquet"], _OWING)
    ]
    proposed = {
        path.stem: read_table(path) for path in sorted((work / "proposed").glob("*.parquet"))
    }
    reminders = proposed["reminders"]
    sent = actions_of_messages(reminders)
    known = fetch_holds(connection)
    # holds that were recorded after this run read the events
    newer = [
        hold for hold in known if hold.hold_no > this.events_seen and hold.is_in_force(this.as_of)
    ]
    is_protected = pc.any(pc.is_valid(find_held_back(reminders, "reminders", newer))).as_py()
    may_leave = not manifest["unusual"] and not is_protected
    return closing.ClosingRows(
        decisions=pa.concat_tables(groups),
        proposals=pa.concat_tables(
            list(_proposals(proposed, "released" if may_leave else "proposed"))
        ),
        # an empty slice keeps the schema
        actions=sent if may_leave else sent.slice(0, 0),
        figures=figures_of(this.as_of, manifest),
        ageing=read_table(work / "ageing.parquet"),
        manifest=manifest,
        release=_release(this, reminders, manifest_sha256) if may_leave else None,
    )


def _release(this: NightlyRun, reminders: pa.Table, manifest_sha256: str) -> releases.Released:
    return releases.Released(
        as_of=this.as_of,
        list_name="reminders",
        run_id=this.run_id,
        event_no=None,
        row_count=len(reminders),
        cents=pc.sum(reminders[SUMS["reminders"]]).as_py() or 0,
        dropped=0,
        out=this.out,
        manifest_sha256=manifest_sha256,
    )


def _proposals(proposed: dict[str, pa.Table], reminders: str) -> list[pa.Table]:
    """Return the rows of all lists as stored proposals, with that state for the reminders."""
    withheld = proposed["withheld"]
    return [
        _kept(proposed["reminders"], "reminders", reminders),
        _kept(proposed["disconnections"], "disconnections", "proposed"),
        _kept(proposed["court"], "court", "proposed"),
        _kept(withheld, None, "withheld"),
    ]


def _kept(rows: pa.Table, list_name: str | None, state: str) -> pa.Table:
    count, text = len(rows), pa.string()
    given = {name: rows[name] for name in rows.column_names}
    return pa.table(
        {
            "list": given["list"] if list_name is None else pa.repeat(list_name, count),
            "premise_no": given["premise_no"],
            "payer_code": given["payer_code"],
            "stage": given.get("stage", pa.repeat("court_bound", count)),
            "channel": given.get("channel", pa.nulls(count, text)),
            "principal_cents": given[PRINCIPAL],
            "total_cents": given.get("total_cents", given[PRINCIPAL]),
            "state": pa.repeat(state, count),
            "reason": given.get("reason", _why_it_waits(rows)),
            "reference": given.get("reference", given.get("case_ref", pa.nulls(count, text))),
        }
    )


def _why_it_waits(rows: pa.Table) -> pa.Array | pa.ChunkedArray:
    """Return why rows wait for a person; null where nothing holds them back."""
    nothing = pa.scalar(None, pa.string())
    if "person_reasons" not in rows.column_names:
        return pa.repeat(nothing, len(rows))
    return pc.if_else(pc.equal(rows["person_reasons"], ""), nothing, rows["person_reasons"])
