"""Measure a night step by step, each step beside a yardstick in the same run. In a home of its own,
which is removed.

    .venv/bin/python tests/benchmarks/bench.py [--accounts 200000] [--json FILE] [--flame FILE.svg]
        [--scale] [--airflow]

Each step runs in a process of its own, imports not counted; what is compared on one core is pinned
to it and compared by processor seconds, because a shared machine's clock says little. Every goal is
printed with what was measured.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # `tests` is no installed package

from dunning.core.errors import DunningError
from dunning.gateways.postgres.server import stop_server
from tests.benchmarks import night, notices
from tests.benchmarks.report import Goal, Report

REPOSITORY = Path(__file__).resolve().parents[2]
_AIRFLOW_SECONDS = 30


def main() -> None:
    options = _options()
    report = Report(options.accounts, options.shards)
    print(
        f"{options.accounts:,} accounts, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="dunning-bench-", dir=options.folder) as folder:
        try:
            bench(report, options, Path(folder))
        except DunningError as error:
            sys.exit(str(error))
    report.finish(options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=200_000)
    parser.add_argument(
        "--shards", type=int, default=1, help="of the whole nights (--flame, --airflow)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument(
        "--flame", type=Path, metavar="FILE.svg", help="a whole night once more, under py-spy"
    )
    parser.add_argument(
        "--scale", action="store_true", help="also a tenth of the accounts: the cost of each"
    )
    parser.add_argument(
        "--airflow", action="store_true", help="also the nightly DAG, for Airflow's own share"
    )
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="work in DIR instead of the temporary folder"
    )
    return parser.parse_args()


def bench(report: Report, options: argparse.Namespace, folder: Path) -> None:
    """Make a sample and take it through the night, and through what else was asked for."""
    ledger = night.make_ledger(report, folder / "ledger", options.accounts)
    with a_home(folder / "home"):
        cost = whole_night(report, ledger, folder)
    if options.scale:
        small = night.make_ledger(report, folder / "small", max(options.accounts // 10, 1))
        with a_home(folder / "small-home"):
            before = a_small_night(report, small, folder / "small-out") / small.accounts
        growth = cost / ledger.accounts / before
        report.judge(
            Goal(f"cost per account, {ledger.accounts:,} beside {small.accounts:,}", growth, 1.15)
        )
    if options.flame:
        with a_home(folder / "flame-home"):
            draw_flame(ledger, folder / "flame-out", options.flame, options.shards)
    if options.airflow:
        beside_airflow(report, ledger, folder, options.shards)


@contextmanager
def a_home(home: Path):
    """Give what runs inside a home of its own, and stop its server afterwards."""
    for name in ("DUNNING_DATABASE_URL", "DUNNING_SNAPSHOTS"):
        os.environ.pop(name, None)
    os.environ["DUNNING_HOME"] = str(home)
    try:
        yield
    finally:
        stop_server(home)


def whole_night(report: Report, ledger: night.Ledger, folder: Path) -> float:
    """Measure everything of one night; return the processor seconds of load and decisions."""
    run, loaded = night.load(report, ledger, folder / "out")
    steps = night.decide(report, run, ledger.accounts)
    night.beside_duckdb(report, run, steps, folder)
    night.in_shards(report, run, ledger.accounts)
    notices.print_notices(report, run, ledger.accounts, folder)
    night.store(report, run)
    ends = night.end(report, run, ledger.accounts)
    phases = [loaded, *steps, *ends]
    total = sum(phase.cpu for phase in phases)
    shares = {phase.name: f"{phase.cpu / total:.0%}" for phase in phases}
    report.facts["the night by phase, share of its processor seconds"] = shares
    return sum(phase.cpu for phase in (loaded, *steps))


def a_small_night(report: Report, ledger: night.Ledger, out: Path) -> float:
    """Return the processor seconds of load and decisions of a smaller ledger; its goals do not
    count.
    """
    aside = Report(ledger.accounts, 1)
    run, loaded = night.load(aside, ledger, out)
    return loaded.cpu + sum(step.cpu for step in night.decide(aside, run, ledger.accounts))


def _night_command(ledger: night.Ledger, out: Path, shards: int) -> list[str]:
    told = [
        "--ledger",
        str(ledger.folder),
        "--as-of",
        night.AS_OF,
        "--out",
        str(out),
        "--shards",
        str(shards),
    ]
    return [sys.executable, "-m", "dunning.cli", "nightly", *told]


def draw_flame(ledger: night.Ledger, out: Path, file: Path, shards: int) -> None:
    """Record a whole night on one core under py-spy."""
    spy = shutil.which(
        "py-spy", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    )
    if spy is None:
        print("py-spy is not installed, so there is no flame graph", flush=True)
        return
    record = [spy, "record", "--rate", "50", "--nonblocking", "--output", str(file), "--"]
    night_of = _night_command(ledger, out, shards)
    subprocess.run(
        [*record, *night_of], check=True, cwd=REPOSITORY, env=_environment(), preexec_fn=_pin
    )


def _pin() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(REPOSITORY)}


def beside_airflow(report: Report, ledger: night.Ledger, folder: Path, shards: int) -> None:
    """Run the same night by the command and by the DAG; the difference is Airflow's own share."""
    with a_home(folder / "plain-home"):
        subprocess.run(
            [sys.executable, "-m", "dunning.cli", "db", "start"], check=True, env=_environment()
        )
        plain = _wall(_night_command(ledger, folder / "plain-out", shards))
    with a_home(folder / "airflow-home"):
        subprocess.run(
            [sys.executable, "deploy/airflow_home.py"],
            check=True,
            cwd=REPOSITORY,
            env=_environment(),
        )
        command = [
            sys.executable,
            "deploy/run_dags.py",
            "--ledger",
            str(ledger.folder),
            "--as-of",
            night.AS_OF,
        ]
        through = _wall([*command, "--out", str(folder / "airflow-out"), "--shards", str(shards)])
    report.facts["the night by the command and through Airflow, wall s"] = (
        round(plain, 1),
        round(through, 1),
    )
    report.judge(
        Goal("Airflow's own share of the wall time", through - plain, _AIRFLOW_SECONDS, unit="s")
    )


def _wall(command: list[str]) -> float:
    begun = time.perf_counter()
    subprocess.run(
        command, check=True, cwd=REPOSITORY, env=_environment(), stdout=subprocess.DEVNULL
    )
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
