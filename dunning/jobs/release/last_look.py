"""The last look before a list leaves: who was struck, has paid or is protected meanwhile stays, with the reason."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.errors import DunningError
from dunning.core.frames import Bucket, Frame
from dunning.decisions.guards import find_shrunk
from dunning.decisions.ramp import key_of
from dunning.gateways.database import Source, transact
from dunning.gateways.extracts import extract_at_hand, find_ledger
from dunning.gateways.ledger.buckets import buckets_of
from dunning.gateways.ledger.load import load_ledger
from dunning.gateways.settings import Settings
from dunning.gateways.snapshot_places import find_kept, keep, open_kept
from dunning.gateways.snapshots import Snapshot
from dunning.gateways.store import holds, runs
from dunning.gateways.store.events import latest_event
from dunning.jobs.history import gather_history
from dunning.jobs.kept import Night, open_night
from dunning.jobs.progress import Progress, say_nothing

# What somebody owed when he was listed; a fall since then means a payment.
CENTS = {"reminders": "overdue_cents", "disconnections": "overdue_cents", "court": "principal_cents"}
_LAST_DAY = date(2100, 1, 1)


@dataclass(frozen=True)
class Look:
    """What was looked at: the day, and the fingerprint of the ledger."""

    looked_on: date
    fingerprint: str


def look_again(
    settings: Settings, source: Source, day: date, list_name: str, rows: pa.Table, ledger: str | None = None,
    progress: Progress = say_nothing,
) -> tuple[pa.Array, Look]:
    """Return per row of a list why it must stay here, null where it may leave; and what was looked at.

    Strikes in force count at once. If a newer ledger is there (a newer night's, or `ledger`), each account is decided
    anew on it: a row stays here if the list would not have it any more, or with less.

    Args:
        day: the closed date that the list is of.
        rows: premise_no, payer_code, the list's sum and, of messages, stage.
        ledger: an extract as for `nightly`, newer than the night's.
    """
    night = open_night(settings, source, day)
    newer = _load(settings, night, ledger, progress) if ledger else _find_newer(settings, source, night)
    struck = _find_struck(source, rows)
    if newer is None:
        return struck, Look(day, night.snapshot.fingerprint)
    _refuse_shrunk(night, newer)
    look = Look(max(day, _speaks_for(newer)), newer.fingerprint)
    anew = _decide_anew(source, night, newer, look.looked_on, list_name, rows, progress)
    return pc.coalesce(struck, anew), look


def _find_struck(source: Source, rows: pa.Table) -> pa.Array:
    with transact(source) as connection:
        today = holds.first_open_day(connection)
        struck = [hold for hold in holds.fetch_holds(connection) if hold.is_in_force(today)]
    names = {"premise_no": [h.premise_no for h in struck], "payer_code": [h.payer_code for h in struck]}
    table = pa.table({name: pa.array(values, pa.string()) for name, values in names.items()})
    is_struck = pc.is_in(key_of(rows), value_set=key_of(table))
    return pc.if_else(is_struck, pa.scalar("struck"), pa.scalar(None, pa.string()))


def _find_newer(settings: Settings, source: Source, night: Night) -> Snapshot | None:
    newest = runs.fetch_newest_loaded(source, night.as_of)
    if newest is None or newest.snapshot_name in (None, night.known.snapshot_name):
        return None
    assert newest.snapshot_name is not None
    return open_kept(settings.snapshots / newest.snapshot_name, settings.snapshots, settings.snapshot_store)


def _load(settings: Settings, night: Night, ledger: str, progress: Progress) -> Snapshot:
    """Load an extract only to look at it: no run is begun.

    Raises:
        DunningError: the ledger is refused, or speaks for a day before the night.
    """
    store = settings.snapshot_store
    with extract_at_hand(find_ledger(ledger), settings.home, progress, as_of=night.as_of) as extract:
        snapshot = load_ledger(
            extract, settings.snapshots, quarantine_limits=night.rules.loading, progress=progress,
            find=lambda snapshots, fingerprint: find_kept(snapshots, store, fingerprint),
        )
        keep(snapshot, store)
    if _speaks_for(snapshot) < night.as_of:
        raise DunningError(
            f"The ledger of the last look speaks for {_speaks_for(snapshot)}, the list for {night.as_of}. Give the "
            "newest extract, or none: then the newest that was loaded is looked at."
        )
    return snapshot


def _refuse_shrunk(night: Night, newer: Snapshot) -> None:
    shrunk = find_shrunk(newer.table_sizes(), night.snapshot.table_sizes(), night.rules.loading)
    if shrunk:
        raise DunningError(
            f"In the newer ledger tables that protect people are missing or have shrunk ({', '.join(sorted(shrunk))}), "
            "so nobody knows who is protected now. Nothing was released. Have the extract mended first."
        )


def _speaks_for(snapshot: Snapshot) -> date:
    """Return the day that a ledger says it speaks for; else that of its newest payment."""
    told = snapshot.info["as_of"]
    return date.fromisoformat(told) if told else snapshot.newest_paid_on(_LAST_DAY) or date.min


def _decide_anew(
    source: Source, night: Night, newer: Snapshot, on: date, list_name: str, rows: pa.Table, progress: Progress
) -> pa.Array:
    """Return why each row stays here, decided on a newer ledger for a later day, under the night's own policy."""
    with transact(source) as connection:
        events = latest_event(connection)
    rules = night.policy.at(on)
    # What this very night did is no reason against it: its own messages and acts are not there yet.
    later = replace(
        night, snapshot=newer, rules=rules, newest_paid_on=newer.newest_paid_on(on),
        history=gather_history(source, newer, rules, events),
    )
    bucket_of = buckets_of(rows["premise_no"].combine_chunks())
    reasons = np.full(len(rows), None, object)
    filled = set(newer.buckets())
    for done, index in enumerate(np.unique(bucket_of).tolist()):
        if done % 8 == 0:
            progress(f"последна проверка {done}/64")
        places = np.flatnonzero(bucket_of == index)
        own = rows.take(pa.array(places))
        found = _judge(later, newer.read_bucket(index), list_name, own) if index in filled else ["gone"] * len(own)
        reasons[places] = found
    return pa.array(reasons.tolist(), pa.string())


def _judge(night: Night, bucket: Bucket, list_name: str, rows: pa.Table) -> list[str | None]:
    bucket, decision, findings = night.history.decide(bucket, night.rules)
    proposed = night.propose(bucket, decision, findings)
    listed, held = proposed[list_name], proposed["withheld"]
    held = held.filter(pc.equal(held["list"], list_name))
    keys = key_of(rows)
    exists = pc.is_in(keys, value_set=_names(bucket, np.arange(len(bucket.accounts))))
    now = _look_up(keys, listed, CENTS[list_name])
    same_stage = _same_stage(list_name, keys, listed, rows)
    fell = pc.less(now, rows[CENTS[list_name]].combine_chunks())
    shielded = pc.is_in(keys, value_set=_names(bucket, _shielded(decision.accounts)))
    nothing = pa.scalar(None, pa.string())
    why_missing = pc.coalesce(
        _look_up(keys, held, "reason"), pc.if_else(shielded, pa.scalar("shielded"), pa.scalar("paid"))
    )
    listed_now = pc.case_when(
        pc.make_struct(pc.invert(same_stage), pc.fill_null(fell, False)), "stage_changed", "amount_fell", nothing
    )
    reasons = pc.if_else(pc.is_null(now), why_missing, listed_now)
    return list(pc.if_else(exists, reasons, pa.scalar("gone")).to_pylist())


def _names(bucket: Bucket, accounts: npt.NDArray[np.int64]) -> pa.Array:
    of = bucket.accounts.take(accounts)
    return key_of(pa.table({name: of.text(name) for name in ("premise_no", "payer_code")}))


def _shielded(accounts: Frame) -> npt.NDArray[np.int64]:
    return np.asarray(accounts["account"][accounts["shielded_cents"] > 0], np.int64)


def _look_up(keys: pa.Array, table: pa.Table, column: str) -> pa.Array:
    return table[column].combine_chunks().take(pc.index_in(keys, value_set=key_of(table)))


def _same_stage(list_name: str, keys: pa.Array, listed: pa.Table, rows: pa.Table) -> pa.Array:
    if list_name != "reminders":
        return pa.array(np.ones(len(rows), np.bool_))
    return pc.fill_null(pc.equal(_look_up(keys, listed, "stage"), rows["stage"].combine_chunks()), True)
