"""A problem in a policy file: place, reason and cure."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One problem in a policy file.

    file: name in the policy folder, such as `stages.toml`; line: 1 for the first, 0 where no
    single line is wrong; problem and cure: a sentence each; counterexample: facts and dates of an
    account that shows the problem, or empty.
    """

    file: str
    line: int
    problem: str
    cure: str
    counterexample: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        text = f"{place}: {self.problem} {self.cure}"
        return f"{text}\n{self.counterexample}" if self.counterexample else text
