"""Trials of killing: which are drawn, how one goes, and what it must come to."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from tests.faults.children import Ended, Warm
from tests.faults.places import AS_OF, NEXT, Place, Undisturbed, place
from tests.faults.points import Fault
from tests.faults.servers import Server

WRITING_STEPS = ("snapshot", "close")
STEPS = ("begin", "load", "snapshot", "classify", "propose", "write", "close", "report")
THEN = ("again", "again", "again and the next date", "the next date")


@dataclass(frozen=True)
class Trial:
    """A run of AS_OF that is killed, perhaps killed again when it is run again, and what is run
    then, undisturbed.

    step: of the night in which the (first) kill strikes. then: one of THEN.
    """

    step: str
    faults: tuple[Fault, ...]
    then: str

    @property
    def name(self) -> str:
        """What is tried, in a line."""
        faults = " and ".join(
            f"{fault.kind} at {fault.point} {fault.number}"
            + (f" +{fault.target / 1e6:.3f} s" if fault.target else "")
            for fault in self.faults
        )
        return f"{faults}, then {self.then}"


@dataclass(frozen=True)
class Outcome:
    """What a trial came to. kills: how many runs SIGKILL ended. wrong: what is not as if nobody had
    killed.
    """

    trial: Trial
    kills: int
    wrong: list[str]


def draw_transitions(
    undisturbed: Undisturbed, steps: tuple[str, ...] = WRITING_STEPS, seed: int = 1
) -> list[Trial]:
    """Return a kill between every two different neighbours among the points of some steps.

    So each call that writes is killed right before, and right after it, at least once.
    """
    dice, counts = Random(seed), Counter[str]()
    found: dict[tuple[str, str], list[Fault]] = {}
    before = ""
    for _, name in undisturbed.points:
        counts[name] += 1
        if step_of(name) in steps:
            found.setdefault((before, name), []).append(Fault(name, counts[name]))
        before = name
    return [
        Trial(step_of(name), (dice.choice(faults),), dice.choice(THEN))
        for (_, name), faults in found.items()
    ]


def draw_points(
    undisturbed: Undisturbed, count: int, seed: int, steps: tuple[str, ...] = STEPS
) -> list[Trial]:
    """Return kills at points drawn from all steps in turn; every fifth is followed by a second
    one.
    """
    dice = Random(seed)
    numbered = number_points(undisturbed)
    by_step = {
        step: [fault for fault in numbered if step_of(fault.point) == step] for step in steps
    }
    trials = []
    for n in range(count):
        step = steps[n % len(steps)]
        names = sorted({fault.point for fault in by_step[step]})
        name = dice.choice(names)
        first = dice.choice([fault for fault in by_step[step] if fault.point == name])
        second = (dice.choice(numbered),) if n % 5 == 4 else ()
        trials.append(Trial(step, (first, *second), dice.choice(THEN)))
    return trials


def draw_moments(
    undisturbed: Undisturbed, count: int, seed: int, steps: tuple[str, ...] = STEPS[:-1]
) -> list[Trial]:
    """Return kills at random moments of all steps in turn, wherever the run is by then."""
    dice = Random(seed)
    begins = {name: at for at, name in reversed(undisturbed.points)}
    spans = {}
    for step in steps:
        at = [(at, name) for at, name in undisturbed.points if step_of(name) == step]
        later = [begin for begin, name in undisturbed.points if begin > at[-1][0]]
        spans[step] = (at[0][1], (later[0] if later else at[-1][0]) - begins[at[0][1]])
    trials = []
    for n in range(count):
        step = steps[n % len(steps)]
        first, span = spans[step]
        fault = Fault(first, 1, kind="kill later", target=dice.randrange(max(span, 1)))
        trials.append(Trial(step, (fault,), dice.choice(THEN)))
    return trials


def run_trial(
    trial: Trial, folder: Path, undisturbed: Undisturbed, warm: Warm, server: Server
) -> Outcome:
    """Kill and run again in a fresh place."""
    with place(folder, undisturbed.ledger, warm, server) as here:
        ended = list(kill(here, trial.faults))
        was_out = here.is_published(AS_OF)
        nights = {"again": [AS_OF], "the next date": [NEXT]}.get(trial.then, [AS_OF, NEXT])
        later = [here.run(as_of) for as_of in nights]
        wrong = [
            f"exit code {end.code}: {end.told}" for end in later if (end.code, end.told) != (0, "")
        ]
        wrong += [
            f"exit code {end.code}: {end.told}"
            for end in ended
            if not end.was_killed and end.code != 0
        ]
        wrong += compare(here, undisturbed, nights, was_out)
        return Outcome(trial, sum(end.was_killed for end in ended), wrong)


def kill(here: Place, faults: tuple[Fault, ...]) -> Iterator[Ended]:
    """Run AS_OF once for each fault; give what each run came to."""
    for fault in faults:
        yield here.run(fault=fault)
        here.settle()


def compare(here: Place, undisturbed: Undisturbed, nights: list, was_out: bool) -> list[str]:
    """Return in what the place differs from one in which nobody was killed.

    was_out: whether the files of AS_OF were out before the nights were run. If so, they count as
    sent, also where only the next date was run since.
    """
    is_alone = nights == [NEXT] and not was_out
    first = None if is_alone else undisturbed.first
    second = (undisturbed.alone if is_alone else undisturbed.second) if NEXT in nights else {}
    histories = undisturbed.history_alone, undisturbed.history_both, undisturbed.history_first
    expected = histories[0] if is_alone else histories[1] if NEXT in nights else histories[2]
    wrong = []
    if first is not None and here.hashes(AS_OF) != first:
        wrong.append(f"the files of {AS_OF}: {_differ(here.hashes(AS_OF), first)}")
    if first is None and here.is_published(AS_OF):
        wrong.append(f"a manifest of {AS_OF} appeared")
    if here.hashes(NEXT) != second:
        wrong.append(f"the files of {NEXT}: {_differ(here.hashes(NEXT), second)}")
    found = here.history()
    wrong += [f"the store's {name}" for name in expected if found[name] != expected[name]]
    return wrong + [f"left behind: {name}" for name in here.left_behind()]


def tell(outcomes: list[Outcome]) -> Counter[str]:
    """Return how many kills there were in each step."""
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        counts[outcome.trial.step] += outcome.kills
    return counts


def step_of(name: str) -> str:
    """Return the step of a point."""
    return name.partition(":")[0]


def number_points(undisturbed: Undisturbed) -> list[Fault]:
    """Return a kill at each point that the undisturbed run passed."""
    counts: Counter[str] = Counter()
    faults = []
    for _, name in undisturbed.points:
        counts[name] += 1
        faults.append(replace(Fault(name, 1), number=counts[name]))
    return faults


def _differ(found: dict[str, str], expected: dict[str, str]) -> str:
    return ", ".join(
        sorted(
            name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name)
        )
    )
