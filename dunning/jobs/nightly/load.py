"""Begin a run: load and check the ledger, choose policy and history, decide if it may record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dunning.core.errors import DunningError
from dunning.core.progress import Progress, no_progress
from dunning.gateways.extracts import extract_at_hand, is_database
from dunning.gateways.files.publishing import write_private
from dunning.gateways.files.seals import seal_files
from dunning.gateways.postgres.database import Engine, run_lock, transact
from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.gateways.snapshots.snapshot_store import SnapshotStore, keep
from dunning.gateways.store import inputs, open_store, runs
from dunning.gateways.store.events import latest_event
from dunning.jobs.nightly.extract_warnings import find_warnings, is_stale, newest_invoice_on
from dunning.jobs.nightly.limits import RunLimits, list_limits, read_limits
from dunning.jobs.nightly.request import NightlyRequest
from dunning.jobs.nightly.runs import NightlyRun, new_work_folder
from dunning.jobs.records.baseline import Baseline, gather_baseline
from dunning.jobs.records.history import History, gather_history
from dunning.jobs.records.protections import (
    Protections,
    choose_accepted,
    judge_protections,
)
from dunning.jobs.recovery import recover, sweep
from dunning.jobs.run_context import RunReceipt
from dunning.ledger.check.manifest import read_manifest, refuse_stale
from dunning.ledger.load import load_ledger
from dunning.policy.check import check_values
from dunning.policy.policies import Policy, load_policy, read_policy
from dunning.policy.rules import Rules
from dunning.policy.warnings import find_doubts


@dataclass(frozen=True)
class _Basis:
    """What a run is decided from, and whether it may record.

    too_old: the payments are, so that nothing may leave. closed_on: last closed date before it.
    events_seen: the last hold, release or recall that it knows of.
    """

    policy: Policy
    rules: Rules
    snapshot: Snapshot
    newest_paid_on: date | None
    too_old: bool
    protections: Protections
    closed_on: date | None
    is_recording: bool
    events_seen: int


def run(
    as_of: str,
    ledger: str,
    out: str,
    mapping: str | None = None,
    quarantine_limit: float | str | Sequence[str] | None = None,
    policy: str | None = None,
    dry_run: bool = False,
    billing_sql: str | None = None,
    accept_shrunk: Mapping[str, Mapping[str, str]] | None = None,
) -> RunReceipt:
    """Load a ledger for a date (ISO) and return the receipt that the other steps take.

    See `NightlyRequest` and `begin`.

    Args:
        accept_shrunk: by date (ISO) what may be missing or smaller on it; that of another date is
            left aside.
    """
    request = NightlyRequest.of(
        date.fromisoformat(as_of),
        ledger,
        out,
        mapping,
        policy,
        billing_sql,
        quarantine_limits=list_limits(quarantine_limit),
        dry_run=dry_run,
        accept_shrunk=(accept_shrunk or {}).get(as_of, {}),
    )
    settings = Settings.from_environment()
    engine = open_store(settings, f"nightly {as_of} load")
    with run_lock(engine, f"nightly {as_of} load"):
        # Airflow runs one at a time and the run lock is held, so a run left open was killed.
        runs.fail_left_runs(engine)
        return begin(settings, engine, request)


def begin(
    settings: Settings, engine: Engine, request: NightlyRequest, progress: Progress = no_progress
) -> RunReceipt:
    """Load and check the ledger, fill the run's work folder and return the run's receipt.

    The caller holds the run lock.

    Raises:
        DunningError: the ledger is refused, or speaks for an earlier day than the run.
    """
    recover(engine)
    policy = _choose_policy(engine, request)
    rules = policy.at(request.as_of)
    snapshot = _load(settings, request, rules, progress)
    basis = _judge(engine, request, policy, rules, snapshot)
    run_id = _register(engine, request, basis)
    # Folders of killed runs go before this run makes its own.
    sweep(settings, engine)
    this = _make_run(request, basis, run_id, new_work_folder(settings, request.as_of, run_id))
    history = gather_history(engine, snapshot, request.as_of, rules, basis.events_seen)
    lay_out(this, policy, history, gather_baseline(engine, snapshot, request.as_of, rules.release))
    return {**this.to_receipt(), "tables": snapshot.info["books"]["tables"]}


def _load(
    settings: Settings, request: NightlyRequest, rules: Rules, progress: Progress
) -> Snapshot:
    """Return the snapshot of the request's ledger, saved in the snapshot store."""
    store = settings.snapshot_store
    with extract_at_hand(
        request.ledger,
        settings.home,
        progress,
        as_of=request.as_of,
        billing_sql=request.billing_sql,
    ) as extract:
        manifest = read_manifest(extract)
        # before the whole ledger is read: a manifest of an earlier day ends the run at once
        if manifest is not None:
            refuse_stale(manifest.as_of, request.as_of)
        snapshot = load_ledger(
            extract,
            SnapshotStore(settings.snapshots, store),
            mapping=request.mapping,
            quarantine_limits=RunLimits(rules.loading, read_limits(request.quarantine_limits)),
            progress=progress,
        )
        keep(snapshot, store)
    return snapshot


