"""The whole nightly run in one call: the tasks of the DAG one after another, under one lock."""

import os
from contextlib import suppress
from pathlib import Path

from dunning.core.errors import DunningError, UsageError
from dunning.core.frames import BUCKETS
from dunning.core.progress import Progress, no_progress
from dunning.gateways.files.alive import alive
from dunning.gateways.files.publishing import remove_folders
from dunning.gateways.postgres.database import run_lock
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import open_store, runs
from dunning.jobs.nightly import classify, propose, report, write
from dunning.jobs.nightly.close import close_and_prune
from dunning.jobs.nightly.load import begin
from dunning.jobs.nightly.request import NightlyRequest
from dunning.jobs.nightly.runs import NightlyRun
from dunning.jobs.receipts import NightReport, ShardReceipt
from dunning.jobs.run_context import RunReceipt
from dunning.jobs.workers import WorkerKilledError, map_in_processes


def run(request: NightlyRequest, shards: int = 1, progress: Progress = no_progress) -> NightReport:
    """Load, classify, propose, write and close one date; return the report's receipt.

    Args:
        shards: parts in which the accounts are classified, in parallel as far as there are
            processors.
        progress: called with one short line at each step.

    Raises:
        DunningError: refused or failed; nothing is half-done, and the run is recorded as failed.
    """
    check_shards(shards)
    settings = Settings.from_environment()
    purpose = f"nightly {request.as_of}"
    engine = open_store(settings, purpose)
    with run_lock(engine, purpose) as connection:
        receipt = begin(settings, engine, request, progress)
        this = NightlyRun.of(receipt)
        try:
            with alive(Path(this.work)):
                make_files(receipt, shards, progress)
                progress("приключване")
                return report.run(receipt, close_and_prune(settings, engine, connection, this))
        # BaseException: a run that is interrupted from the keyboard has failed, too
        except BaseException:
            # the original error matters more than a database that is gone
            with suppress(DunningError):
                runs.fail_run(engine, this.run_id)
            remove_folders([Path(this.work)])
            raise


def check_shards(shards: int) -> None:
    """Refuse a number of shards that is not possible."""
    if not 1 <= shards <= BUCKETS:
        raise UsageError(f"--shards is {shards}; give 1 to {BUCKETS}.")


def make_files(receipt: RunReceipt, shards: int, progress: Progress) -> None:
    """Classify, propose and write a run's files into its work folder."""
    progress("класифициране")
    parts = _classify(receipt, shards)
    progress("предложения")
    propose.run(receipt, parts)
    progress("списъци")
    write.run(receipt)


def _classify(receipt: RunReceipt, shards: int) -> list[ShardReceipt]:
    workers = min(shards, os.cpu_count() or 1)
    if workers == 1:
        return [classify.run(receipt, shard, shards) for shard in range(shards)]
    try:
        return map_in_processes(
            classify.run, [(receipt, shard, shards) for shard in range(shards)], workers
        )
    except WorkerKilledError as error:
        raise DunningError(
            f"One of {workers} processes that classify was ended from outside, perhaps because memory ran out. "
            "Nothing was published. Run again with more --shards (smaller parts), or --shards 1 (one process)."
        ) from error
