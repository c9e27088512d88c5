"""The notices of one service in one call: the tasks of the DAG one after another."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from dunning.core.errors import DunningError
from dunning.core.progress import Progress, no_progress
from dunning.gateways.files.publishing import remove_folders
from dunning.gateways.postgres.database import NOTICES_LOCK, run_lock
from dunning.gateways.settings.environment import Settings
from dunning.gateways.store import open_store
from dunning.jobs.monthly import gather, plan, render, report
from dunning.jobs.monthly.begin import MonthlyRequest, begin
from dunning.jobs.monthly.publish import publish
from dunning.jobs.monthly.runs import NoticesRun
from dunning.jobs.nightly.night import check_shards
from dunning.jobs.run_context import RunReceipt
from dunning.jobs.workers import WorkerKilledError, map_in_processes

# Below this number one process is done before a second one has started.
FEW = 1_000
PartReceipt = TypeVar("PartReceipt")


def run(
    request: MonthlyRequest, shards: int = 1, progress: Progress = no_progress
) -> report.NoticesReport:
    """Make, publish and record the notices of a service on a date; return the report's receipt.

    Args:
        shards: parts in which the accounts are decided on, in parallel as far as there are
            processors.
        progress: called with one short line at each step.

    Raises:
        DunningError: refused or failed; nothing is half-done.
    """
    check_shards(shards)
    settings = Settings.from_environment()
    engine = open_store(settings, request.purpose)
    with run_lock(engine, request.purpose, NOTICES_LOCK) as connection:
        progress("отваряне на нощта")
        receipt = begin(settings, engine, connection, request)
        try:
            planned = _make_files(receipt, shards, progress)
            progress("публикуване")
            return report.run(receipt, publish(connection, NoticesRun.of(receipt), planned))
        finally:
            remove_folders([Path(receipt["work"])])


def _make_files(receipt: RunReceipt, shards: int, progress: Progress) -> plan.Planned:
    """Decide, put into postal order and render; return the receipt of `plan`."""
    progress("решения")
    parts = _side_by_side(gather.run, receipt, shards)
    progress("подреждане")
    planned = plan.run(receipt, parts)
    progress("съобщения")
    is_worth_it = planned["email"] + planned["post"] > FEW
    _side_by_side(
        render.run, receipt, max(min(planned["units"], _cores()), 1) if is_worth_it else 1
    )
    return planned


def _side_by_side(
    work: Callable[..., PartReceipt], receipt: RunReceipt, parts: int
) -> list[PartReceipt]:
    """Return the receipts of a step for all parts, computed in parallel.

    In as many processes as there are parts and processors.
    """
    workers = min(parts, _cores())
    if workers <= 1:
        return [work(receipt, part, parts) for part in range(parts)]
    try:
        return map_in_processes(work, [(receipt, part, parts) for part in range(parts)], workers)
    except WorkerKilledError as error:
        raise DunningError(
            f"One of {workers} processes that make notices was ended from outside, perhaps because memory ran out. "
            "Nothing was published. Run again with more --shards (smaller parts)."
        ) from error


def _cores() -> int:
    return os.cpu_count() or 1
