"""What the circuit breaker found, as plain Bulgarian sentences."""

from collections.abc import Iterable
from typing import Protocol

from dunning.core.money import format_count, format_minor

_NAMES = {
    "overdue": "Просрочени партиди",
    "final_warning": "Партиди за последно предупреждение",
    "court_bound": "Партиди за съд",
    "sms": "SMS",
    "email": "Имейли",
    "post": "Писма",
    "disconnections": "Предложени прекъсвания",
    "court": "Предложени съдебни дела",
}


class Finding(Protocol):
    """One unusual thing: measure, what (`rows` or `cents`), tonight's value, the usual one or None,
    the limit.
    """

    @property
    def measure(self) -> str: ...

    @property
    def what(self) -> str: ...

    @property
    def value(self) -> int: ...

    @property
    def usual(self) -> int | None: ...

    @property
    def limit(self) -> int: ...


def say_unusual(findings: Iterable[Finding]) -> list[str]:
    """Return a sentence for each finding."""
    return [_say(finding) for finding in findings]


def _say(finding: Finding) -> str:
    if finding.measure == "payments":
        return (
            f"Плащания за последните дни: {format_count(finding.value)}, обичайно {format_count(finding.usual or 0)}. "
            "Файлът с плащанията изглежда стар или непълен."
        )
    value, limit = (_amount(finding.what, number) for number in (finding.value, finding.limit))
    begin = f"{_NAMES[finding.measure]}: {value}"
    if finding.usual is None:
        return f"{begin}, над границата от {limit}."
    side = "над" if finding.value > finding.limit else "под"
    return (
        f"{begin}, обичайно {_amount(finding.what, finding.usual)}; {side} допустимото ({limit})."
    )


def _amount(what: str, number: int) -> str:
    return f"{format_minor(number)} €" if what == "cents" else format_count(number)
