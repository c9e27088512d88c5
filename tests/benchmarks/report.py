"""What a bench found: the goals with what was measured against them, as lines for people and as
JSON for machines.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.phases import Phase


@dataclass(frozen=True)
class Goal:
    """One goal: what was measured, and the bound it must not pass (`at_most`) or reach (`at
    least`).
    """

    name: str
    measured: float
    bound: float
    at_most: bool = True
    unit: str = "x"

    @property
    def is_met(self) -> bool:
        """Whether the goal is met."""
        return self.measured <= self.bound if self.at_most else self.measured >= self.bound

    def line(self) -> str:
        """Return the goal as a line."""
        sign, said = "<=" if self.at_most else ">=", "met" if self.is_met else "not met"
        measured, bound = (
            f"{n:,.0f}" if n >= 1000 else f"{n:.2f}" for n in (self.measured, self.bound)
        )
        return f"{said:<8}{measured:>10} {self.unit:<7}{sign} {bound:<10}{self.name}"


@dataclass
class Report:
    """Phases and goals as they come; each phase is printed at once."""

    accounts: int
    shards: int
    phases: list[Phase] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def add(self, phase: Phase) -> Phase:
        """Keep a phase and print its line."""
        if not self.phases:
            print(
                f"{'':<30}{'wall s':>9}{'cpu s':>9}{'rows':>13} {'':<9}{'rows/cpu s':>12}{'peak MiB':>10}"
            )
        self.phases.append(phase)
        rate = phase.rows / max(phase.cpu, 1e-9)
        print(
            f"{phase.name:<30}{phase.wall:>9.2f}{phase.cpu:>9.2f}{phase.rows:>13,} {phase.unit:<9}{rate:>12,.0f}"
            f"{phase.peak_mb:>10.0f}",
            flush=True,
        )
        for name, seconds in (phase.parts or {}).items():
            print(f"  {'of which ' + name:<37}{seconds:>9.2f}", flush=True)
        return phase

    def judge(self, *goals: Goal) -> None:
        """Keep goals; they are printed at the end."""
        self.goals += goals

    def finish(self, path: Path | None) -> None:
        """Print facts and goals; write everything as JSON where a file is given."""
        print()
        for name, value in self.facts.items():
            print(f"{name}: {value}")
        print("\nGoals, each by the figures of this run (processor seconds, unless it says wall):")
        for goal in self.goals:
            print(goal.line())
        if path is not None:
            path.write_text(
                json.dumps(self.to_json(), indent=1, default=str) + "\n", encoding="utf-8"
            )

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON-ready values."""
        phases = [
            {name: value for name, value in asdict(phase).items() if name != "result"}
            for phase in self.phases
        ]
        return {
            "accounts": self.accounts,
            "shards": self.shards,
            "phases": phases,
            "goals": [{**asdict(goal), "is_met": goal.is_met} for goal in self.goals],
            "facts": self.facts,
        }
