"""Run work in parallel processes; a process that is killed is noticed at once.

`concurrent.futures` waits for ever where a worker is killed while another one is being started
(CPython 3.11).
"""

import os
import threading
from collections.abc import Callable, Sequence
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

Made = TypeVar("Made")


class WorkerKilledError(Exception):
    """A worker process ended without a result."""


def map_in_processes(
    work: Callable[..., Made], given: Sequence[tuple[Any, ...]], workers: int
) -> list[Made]:
    """Return `work(*arguments)` for all arguments, in their order, computed in several processes.

    Every process takes a fixed share of them.

    Raises:
        WorkerKilledError: a process was ended from outside. All others are ended, as they are at
            any other error.
        Exception: what `work` raised.
    """
    # a fresh interpreter: a forked copy of threads and connections may hang
    context = get_context("spawn")
    # process k takes every `workers`-th argument:  0 1 2 0 1 2 0
    shares = [range(first, len(given), workers) for first in range(min(workers, len(given)))]
    made: dict[int, Made] = {}
    processes, waiting = [], {}
    try:
        for share in shares:
            here, there = context.Pipe(duplex=False)
            process = context.Process(
                target=_work, args=(there, work, [given[n] for n in share]), daemon=True
            )
            process.start()
            # only the worker holds the writing end now: when it dies, reading ends with EOFError
            there.close()
            processes.append(process)
            waiting[here] = share
        while waiting:
            for here in [here for here in wait(list(waiting)) if isinstance(here, Connection)]:
                made |= zip(waiting.pop(here), _receive(here), strict=True)
    finally:
        for process in processes:
            process.terminate()
            process.join()
    # back to the order of the arguments
    return [made[n] for n in range(len(given))]


def _receive(here: Connection) -> list[Any]:
    try:
        results, error = here.recv()
    except EOFError:
        raise WorkerKilledError from None
    finally:
        here.close()
    if error is not None:
        raise error
    return results


def _work(there: Connection, work: Callable[..., Any], given: list[tuple[Any, ...]]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        there.send(([work(*arguments) for arguments in given], None))
    except Exception as error:
        there.send(([], error))


def _end_with_parent() -> None:
    """End this process when its parent ends: a killed parent cannot stop its workers."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
