"""The last check before a list leaves: rows that must stay, each with its true reason."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError
from dunning.core.frames import Bucket
from dunning.core.lists import PRINCIPAL
from dunning.core.money import format_minor
from dunning.core.progress import Progress, no_progress
from dunning.core.words import PROTECTING_TABLES
from dunning.decisions.account.manual_hold_terms import OF_PREMISE, find_held_back
from dunning.decisions.lists.dropped_rows import (
    DecidedBucket,
    explain_dropped,
    find_late,
    name_items,
)
from dunning.decisions.lists.missing_protections import find_shrunk
from dunning.decisions.lists.proposals import Proposed
from dunning.decisions.lists.volume_limits import key_of
from dunning.gateways.extracts import extract_at_hand, find_ledger, is_database
from dunning.gateways.postgres.database import Source, transact
from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.gateways.snapshots.snapshot_store import SnapshotStore, keep, open_kept
from dunning.gateways.store import holds, runs
from dunning.gateways.store.events import latest_event
from dunning.jobs.queries.past_night import Night, open_night
from dunning.jobs.records.history import gather_history
from dunning.ledger.buckets import buckets_of
from dunning.ledger.load import load_ledger

_CURE = "Give the newest extract, or none: then the newest that a night was given is looked at."


@dataclass(frozen=True)
class Layout:
    """How the extract for the last look is read; by default as that of the nightly run."""

    mapping: Path | None = None
    billing_sql: Path | None = None

    @classmethod
    def of(cls, mapping: str | None, billing_sql: str | None) -> "Layout":
        """Return a layout for paths as typed."""
        return cls(*(Path(given).absolute() if given else None for given in (mapping, billing_sql)))


@dataclass(frozen=True)
class Look:
    """What the rows were compared with: a day and the fingerprint of a ledger."""

    looked_on: date
    fingerprint: str


BUILT_IN = Layout()


def look_again(
    settings: Settings,
    source: Source,
    day: date,
    list_name: str,
    rows: pa.Table,
    *,
    on: date,
    ledger: str | None = None,
    layout: Layout = BUILT_IN,
    progress: Progress = no_progress,
) -> tuple[pa.Array, Look]:
    """Return per row why it must stay, null where it may leave; and what it was compared with.

    Each account is decided anew for the later of `on` and the list's day, on the newest extract
    that is known (`ledger`, else that of the newest run that was no trial, else the list's own): a
    row stays if the list would not have it any more, or with less. Our own holds in force count at
    once, whatever list they name.

    Args:
        day: the closed date that the list is of.
        rows: premise_no, payer_code, the list's sum; of messages stage, of disconnections not_after.
        on: the day of the release; no row of any ledger can move it.
        ledger: an extract as for `nightly`, newer than the list's.
        layout: how that one is read.

    Raises:
        DunningError: the extract is refused, older than the list's, or lacks what protects people.
            Nothing may leave.
    """
    night = open_night(settings, source, day)
    newest = _open_newest(settings, source, night, ledger, layout, progress)
    # never earlier than the list's own day: deadlines would move back
    look = Look(max(day, on), newest.fingerprint)
    in_force = _holds_in_force(source)
    # the first reason wins: a hold, then a missed deadline, then the new decision
    held = pc.coalesce(
        find_held_back(rows, list_name, in_force), find_late(list_name, rows, look.looked_on)
    )
    # Same day, same ledger, no new hold: this would repeat the very decision that made the list.
    is_same = (look.looked_on, look.fingerprint) == (day, night.snapshot.fingerprint)
    if is_same and not _may_protect_others(night, list_name, in_force):
        return held, look
    anew = _decide_anew(source, night, newest, look.looked_on, list_name, rows, progress)
    return pc.coalesce(held, anew), look


def _open_newest(
    settings: Settings,
    source: Source,
    night: Night,
    ledger: str | None,
    layout: Layout,
    progress: Progress,
) -> Snapshot:
    """Return the snapshot of the newest extract that is known; see `look_again`."""
    if ledger:
        newest = _load(settings, night, ledger, layout, progress)
    else:
        newest = _find_newest(settings, source, night)
    if newest.fingerprint != night.snapshot.fingerprint:
        _refuse_older(night, newest)
        _refuse_unprotected(night, newest)
    return newest


def _may_protect_others(night: Night, list_name: str, in_force: Sequence[holds.ManualHold]) -> bool:
    """Return whether a hold set since the night protects other accounts of its premise, too.

    Only a new decision finds these accounts.
    """
    return list_name == "disconnections" and any(
        hold.reason in OF_PREMISE and hold.hold_no > night.known.events_seen for hold in in_force
    )


def _holds_in_force(source: Source) -> list[holds.ManualHold]:
    """Return our own holds that are in force, whatever list they were recorded from."""
    with transact(source) as connection:
        today = holds.first_open_day(connection)
        return [hold for hold in holds.fetch_holds(connection) if hold.is_in_force(today)]


def _find_newest(settings: Settings, source: Source, night: Night) -> Snapshot:
    """Return the newest extract of a run for the list's date or a later one, without trials."""
    newest = runs.fetch_newest_loaded(source, night.as_of, with_trials=False)
    if newest is None or newest.snapshot_name in (None, night.known.snapshot_name):
        return night.snapshot
    assert newest.snapshot_name is not None
    return open_kept(
        settings.snapshots / newest.snapshot_name, settings.snapshots, settings.snapshot_store
    )


def _load(
    settings: Settings, night: Night, ledger: str, layout: Layout, progress: Progress
) -> Snapshot:
    """Return the snapshot of an extract that is only read here: no run begins.

    Raises:
        DunningError: the ledger is refused.
    """
    store, place = settings.snapshot_store, find_ledger(ledger)
    billing_sql = layout.billing_sql if is_database(place) else None
    mapping = None if is_database(place) else layout.mapping
    with extract_at_hand(
        place, settings.home, progress, as_of=night.as_of, billing_sql=billing_sql
    ) as extract:
        snapshot = load_ledger(
            extract,
            SnapshotStore(settings.snapshots, store),
            mapping=mapping,
            quarantine_limits=night.rules.loading,
            progress=progress,
        )
        keep(snapshot, store)
    return snapshot


def _refuse_older(night: Night, newest: Snapshot) -> None:
    """Refuse an extract of an earlier day, or with fewer payments up to the list's day."""
    stated_on = newest.info["as_of"]
    if stated_on and date.fromisoformat(stated_on) < night.as_of:
        raise DunningError(
            f"The ledger of the last look speaks for {stated_on}, the list for {night.as_of}. Nothing was released. "
            f"{_CURE}"
        )
    # both count and sum: a payment may be lost and another one changed
    (count, cents), (before, cents_before) = (
        each.sum_payments(night.as_of) for each in (newest, night.snapshot)
    )
    if count < before or cents < cents_before:
        raise DunningError(
            f"The ledger of the last look has {count} payments dated up to {night.as_of}, {format_minor(int(cents))} "
            f"€; that of the night had {before}, {format_minor(int(cents_before))} €. It is older, or has lost some: "
            f"who paid would be treated as a debtor. Nothing was released. {_CURE}"
        )


def _refuse_unprotected(night: Night, newest: Snapshot) -> None:
    """Refuse an extract in which tables that protect people are missing or much smaller."""
    had, has = night.snapshot.table_sizes(), newest.table_sizes()
    # Without one of these it is unknown whom a list may not touch.
    lost = {name for name in PROTECTING_TABLES if name in had and name not in has}
    lost |= {name for name in find_shrunk(has, had, night.rules.loading)}
    if lost:
        raise DunningError(
            f"In the newer ledger tables that protect people are missing or have shrunk ({', '.join(sorted(lost))}), "
            "so nobody knows who is protected now. Nothing was released. Have the extract mended first."
        )


def _decide_anew(
    source: Source,
    night: Night,
    newest: Snapshot,
    on: date,
    list_name: str,
    rows: pa.Table,
    progress: Progress,
) -> pa.Array:
    """Return why each row stays, decided for a day on the newest ledger and the list's policy."""
    with transact(source) as connection:
        events = latest_event(connection)
    rules = night.policy.at(on)
    # What was recorded with the list itself is no reason against it: its own messages and actions
    # are not in this history yet.
    later = replace(
        night,
        as_of=on,
        snapshot=newest,
        rules=rules,
        newest_paid_on=newest.newest_paid_on(on),
        history=gather_history(source, newest, on, rules, events),
    )
    bucket_of = buckets_of(rows["premise_no"].combine_chunks())
    reasons = np.full(len(rows), None, object)
    # one bucket at a time, and only those that the list's rows are in
    for done, index in enumerate(np.unique(bucket_of).tolist()):
        if done % 8 == 0:
            progress(f"последна проверка {done}/64")
        places = np.flatnonzero(bucket_of == index)
        reasons[places] = _judge(
            night, later, index, list_name, rows.take(pa.array(places))
        ).to_pylist()
    return pa.array(reasons.tolist(), pa.string())


def _judge(night: Night, later: Night, index: int, list_name: str, rows: pa.Table) -> pa.Array:
    """Return why each row of a bucket stays; null where it may leave."""
    # the newest ledger has no account at all in this bucket
    if index not in set(later.snapshot.buckets()):
        return pa.repeat("gone", len(rows))
    now, proposed = _decide(later, index)
    listed, held = proposed[list_name], proposed["withheld"]
    held = held.filter(pc.equal(held["list"], list_name))
    keys = key_of(rows)
    exists = pc.is_in(keys, value_set=_names(now.bucket))
    withheld = _look_up(keys, held, "reason")
    differs = _describe_difference(list_name, keys, listed, rows)
    # listed still: only a difference keeps it; else the reason with which it is withheld now;
    # else, where neither list has it, the reason must be found in the account itself
    is_listed = pc.is_in(keys, value_set=key_of(listed))
    reasons = pc.if_else(is_listed, differs, withheld)
    unexplained = pc.and_(exists, pc.and_(pc.invert(is_listed), pc.is_null(withheld)))
    if pc.any(unexplained).as_py():
        explained = _explain(night, now, index, list_name, rows.filter(unexplained))
        reasons = pc.replace_with_mask(reasons, unexplained, explained)
    return pc.if_else(exists, reasons, pa.scalar("gone"))


def _decide(night: Night, index: int) -> tuple[DecidedBucket, Proposed]:
    """Return one bucket as a run decides it, and its proposals for the lists."""
    bucket, decision, assessment = night.history.decide(
        night.snapshot.read_bucket(index), night.as_of, night.rules
    )
    side = DecidedBucket(bucket, decision, assessment.history, night.rules)
    return side, night.propose(bucket, decision, assessment)


def _explain(
    night: Night, now: DecidedBucket, index: int, list_name: str, rows: pa.Table
) -> pa.Array:
    """Return the reason of rows that are neither listed nor withheld any more."""
    then, _ = _decide(night, index)
    return explain_dropped(list_name, now, rows, name_items(list_name, then, rows))


def _describe_difference(
    list_name: str, keys: pa.Array, listed: pa.Table, rows: pa.Table
) -> pa.Array:
    """Return why rows that are still listed stay all the same.

    Another message, less owed, or a case that waits for a person.
    """
    nothing = pa.scalar(None, pa.string())
    # Less unpaid than when it was listed: there was a payment since.
    fell = pc.less(_look_up(keys, listed, PRINCIPAL), rows[PRINCIPAL].combine_chunks())
    reasons = pc.if_else(pc.fill_null(fell, False), pa.scalar("amount_fell"), nothing)
    if list_name == "reminders":
        same = pc.equal(_look_up(keys, listed, "stage"), rows["stage"].combine_chunks())
        return pc.if_else(pc.fill_null(same, True), reasons, pa.scalar("stage_changed"))
    if list_name == "court":
        waits = _look_up(keys, listed, "person_reasons")
        return pc.if_else(pc.fill_null(pc.not_equal(waits, ""), False), waits, reasons)
    return reasons


def _names(bucket: Bucket) -> pa.Array:
    """Return the keys of all accounts of a bucket."""
    return key_of(
        pa.table({name: bucket.accounts.text(name) for name in ("premise_no", "payer_code")})
    )


def _look_up(keys: pa.Array, table: pa.Table, column: str) -> pa.Array:
    # index_in gives null for a missing key, and take gives null for a null index
    return table[column].combine_chunks().take(pc.index_in(keys, value_set=key_of(table)))
