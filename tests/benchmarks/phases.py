"""Work measured in processes of its own: wall and processor seconds, and the most memory it held.

The machine may be shared, and then only processor time says what work costs; what runs on one core
is pinned to it. Imports are not counted, neither ours nor those of a yardstick.
"""

import importlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import pyarrow as pa

from dunning.documents.lists import list_files
from tests.memory import peak_mb


@dataclass(frozen=True)
class Phase:
    """One measured piece of work. `cpu`: seconds of the processor; `parts`: those of pieces told
    apart.
    """

    name: str
    rows: int
    unit: str
    wall: float
    cpu: float
    peak_mb: float
    result: Any = None
    parts: dict[str, float] | None = None


def measure(
    name: str, rows: int, unit: str, work: str, *arguments: Any, one_core: bool = True
) -> Phase:
    """Run `module:function` in a fresh process and return what it cost."""
    wall, cpu, peak, result, parts = side_by_side([(work, [arguments])], one_core=one_core)[0]
    return Phase(name, rows, unit, wall, cpu, peak, result[0], parts)


def side_by_side(
    lanes: list[tuple[str, list[tuple[Any, ...]]]], *, one_core: bool
) -> list[tuple[Any, ...]]:
    """Run each lane in a fresh process, all beginning at once; give (wall, cpu, peak MB, results,
    parts) of each.

    A lane is `module:function` and the arguments of its calls, one after the other.
    """
    context = get_context("spawn")
    start = context.Barrier(len(lanes))
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
    running = []
    for number, (work, calls) in enumerate(lanes):
        here, there = context.Pipe(duplex=False)
        core = cores[-1 - number % len(cores)] if one_core else None
        process = context.Process(target=_work, args=(there, start, core, work, calls))
        process.start()
        there.close()
        running.append((process, here))
    told = [_receive(process, here) for process, here in running]
    for process, _ in running:
        process.join()
    return told


def _receive(process: Any, here: Connection) -> tuple[Any, ...]:
    try:
        told = here.recv()
    except EOFError:
        process.join()
        raise SystemExit(f"A measured process ended with {process.exitcode}; see above.") from None
    if isinstance(told, str):
        raise SystemExit(told)
    return told


def _work(
    there: Connection, start: Any, core: int | None, work: str, calls: list[tuple[Any, ...]]
) -> None:
    if core is not None:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, {core})
        pa.set_cpu_count(1)
        pa.set_io_thread_count(1)
    module, function = work.split(":")
    run = getattr(importlib.import_module(module), function)
    importlib.import_module("pyarrow.acero")
    pa.array([True]).to_numpy(zero_copy_only=False)  # which imports pandas
    parts: dict[str, float] = {}
    for name in ("write_messages", "render_xlsx"):
        _tell_apart(parts, name)
    start.wait()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        results = [run(*arguments) for arguments in calls]
    except Exception as error:
        there.send(f"{work}: {error}")
        return
    there.send((time.perf_counter() - wall, time.process_time() - cpu, peak_mb(), results, parts))


def _tell_apart(parts: dict[str, float], name: str) -> None:
    """Keep the processor time of message texts and workbooks apart from that of the lists."""
    plain: Callable[..., Any] = getattr(list_files, name)

    def timed(*arguments: Any, **options: Any) -> Any:
        begun = time.process_time()
        try:
            return plain(*arguments, **options)
        finally:
            parts[name] = parts.get(name, 0.0) + time.process_time() - begun

    setattr(list_files, name, timed)
