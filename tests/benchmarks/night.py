"""A night taken apart: each step in a process of its own, the decisions beside DuckDB, shards
beside each other.
"""

import json
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from dunning.gateways.snapshots.snapshot import open_snapshot
from dunning.sample import write_sample
from tests.benchmarks.duckdb_decisions import compare, flatten
from tests.benchmarks.phases import Phase, measure, side_by_side
from tests.benchmarks.report import Goal, Report

AS_OF = "2026-11-22"
_SHARDS = 8
_GIB = 1024
_MILLIONS_ORDER = 316_228  # the square root of ten below a million


@dataclass(frozen=True)
class Ledger:
    """A sample ledger on disk."""

    folder: Path
    accounts: int
    rows: int


def make_ledger(report: Report, folder: Path, accounts: int) -> Ledger:
    """Write a sample as Bulgarian billing systems do: cp1251, semicolons, decimal commas."""
    here = "tests.benchmarks.night:write_ledger"
    phase = measure("sample", 0, "rows", here, str(folder), accounts, one_core=False)
    ledger = Ledger(folder, accounts, phase.result)
    report.add(Phase("sample", ledger.rows, "rows", phase.wall, phase.cpu, phase.peak_mb))
    return ledger


def write_ledger(folder: str, accounts: int) -> int:
    """Write a sample; return its rows."""
    write_sample(Path(folder), accounts, 1, dialect="bulgaria")
    tables = json.loads((Path(folder) / "manifest.json").read_text("utf-8"))["tables"]
    return sum(table["rows"] for table in tables.values())


def load(report: Report, ledger: Ledger, out: Path) -> tuple[dict[str, Any], Phase]:
    """Load the ledger on one core, beside pyarrow's own conversion; return the run's receipt and
    the phase.
    """
    ours = report.add(
        measure(
            "load",
            ledger.rows,
            "rows",
            "dunning.jobs.nightly.load:run",
            AS_OF,
            str(ledger.folder),
            str(out),
        )
    )
    plain = measure(
        "  pyarrow CSV to Parquet",
        ledger.rows,
        "rows",
        "tests.benchmarks.pyarrow_load:load_plainly",
        str(ledger.folder),
        str(out / "plain"),
    )
    shutil.rmtree(out / "plain")
    cpu = plain.result["cpu"]
    report.add(Phase(plain.name, ledger.rows, "rows", plain.wall, cpu, plain.peak_mb))
    report.judge(
        Goal("load beside pyarrow's CSV to Parquet, one core", ours.cpu / cpu, 1.5),
        Goal("peak memory of the load, unsharded", ours.peak_mb / _GIB, 4, unit="GiB"),
    )
    return ours.result, ours


def decide(report: Report, run: dict[str, Any], accounts: int) -> list[Phase]:
    """Classify, propose and write on one core; return the three phases."""
    steps = [
        measure("classify", accounts, "accounts", "dunning.jobs.nightly.classify:run", run, 0, 1)
    ]
    parts = [steps[0].result]
    steps.append(
        measure("propose", accounts, "accounts", "dunning.jobs.nightly.propose:run", run, parts)
    )
    steps.append(measure("write", accounts, "accounts", "dunning.jobs.nightly.write:run", run))
    for step in steps:
        report.add(step)
    peak = max(step.peak_mb for step in steps)
    report.judge(
        Goal("peak memory of the decisions and lists, unsharded", peak / _GIB, 4, unit="GiB")
    )
    return steps


def decisions_cpu(steps: list[Phase]) -> float:
    """Return the processor seconds from snapshot to CSV lists, without message texts and
    workbooks.
    """
    return sum(step.cpu for step in steps) - sum((steps[-1].parts or {}).values())


