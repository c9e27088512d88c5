"""SIGKILL at chosen and at random moments of every step; run again, everything is as if nobody had
killed.

At least 70 kills with a fixed seed; `python -m tests.faults --kills 300 --seed 2` tries as many as
one likes.
"""

from pathlib import Path

import pytest

from tests.faults.children import Warm
from tests.faults.kills import (
    STEPS,
    Outcome,
    Trial,
    draw_moments,
    draw_points,
    draw_transitions,
    run_trial,
)
from tests.faults.places import Undisturbed
from tests.faults.servers import Server

SEED = 20261122


def run_all(trials: list[Trial], folder: Path, *parts: object) -> list[Outcome]:
    """Run trials, each in a place of its own."""
    return [run_trial(trial, folder / str(number), *parts) for number, trial in enumerate(trials)]


def wrong(outcomes: list[Outcome]) -> dict[str, list[str]]:
    """Return what is not as it should be, by trial."""
    return {outcome.trial.name: outcome.wrong for outcome in outcomes if outcome.wrong}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("step", "least"), [("snapshot", 9), ("close", 30)])
def test_killed_before_and_after_every_call_that_writes(
    step: str,
    least: int,
    folder: Path,
    undisturbed: Undisturbed,
    warm_process: Warm,
    server: Server,
) -> None:
    """The snapshot, the close's transactions, and the publishing: each kind of call is struck on
    both of its sides.
    """
    trials = draw_transitions(undisturbed, (step,), SEED)
    outcomes = run_all(trials, folder, undisturbed, warm_process, server)

    assert wrong(outcomes) == {}
    assert [outcome.trial.name for outcome in outcomes if outcome.kills != 1] == []
    assert len(trials) >= least


def test_killed_at_points_drawn_from_every_step(
    folder: Path, undisturbed: Undisturbed, warm_process: Warm, server: Server
) -> None:
    """Some of them twice in a row; some are followed by the next date alone."""
    trials = draw_points(undisturbed, 2 * len(STEPS), SEED)
    outcomes = run_all(trials, folder, undisturbed, warm_process, server)

    assert wrong(outcomes) == {}
    assert [outcome.trial.name for outcome in outcomes if outcome.kills < 1] == []
    assert {trial.step for trial in trials} == set(STEPS)


def test_killed_at_random_moments(
    folder: Path, undisturbed: Undisturbed, warm_process: Warm, server: Server
) -> None:
    """From outside, wherever the run is by then, in the middle of a call as well."""
    trials = draw_moments(undisturbed, 2 * len(STEPS[:-1]), SEED)
    outcomes = run_all(trials, folder, undisturbed, warm_process, server)

    assert wrong(outcomes) == {}
    assert sum(outcome.kills for outcome in outcomes) > 0
