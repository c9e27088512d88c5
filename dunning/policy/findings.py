"""What is wrong with a policy file: where, why, and what cures it."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """One reason not to trust a policy file.

    file: name in the policy folder, such as `stages.toml`; line: 1 for the first, 0 where no line
    is to blame; problem and cure: a sentence each; counterexample: facts and dates of an account
    that shows the problem, or empty.
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
