"""Findings of the circuit breaker as plain Bulgarian sentences."""

from collections.abc import Iterable

from dunning.core.money import format_count, format_minor
from dunning.decisions.lists.circuit_breaker import Unusual
from dunning.documents.words import word_of


def say_unusual(findings: Iterable[Unusual]) -> list[str]:
    """Return one sentence per finding."""
    return [_say(finding) for finding in findings]


def _say(finding: Unusual) -> str:
    if finding.measure == "payments":
        return (
            f"Плащания за последните дни: {format_count(finding.value)}, обичайно {format_count(finding.usual or 0)}. "
            "Файлът с плащанията изглежда стар или непълен."
        )
    value, limit = (_amount(finding.what, number) for number in (finding.value, finding.limit))
    begin = f"{word_of('bg', finding.measure, 'measure')}: {value}"
    if finding.usual is None:
        return f"{begin}, над границата от {limit}."
    side = "над" if finding.value > finding.limit else "под"
    return (
        f"{begin}, обичайно {_amount(finding.what, finding.usual)}; {side} допустимото ({limit})."
    )


def _amount(what: str, number: int) -> str:
    return f"{format_minor(number)} €" if what == "cents" else format_count(number)
