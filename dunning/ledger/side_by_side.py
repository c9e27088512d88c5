"""Run work on several threads and return the results in order, holding few of them."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

# Threads, not processes: what takes time here is in Arrow and numpy, which let go of Python's lock.
LANES_MAX = 4


def count_lanes() -> int:
    """Return the number of threads to use: one per processor of this process, at most LANES_MAX."""
    return min(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        LANES_MAX,
    )


def do_all(work: Callable[[Given], Made], given: Iterable[Given]) -> list[Made]:
    """Return the results of `work` for all items, in their order."""
    return list(map_in_order(work, given))


def map_in_order(work: Callable[[Given], Made], given: Iterable[Given]) -> Iterator[Made]:
    """Yield the results of `work` for all items, in their order.

    At most one item more than there are threads is in work or waiting, so that memory stays
    bounded.
    """
    lanes = count_lanes()
    if lanes == 1:
        yield from map(work, given)
        return
    with ThreadPoolExecutor(lanes) as pool:
        pending: deque[Future[Made]] = deque()
        try:
            for one in given:
                pending.append(pool.submit(work, one))
                if len(pending) > lanes:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            # The caller may stop early or fail: what has not begun is not begun any more.
            for future in pending:
                future.cancel()