def beside_duckdb(report: Report, run: dict[str, Any], steps: list[Phase], folder: Path) -> None:
    """Run the plain SQL version on the same snapshot and say how far both agree."""
    measure(
        "flatten",
        0,
        "rows",
        "tests.benchmarks.night:flatten_snapshot",
        run["snapshot"],
        str(folder / "flat"),
    )
    accounts, cpu, ours = steps[0].rows, {}, decisions_cpu(steps)
    for way in ("plain", "pruned"):
        out = folder / f"sql-{way}"
        phase = measure(
            f"  DuckDB, {way} SQL",
            accounts,
            "accounts",
            "tests.benchmarks.duckdb_decisions:decide_by_sql",
            folder / "flat",
            out,
            date.fromisoformat(AS_OF),
            way,
        )
        cpu[way] = report.add(phase).cpu
    shutil.rmtree(folder / "flat")
    report.facts["decisions, cpu s (classify, propose, write without texts and workbooks)"] = round(
        ours, 2
    )
    report.facts["beside DuckDB's pruned SQL"] = round(ours / cpu["pruned"], 2)
    agreement = compare(Path(run["work"]) / "files", folder / "sql-plain")
    report.facts["DuckDB agrees on accounts"] = agreement
    report.judge(
        Goal(
            "decisions and CSV lists beside DuckDB's plain SQL, one core", ours / cpu["plain"], 0.6
        )
    )


def flatten_snapshot(snapshot: str, folder: str) -> None:
    """Write what the SQL reads."""
    flatten(open_snapshot(Path(snapshot)), Path(folder))


def in_shards(report: Report, run: dict[str, Any], accounts: int) -> None:
    """Classify in eight shards: one process after the other's work against two at once; the memory
    of each shard.
    """
    calls = [(run, shard, _SHARDS) for shard in range(_SHARDS)]
    work = "dunning.jobs.nightly.classify:run"
    [alone] = side_by_side([(work, calls)], one_core=True)
    report.add(Phase("classify, one worker", accounts, "accounts", *alone[:3]))
    two = side_by_side([(work, calls[0::2]), (work, calls[1::2])], one_core=True)
    wall, cpu, peak = (
        max(lane[0] for lane in two),
        sum(lane[1] for lane in two),
        max(lane[2] for lane in two),
    )
    report.add(Phase("classify, two workers", accounts, "accounts", wall, cpu, peak))
    peaks = [side_by_side([(work, [call])], one_core=True)[0] for call in calls]
    peak = max(told[2] for told in peaks)
    report.add(Phase("classify, a process a shard", accounts, "accounts", *_sums(peaks), peak))
    report.judge(
        Goal("two worker processes beside one (wall)", alone[0] / wall, 1.7, at_most=False),
        Goal(f"peak memory of a shard of {_SHARDS}", peak / _GIB, 1, unit="GiB"),
    )


def _sums(told: list[tuple[Any, ...]]) -> tuple[float, float]:
    return sum(lane[0] for lane in told), sum(lane[1] for lane in told)


def store(report: Report, run: dict[str, Any]) -> None:
    """Fill and replace a night's decisions in PostgreSQL."""
    path = str(Path(run["work"]) / "files" / "classification.parquet")
    phase = measure(
        "store", 0, "rows", "tests.benchmarks.store_phase:fill_store", path, one_core=False
    )
    told, rows = phase.result, int(phase.result["rows"])
    for name, key in (
        ("COPY, bare table", "copy_bare"),
        ("COPY, real table", "copy"),
        ("replace under a reader", "replace"),
    ):
        report.add(
            Phase(name, rows, "rows", told[f"{key}_wall"], told[f"{key}_cpu"], phase.peak_mb)
        )
    held = all(told[key] for key in ("reader_kept_old", "others_saw_old", "then_new"))
    bare, real = (rows / max(told[name], 1e-9) for name in ("copy_bare_cpu", "copy_cpu"))
    report.judge(
        Goal("COPY into a bare table, rows a second", bare, _MILLIONS_ORDER, False, "rows/s"),
        Goal("COPY into the real table, rows a second", real, _MILLIONS_ORDER, False, "rows/s"),
        Goal(
            "decisions replaced while readers read on (1: all of it held)",
            float(held),
            1,
            False,
            "",
        ),
    )


def end(report: Report, run: dict[str, Any], accounts: int) -> list[Phase]:
    """Close the books and report; return the phases."""
    close = report.add(
        measure("close", accounts, "accounts", "dunning.jobs.nightly.close:run", run)
    )
    said = measure(
        "report", accounts, "accounts", "dunning.jobs.nightly.report:run", run, close.result
    )
    return [close, report.add(said)]
