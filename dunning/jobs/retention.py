"""Retention of snapshots: which are kept, why, and the removal of the others."""

from collections.abc import Iterable
from datetime import date, timedelta

from dunning.core.errors import DunningError
from dunning.documents.pages.snapshots_page import KeptSnapshot, render_snapshots
from dunning.gateways.postgres.database import Engine, Source, run_lock
from dunning.gateways.settings.environment import Settings
from dunning.gateways.snapshots.snapshot_store import list_kept, remove_kept
from dunning.gateways.store import inputs, open_store, runs
from dunning.gateways.store.readers import without_readers
from dunning.jobs.recovery import is_over
from dunning.policy.policies import load_policy, read_policy
from dunning.policy.rules import Retention
from dunning.policy.schema import LAST_DAY

# Why a snapshot is kept. `unknown`: no run names it, so it may still be needed. A snapshot
# without any of these reasons has aged out.
KEPT = ("open_run", "last_closed", "recent", "monthly", "unknown")


def run(is_dry: bool = False) -> tuple[list[KeptSnapshot], list[KeptSnapshot]]:
    """Remove the snapshots that have aged out; return those kept and those removed.

    Dry: remove none; return those that would be removed.

    Raises:
        DunningError: a run is going on, or snapshots are being read.
    """
    settings = Settings.from_environment()
    engine = open_store(settings, "snapshots prune")
    if is_dry:
        return _divide(find_snapshots(settings, engine))
    with run_lock(engine, "snapshots prune") as connection:
        stay, go = _divide(find_snapshots(settings, connection))
        if not prune(settings, connection, engine):
            raise DunningError(
                "Somebody is reading snapshots (diff, simulate or explain), so none was removed. "
                "Run it again when that is over."
            )
    return stay, go


def describe_removal(stay: list[KeptSnapshot], go: list[KeptSnapshot], is_removed: bool) -> str:
    """Return kept snapshots and those that have aged out as a page of Bulgarian text."""
    return render_snapshots(stay, go, is_removed)


def prune(settings: Settings, source: Source, engine: Engine) -> bool:
    """Remove the snapshots that have aged out, unless one is being read; return whether it did.

    The caller holds the run lock, so that no run begins meanwhile. What cannot be removed now is
    tried the next time.
    """
    with without_readers(engine) as is_free:
        if is_free:
            for snapshot in _divide(find_snapshots(settings, source))[1]:
                remove_kept(settings.snapshots, settings.snapshot_store, snapshot.name)
    return is_free


def find_snapshots(settings: Settings, source: Source) -> list[KeptSnapshot]:
    """Return every snapshot, local or in the store, the newest date first.

    By the retention policy of the last closed date.
    """
    closed_on = runs.last_closed_on(source)
    known = runs.fetch_loaded_runs(source)
    reasons = find_reasons(known, closed_on, _rule(source, closed_on))
    dates: dict[str, set[date]] = {}
    for run in known:
        dates.setdefault(run.snapshot_name, set()).add(run.as_of)
    snapshots = [
        KeptSnapshot(name, tuple(sorted(dates[name])), size, reasons.get(name, ()))
        if name in dates
        else KeptSnapshot(name, (), size, ("unknown",))
        for name, size in list_kept(settings.snapshots, settings.snapshot_store).items()
    ]
    return sorted(
        snapshots,
        key=lambda snapshot: (snapshot.dates[-1:] or (date.min,), snapshot.name),
        reverse=True,
    )


def find_reasons(
    known: Iterable[runs.LoadedRun], closed_on: date | None, rule: Retention
) -> dict[str, tuple[str, ...]]:
    """Return why each snapshot is kept, by name; one that is missing has aged out.

    Kept are those of runs that are not over, of the last closed date, of every run of the last
    days, and, for each of the last months, of the newest date that has a valid run: a closed one if
    the month has any. Before a first date is closed, all are recent.

    Source: `policy/files/retention.toml`.
    """
    known = list(known)
    found: dict[str, set[str]] = {}

    def keep(name: str, why: str) -> None:
        found.setdefault(name, set()).add(why)

    for run in known:
        if not is_over(run, closed_on):
            keep(run.snapshot_name, "open_run")
        if closed_on is None or run.as_of > closed_on - timedelta(days=rule.every_snapshot_days):
            keep(run.snapshot_name, "recent")
    speaking = _find_speaking(known)
    if closed_on is not None:
        if closed_on in speaking:
            keep(speaking[closed_on].snapshot_name, "last_closed")
        closed = [day for day, run in speaking.items() if run.state == "closed"]
        for day in newest_of_months(closed, speaking, closed_on, rule.monthly_snapshot_months):
            keep(speaking[day].snapshot_name, "monthly")
    # in the order of KEPT
    return {name: tuple(why for why in KEPT if why in reasons) for name, reasons in found.items()}


def newest_of_months(
    closed: Iterable[date], written: Iterable[date], until: date, months: int
) -> list[date]:
    """Return the newest day of each of the last months, a closed one if the month has any.

    >>> days = [date(2026, 9, 1), date(2026, 9, 30), date(2026, 10, 5), date(2026, 11, 2)]
    >>> [f"{day:%d.%m}" for day in newest_of_months(days, [date(2026, 10, 31)], date(2026, 11, 22), 2)]
    ['05.10', '02.11']
    """
    newest: dict[int, tuple[bool, date]] = {}
    last = _month(until)
    for is_closed, days in ((True, closed), (False, written)):
        for day in days:
            month = _month(day)
            if last - months < month <= last:
                # True is greater than False: a closed day always wins over one that is not
                newest[month] = max(newest.get(month, (False, date.min)), (is_closed, day))
    return sorted(day for _, day in newest.values())


def _month(day: date) -> int:
    return 12 * day.year + day.month


def _find_speaking(known: Iterable[runs.LoadedRun]) -> dict[date, runs.LoadedRun]:
    """Return the run that counts for each date, as `runs.fetch_run` finds it."""
    ended = [run for run in known if run.state in ("closed", "written")]
    # a later entry replaces an earlier one: a closed run last, else the newest
    return {
        run.as_of: run for run in sorted(ended, key=lambda run: (run.state == "closed", run.run_id))
    }


def _rule(source: Source, closed_on: date | None) -> Retention:
    closed = runs.fetch_run(source, closed_on) if closed_on else None
    if closed is None:
        return load_policy().at(LAST_DAY).retention
    return read_policy(inputs.fetch_policy_files(source, closed.run_id)).at(closed.as_of).retention


def _divide(snapshots: Iterable[KeptSnapshot]) -> tuple[list[KeptSnapshot], list[KeptSnapshot]]:
    snapshots = list(snapshots)
    return [s for s in snapshots if s.kept_for], [s for s in snapshots if not s.kept_for]
