"""The bench runs, measures every phase and judges every goal. How fast it is on this machine is no
matter of a test.
"""

import json
import subprocess
import sys
from pathlib import Path

BENCH = Path(__file__).parent / "bench.py"
PHASES = [
    "sample",
    "load",
    "  pyarrow CSV to Parquet",
    "classify",
    "propose",
    "write",
    "  DuckDB, plain SQL",
    "  DuckDB, pruned SQL",
    "classify, one worker",
    "classify, two workers",
    "classify, a process a shard",
    "notices, decide",
    "notices, batch",
    "notices, an eighth",
    "notices, single files",
    "  Platypus, batch",
    "  Platypus, single",
    "  fpdf2, batch",
    "  fpdf2, single",
    "COPY, bare table",
    "COPY, real table",
    "replace under a reader",
    "close",
    "report",
]
GOALS = [
    "load beside pyarrow's CSV to Parquet, one core",
    "peak memory of the load, unsharded",
    "peak memory of the decisions and lists, unsharded",
    "decisions and CSV lists beside DuckDB's plain SQL, one core",
    "two worker processes beside one (wall)",
    "peak memory of a shard of 8",
    "notices in batch beside Platypus",
    "single files beside Platypus",
    "notices in batch beside fpdf2",
    "single files beside fpdf2",
    "notices in batch, a second and core",
    "bytes of a notice in batch",
    "memory of all notices beyond that of an eighth",
    "two processes that print beside one (wall)",
    "COPY into a bare table, rows a second",
    "COPY into the real table, rows a second",
    "decisions replaced while readers read on (1: all of it held)",
]


def test_a_small_bench_measures_every_phase_and_judges_every_goal(tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(BENCH),
        "--accounts",
        "500",
        "--json",
        str(tmp_path / "bench.json"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = json.loads((tmp_path / "bench.json").read_text("utf-8")) if done.returncode == 0 else {}

    assert (done.returncode, done.stderr) == (0, "")
    assert [phase["name"] for phase in told["phases"]] == PHASES
    assert [goal["name"] for goal in told["goals"]] == GOALS
    assert [
        phase["name"] for phase in told["phases"] if min(phase["wall"], phase["peak_mb"]) <= 0
    ] == []
    agreed = told["facts"]["DuckDB agrees on accounts"]
    assert (agreed["accounts"], agreed["same_credit"]) == (500, 500)
    assert min(agreed["same_open"], agreed["same_stage"]) >= 490
    [readers] = [goal for goal in told["goals"] if goal["name"].startswith("decisions replaced")]
    assert readers["is_met"] is True
