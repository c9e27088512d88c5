"""Finish interrupted closes, releases and recalls, and remove folders of killed runs."""

import re
from datetime import date

from dunning.gateways.files.alive import is_dead
from dunning.gateways.files.publishing import remove_folders
from dunning.gateways.postgres.database import Source
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import outbox, runs
from dunning.gateways.store.closing import CLOSE
from dunning.gateways.store.recalls import RECALL
from dunning.gateways.store.releases import RELEASE

_UNDER_LOCK = ("release-", "recall-")
_RUN_ID = re.compile(r"-([0-9]+)\Z")


def recover(source: Source) -> None:
    """Finish every interrupted close, release and recall, before anything else.

    The caller holds the run lock.
    """
    outbox.recover(source, CLOSE, RELEASE, RECALL)


def sweep(settings: Settings, source: Source, keep: int | None = None) -> None:
    """Remove work folders that no run needs any more, previews and unfinished snapshots.

    The folder of the run `keep` stays. The caller holds the run lock, which releases and recalls
    hold as long as their folders are needed. A run with a dead process, or that another one
    overtook, is recorded as failed. The folder of a run is needed while its run is going on, or may
    go on: not when it has ended, nor when it wanted to close a date and another run has closed that
    or a later one since.
    """
    closed_on = runs.last_closed_on(source)
    work = settings.home / "work"
    folders = list(work.iterdir()) if work.is_dir() else []
    under_lock = [folder for folder in folders if folder.name.startswith(_UNDER_LOCK)]
    numbered = {
        folder: _RUN_ID.search(folder.name) for folder in folders if folder not in under_lock
    }
    known = {
        folder: runs.fetch_run_by_id(source, int(found[1]))
        for folder, found in numbered.items()
        if found
    }
    for folder, run in known.items():
        if run and run.run_id != keep and (is_over(run, closed_on) or is_dead(folder)):
            runs.fail_run(source, run.run_id)
            remove_folders([folder])
    # we hold the lock, so no release or recall is at work in these
    remove_folders(under_lock)
    remove_folders([settings.home / "preview"])
    remove_folders(settings.snapshots.glob(".*.unfinished"))


def is_over(run: runs.RecordedRun | runs.LoadedRun, closed_on: date | None) -> bool:
    """Return whether a run has ended, or can only be refused.

    It can only be refused if it records and its date, or a later one, is closed since.
    """
    if run.state not in ("running", "closing"):
        return True
    return run.is_recording and closed_on is not None and run.as_of <= closed_on
