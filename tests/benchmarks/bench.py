"""Measure a night step by step: seconds, rows a second, peak memory. In a home of its own, which is removed.

    .venv/bin/python tests/benchmarks/bench.py --accounts 5000 [--shards 2]

Each step runs in a process of its own, imports not counted; the shards of `classify` run side by side, as many as there
are processors, and their peak is that of the largest one. At the end the decisions alone against the obvious
alternative: the tests' plain oracle, account by account, on the same odd accounts in the same run.
"""

import argparse
import importlib
import json
import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # `tests` is no installed package

from dunning.core.errors import DunningError
from dunning.decisions.decide import decide
from dunning.gateways.server import stop_server
from dunning.sample import write_sample
from tests.oracle.bucket import make_bucket, make_history, make_rules
from tests.oracle.facts import Policy
from tests.oracle.stages import decide as decide_plainly
from tests.properties.crowds import draw_crowd

AS_OF = "2026-11-22"
CROWD = 3000


def measure(job: str, *arguments: Any) -> tuple[Any, float, float]:
    """Run a job in this process; return its receipt, seconds and the process's peak in MB."""
    run = importlib.import_module(f"dunning.jobs.{job}").run
    begun = time.perf_counter()
    receipt = run(*arguments)
    seconds = time.perf_counter() - begun
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return receipt, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def side_by_side(job: str, calls: list[tuple[Any, ...]]) -> tuple[list[Any], float, float]:
    """Run a job once per call, each in a fresh process; return receipts, seconds of the slowest lane, largest peak."""
    workers = min(len(calls), os.cpu_count() or 1)
    lanes = [0.0] * workers
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        done = list(pool.map(measure, [job] * len(calls), *zip(*calls, strict=True)))
    for _, seconds, _ in done:
        lanes[lanes.index(min(lanes))] += seconds
    return [receipt for receipt, _, _ in done], max(lanes), max(peak for _, _, peak in done)


def show(step: str, rows: int, unit: str, seconds: float, peak: float | None = None) -> None:
    memory = f"{peak:>8.0f} MB" if peak is not None else ""
    print(f"{step:<10}{seconds:>9.2f} s{rows:>12,} {unit:<9}{rows / max(seconds, 1e-9):>12,.0f} /s{memory}", flush=True)


def bench(accounts: int, shards: int, folder: Path) -> None:
    """Make a sample and take it through the night; print a line per step."""
    ledger, out = folder / "ledger", folder / "out"
    begun = time.perf_counter()
    write_sample(ledger, accounts, 1)
    tables = json.loads((ledger / "manifest.json").read_text("utf-8"))["tables"]
    rows = sum(table["rows"] for table in tables.values())
    show("sample", rows, "rows", time.perf_counter() - begun)

    [run], seconds, peak = side_by_side("load", [(AS_OF, str(ledger), str(out))])
    show("load", rows, "rows", seconds, peak)
    total = seconds
    parts, seconds, peak = side_by_side("classify", [(run, shard, shards) for shard in range(shards)])
    counted = sum(part["accounts"] for part in parts)
    show("classify", counted, "accounts", seconds, peak)
    total += seconds
    for job, arguments in (("propose", (run, parts)), ("write", (run,)), ("close", (run,)), ("report", (run,))):
        _, seconds, peak = side_by_side(job, [arguments])
        show(job, counted, "accounts", seconds, peak)
        total += seconds
    show("night", counted, "accounts", total)


def compare() -> None:
    """Decide on one crowd in both ways."""
    as_of, policy = date.fromisoformat(AS_OF), Policy()
    crowd = draw_crowd(Random(1), CROWD, as_of)
    bucket, rules = make_bucket(crowd, policy), make_rules(policy, as_of)
    history = make_history(bucket)
    decide(bucket, rules, history)
    begun = time.perf_counter()
    decide(bucket, rules, history)
    columns = time.perf_counter() - begun
    begun = time.perf_counter()
    for facts in crowd:
        decide_plainly(facts, policy, as_of)
    plain = time.perf_counter() - begun
    print(
        f"decisions alone, {CROWD:,} odd accounts: in columns {columns:.3f} s, account by account {plain:.3f} s, "
        f"{plain / columns:.0f} times as long"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=5000)
    parser.add_argument("--shards", type=int, default=min(os.cpu_count() or 1, 64))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dunning-bench-") as folder:
        home = Path(folder) / "home"
        os.environ["DUNNING_HOME"] = str(home)
        for name in ("DUNNING_DATABASE_URL", "DUNNING_SNAPSHOTS"):
            os.environ.pop(name, None)
        print(f"{options.accounts:,} accounts, {options.shards} shards, {os.cpu_count()} processors", flush=True)
        try:
            bench(options.accounts, options.shards, Path(folder))
            compare()
        except DunningError as error:
            sys.exit(str(error))
        finally:
            stop_server(home)


if __name__ == "__main__":
    main()