def _choose_policy(engine: Engine, request: NightlyRequest) -> Policy:
    """Return the request's policy, else that of the date's closed run, else the built-in one.

    Raises:
        DunningError: the request's policy contradicts itself, a ladder out of order for one.
    """
    if request.policy:
        return load_checked_policy(request.policy)
    closed = runs.fetch_run(engine, request.as_of)
    if closed is None or closed.state != "closed":
        return load_policy()
    return read_policy(inputs.fetch_policy_files(engine, closed.run_id))


def load_checked_policy(folder: Path) -> Policy:
    """Return the policy of a folder.

    Raises:
        DunningError: it cannot be read, or contradicts itself, a ladder out of order for one.
    """
    policy = load_policy(folder)
    findings = check_values(policy)
    if findings:
        raise DunningError(
            f"{findings[0]} See `dunning policy check --policy {folder}` for everything."
        )
    return policy


def _judge(
    engine: Engine, request: NightlyRequest, policy: Policy, rules: Rules, snapshot: Snapshot
) -> _Basis:
    """Return what the run is decided from, and whether it may record."""
    newest_paid_on = snapshot.newest_paid_on(request.as_of)
    accepted = choose_accepted(engine, request.as_of, request.accept_shrunk)
    protections = judge_protections(engine, snapshot, request.as_of, rules.loading, accepted)
    # A database names no day of its own: only the day of its newest payment shows its age.
    is_dated = snapshot.info["as_of"] is not None and not is_database(request.ledger)
    too_old = not is_dated and is_stale(newest_paid_on, request.as_of, rules.loading)
    may_record = not request.dry_run and not too_old and not protections.stops
    # A date up to the last closed one records nothing; it is decided with the events known then.
    closed_on = runs.last_closed_on(engine)
    is_past = closed_on is not None and request.as_of <= closed_on
    events_seen = (
        runs.fetch_events_seen(engine, request.as_of) if is_past else _latest_event(engine)
    )
    return _Basis(
        policy=policy,
        rules=rules,
        snapshot=snapshot,
        newest_paid_on=newest_paid_on,
        too_old=too_old,
        protections=protections,
        closed_on=closed_on,
        is_recording=may_record and not is_past,
        events_seen=events_seen,
    )


def _register(engine: Engine, request: NightlyRequest, basis: _Basis) -> int:
    """Record the run with what it is decided from; return its number."""
    snapshot = basis.snapshot
    facts = runs.Facts(
        ledger_fingerprint=snapshot.fingerprint,
        snapshot_name=snapshot.folder.name,
        policy_version=basis.rules.version,
        out=request.out,
        newest_invoice_on=newest_invoice_on(snapshot),
        newest_payment_on=basis.newest_paid_on,
        events_seen=basis.events_seen,
        is_trial=request.dry_run,
    )
    with transact(engine) as connection:
        run_id = runs.start_run(
            connection, request.as_of, is_recording=basis.is_recording, facts=facts
        )
        inputs.store_policy_files(connection, run_id, basis.policy.files())
        inputs.store_table_sizes(connection, run_id, snapshot.table_sizes())
        inputs.store_accepted(connection, run_id, basis.protections.accepted)
    return run_id


def _make_run(request: NightlyRequest, basis: _Basis, run_id: int, work: Path) -> NightlyRun:
    """Return the run as its steps pass it on."""
    snapshot, paid_on = basis.snapshot, basis.newest_paid_on
    return NightlyRun(
        run_id=run_id,
        as_of=request.as_of,
        out=request.out,
        work=str(work),
        snapshot=str(snapshot.folder),
        fingerprint=snapshot.fingerprint,
        policy_version=basis.rules.version,
        is_recording=basis.is_recording,
        closed_on=basis.closed_on,
        newest_paid_on=paid_on,
        stops=basis.protections.stops,
        accepted_shrunk=basis.protections.accepted,
        events_seen=basis.events_seen,
        warnings=[
            *find_warnings(snapshot, request.as_of, paid_on, basis.too_old, basis.protections),
            *find_doubts(basis.policy, request.as_of),
        ],
    )


def _latest_event(engine: Engine) -> int:
    with transact(engine) as connection:
        return latest_event(connection)


def lay_out(this: NightlyRun, policy: Policy, history: History, baseline: Baseline) -> None:
    """Write the policy files, the history and the baseline into the run's work folder."""
    for name, content in policy.files().items():
        write_private(this.policy_folder / name, content)
    work = Path(this.work)
    # sealed: the later steps may run in other processes and read only what was written here
    seal_files(
        this.given_seal, [*history.write(work), baseline.write(work), *this.policy_folder.iterdir()]
    )
