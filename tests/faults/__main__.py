"""Kill the nightly run as often as asked, by hand, and print what came of it as a Markdown table.

    .venv/bin/python -m tests.faults --kills 300 --seed 2

A fifth of the kills strike PostgreSQL, the others our process: at every pair of neighbouring
writing calls of snapshot and close, at points drawn from all steps, and at random moments. Exit
code 1 if anything was not as if undisturbed.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.faults.children import Warm, warm
from tests.faults.kills import STEPS, Trial, draw_moments, draw_points, draw_transitions, run_trial
from tests.faults.outages import KINDS, draw_outages, run_outage
from tests.faults.places import Undisturbed, run_undisturbed
from tests.faults.servers import Server, serve

Row = tuple[str, str, int, list[str]]
NAMES = {
    "kill": "SIGKILL at a chosen call",
    "kill later": "SIGKILL at a random moment",
    "kill server": "SIGKILL to PostgreSQL's postmaster",
    "kill backends": "SIGKILL to PostgreSQL's backend",
}


def main() -> int:
    """Run all trials and print the table; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dunning-faults-") as folder, serve() as server:
        Path(folder, "printed").mkdir()
        with warm(Path(folder, "printed")) as process:
            undisturbed = run_undisturbed(Path(folder, "undisturbed"), process, server)
            rows = []
            for row in run(options.kills, options.seed, Path(folder), undisturbed, process, server):
                rows.append(row)
                print(
                    f"{len(rows)}: {row[0]}, {row[1]}: {row[3] or 'as if undisturbed'}",
                    file=sys.stderr,
                    flush=True,
                )
    print(write_table(rows))
    return int(any(wrong for *_, wrong in rows))


def run(
    kills: int, seed: int, folder: Path, undisturbed: Undisturbed, process: Warm, server: Server
) -> Iterator[Row]:
    """Give fault, step, how many kills struck and what was wrong, trial by trial."""
    outages = [
        t
        for n, kind in enumerate(KINDS)
        for t in draw_outages(undisturbed, kills // 10, seed + n, kind)
    ]
    chosen = draw_transitions(undisturbed, seed=seed)[: kills // 3]
    left = max(kills - len(outages) - len(chosen), 0)
    chosen += draw_points(undisturbed, left // 2, seed) + draw_moments(
        undisturbed, left - left // 2, seed
    )
    for number, trial in enumerate([*chosen, *outages]):
        place = folder / str(number)
        if trial.faults[0].kind in KINDS:
            outage = run_outage(trial, place, undisturbed, process, server)
            yield _kind(trial), trial.step, 1, outage.wrong
        else:
            outcome = run_trial(trial, place, undisturbed, process, server)
            yield _kind(trial), trial.step, outcome.kills, outcome.wrong


def write_table(rows: list[Row]) -> str:
    """Return the trials by fault and step as Markdown."""
    head = "| fault | step of the night | trials | kills that struck | not as if undisturbed |"
    lines = [head, "|---|---|--:|--:|--:|"]
    for kind in NAMES.values():
        for step in STEPS:
            found = [row for row in rows if row[:2] == (kind, step)]
            if found:
                struck, wrong = sum(row[2] for row in found), sum(bool(row[3]) for row in found)
                lines.append(f"| {kind} | {step} | {len(found)} | {struck} | {wrong} |")
    struck, wrong = sum(row[2] for row in rows), sum(bool(row[3]) for row in rows)
    return "\n".join([*lines, f"| all | | {len(rows)} | {struck} | {wrong} |"])


def _kind(trial: Trial) -> str:
    return NAMES[trial.faults[0].kind]


if __name__ == "__main__":
    sys.exit(main())
