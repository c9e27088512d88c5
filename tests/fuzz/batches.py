"""Stretches of trials in processes of their own, and what came of them as a table."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.fuzz.trials import FAULT, REFUSED, TAKEN, Outcome

REPOSITORY = Path(__file__).resolve().parents[2]
MINUTES_MAX = 8
Counts = Counter[tuple[str, str]]

# Trials of each kind, in parts of a thousand of all that are no rows.
SHARES = {"bytes": 300, "gzip": 100, "place": 100, "mapping": 200, "manifest": 150, "parquet": 150}


def run_trials(kind: str, seed: int, count: int) -> list[Outcome]:
    """Try `count` trials of a kind; a process that hangs or crashes is a fault of the trial under
    way.
    """
    command = [sys.executable, "-m", "tests.fuzz.worker", kind, str(seed), "0", str(count)]
    try:
        done = subprocess.run(
            command, cwd=REPOSITORY, capture_output=True, text=True, timeout=60 * MINUTES_MAX
        )
        printed, told, code = done.stdout, done.stderr, done.returncode
    except subprocess.TimeoutExpired as late:
        printed, told, code = (late.stdout or b"").decode(), "all trials together took too long", -1
    outcomes = []
    for line in printed.splitlines():
        told_of = json.loads(line)
        outcomes.append(
            Outcome(
                told_of["kind"],
                f"{told_of.pop('number')} {told_of['what']}",
                *list(told_of.values())[2:],
            )
        )
    if code or len(outcomes) != count:
        outcomes.append(
            Outcome(kind, f"{len(outcomes)} hung or crashed", FAULT, f"exit {code}: {told[-1500:]}")
        )
    return outcomes


def count_outcomes(outcomes: Iterable[Outcome]) -> Counts:
    """Count them by kind and outcome."""
    return Counter((one.kind, one.outcome) for one in outcomes)


def show_counts(counts: Counts) -> str:
    """Return kinds by outcomes as a table, all of them summed below."""
    shown = (TAKEN, "in quarantine", REFUSED, FAULT)
    kinds = sorted({kind for kind, _ in counts})
    rows = [[kind, *(counts[kind, outcome] for outcome in shown)] for kind in kinds]
    rows.append(["all", *(sum(row[i] for row in rows) for i in range(1, len(shown) + 1))])
    lines = [f"{'kind':<44}{'cases':>9}" + "".join(f"{outcome:>15}" for outcome in shown)]
    lines += [
        f"{row[0]:<44}{sum(row[1:]):>9,}" + "".join(f"{number:>15,}" for number in row[1:])
        for row in rows
    ]
    return "\n".join(lines)
