"""Trials of a PostgreSQL that dies, as a whole or in the process that serves the run, in the middle
of a night.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from tests.faults.children import Warm
from tests.faults.kills import STEPS, THEN, Trial, compare, number_points, step_of
from tests.faults.places import AS_OF, NEXT, Undisturbed, embedded_place
from tests.faults.servers import Server

KINDS = ("kill server", "kill backends")


@dataclass(frozen=True)
class Outage:
    """What a run came to whose database died: exit code and stderr; and what is wrong when runs
    have followed it.

    was_published: the date's manifest was there when that run ended.
    """

    trial: Trial
    code: int
    told: str
    was_published: bool
    wrong: list[str]


def draw_outages(
    undisturbed: Undisturbed, count: int, seed: int, kind: str, steps: tuple[str, ...] = STEPS
) -> list[Trial]:
    """Return outages of a kind at points drawn from some steps in turn, followed by the same, or
    also the next date.
    """
    dice = Random(seed)
    numbered = number_points(undisturbed)
    trials = []
    for n in range(count):
        step = steps[n % len(steps)]
        name = dice.choice(
            sorted({fault.point for fault in numbered if step_of(fault.point) == step})
        )
        fault = dice.choice([fault for fault in numbered if fault.point == name])
        trials.append(Trial(step, (replace(fault, kind=kind),), dice.choice(THEN[:3])))
    return trials


def run_outage(
    trial: Trial, folder: Path, undisturbed: Undisturbed, warm: Warm, server: Server
) -> Outage:
    """Let the database die under a run of AS_OF; run again."""
    with embedded_place(folder, undisturbed.ledger, warm, server) as here:
        (fault,) = trial.faults
        hit = here.run(fault=replace(fault, target=server.pid, database=here.database))
        was_published = here.is_published(AS_OF)
        nights = [AS_OF] if trial.then == "again" else [AS_OF, NEXT]
        later = [here.run(as_of) for as_of in nights]
        wrong = [
            f"exit code {end.code}: {end.told}" for end in later if (end.code, end.told) != (0, "")
        ]
        wrong += compare(here, undisturbed, nights, was_published)
        return Outage(trial, hit.code, hit.told, was_published, wrong)
