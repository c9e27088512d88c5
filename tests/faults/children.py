"""Runs of the command as processes: forked from a warm one, watched, killed, and asked what they
said.
"""

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.faults.points import Fault

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """What a run came to: exit code (negative: the signal that ended it), stdout and stderr."""

    code: int
    printed: str
    told: str

    @property
    def was_killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.code == -signal.SIGKILL

    @property
    def messages(self) -> list[str]:
        """The lines on stderr."""
        return self.told.splitlines()


class Child:
    """A run that is going on."""

    def __init__(self, warm: "Warm", pid: int, printed: Path, told: Path) -> None:
        self.warm, self.pid, self.printed, self.told = warm, pid, printed, told

    def kill(self) -> None:
        """Send it SIGKILL; one that has ended does not mind."""
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> Ended:
        """Return what it came to, when it has ended."""
        code = self.warm.ask(wait=self.pid)["code"]
        return Ended(code, self.printed.read_text("utf-8"), self.told.read_text("utf-8"))

    def wait_for(self, told: str) -> bool:
        """Wait until it has printed something with these words; tell whether it did before it
        ended.
        """
        while told not in self.printed.read_text("utf-8", "ignore"):
            if Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                return told in self.printed.read_text("utf-8", "ignore")
        return True


class Warm:
    """The warm process; see `tests.faults.warm`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._numbers = folder, itertools.count(1)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.warm"],
            cwd=REPOSITORY,
            text=True,
            encoding="utf-8",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        )

    def ask(self, **request: Any) -> dict[str, int]:
        """Send a request and return the answer."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer: dict[str, int] = json.loads(self._process.stdout.readline())
        return answer

    def start(
        self,
        words: list[str],
        environment: Mapping[str, str],
        fault: Fault | None = None,
        trace: Path | None = None,
    ) -> Child:
        """Start a run of the command; a fault strikes at its point, and a trace gets the names of
        all points.
        """
        number = next(self._numbers)
        printed, told = self.folder / f"{number}.out", self.folder / f"{number}.err"
        printed.touch(), told.touch()
        asked = self.ask(
            words=words,
            environment=dict(environment),
            printed=str(printed),
            told=str(told),
            fault=asdict(fault) if fault else None,
            trace=str(trace) if trace else None,
        )
        return Child(self, asked["pid"], printed, told)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@contextmanager
def warm(folder: Path) -> Iterator[Warm]:
    """Give a warm process for as long as the block lasts; what runs print comes into the folder."""
    process = Warm(folder)
    try:
        yield process
    finally:
        process.close()
