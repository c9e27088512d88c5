"""Findings, refusals and remarks as sentences, and their translations by pattern.

A translation keeps the values as they are.
"""

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache

from dunning.core.money import format_count, format_minor
from dunning.decisions.lists.circuit_breaker import Unusual
from dunning.documents.pages.html import PAGES, write_day
from dunning.documents.words import table_of, word_of

_FINDINGS, _ERRORS, _REMARKS = "findings.toml", "errors.toml", "remarks.toml"
_CYRILLIC = re.compile(r"[А-я]")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_VALUE = re.compile(r"\\\{(\w+)\\\}")


def describe_unusual(findings: Iterable[Unusual]) -> list[str]:
    """Return one Bulgarian sentence per finding of the circuit breaker."""
    return [_describe_finding(finding) for finding in findings]


def _describe_finding(finding: Unusual) -> str:
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


def write_finding(language: str, sentence: str) -> str:
    """Return a problem or a cure in a language; without a translation it stays English.

    >>> write_finding("bg", "Ask at least 20000 of the higher stage.")
    'За по-високия етап поискайте поне 20000.'
    >>> write_finding("bg", "Something new.")
    'Something new.'
    """
    for pattern, bulgarian in _patterns(_FINDINGS) if language == "bg" else ():
        if found := pattern.fullmatch(sentence):
            return bulgarian.format(
                **{name: _show_value(value) for name, value in found.groupdict().items()}
            )
    return sentence


def is_translated(sentence: str) -> bool:
    """Return whether a sentence has a Bulgarian translation."""
    return any(pattern.fullmatch(sentence) for pattern, _ in _patterns(_FINDINGS))


def write_error(language: str, sentence: str) -> str:
    """Return a job's refusal in a language; empty where it is known in the other one only.

    >>> write_error("bg", "No night is closed yet, so there is no ageing.")
    'Още няма приключена нощ, затова няма възраст на дълга.'
    >>> write_error("bg", "Something new."), write_error("en", "Something new."), write_error("en", "Нещо ново.")
    ('', 'Something new.', '')
    """
    if language != "bg":
        return "" if _CYRILLIC.search(sentence) else sentence
    for pattern, bulgarian in _patterns(_ERRORS):
        if found := pattern.fullmatch(sentence):
            return bulgarian.format(
                **{name: _write_days(value) for name, value in found.groupdict().items()}
            )
    return ""


def write_remark(language: str, sentence: str) -> str:
    """Return a night's Bulgarian remark in a language; without a translation it stays Bulgarian.

    >>> write_remark("en", "Имейли: 12, над границата от 10.")
    'E-mails: 12, above the limit of 10.'
    """
    for pattern, english in _patterns(_REMARKS) if language != "bg" else ():
        if found := pattern.fullmatch(sentence):
            return english.format(
                **{name: write_remark(language, value) for name, value in found.groupdict().items()}
            )
    return sentence


def _write_days(value: str) -> str:
    return write_day(value) if _ISO_DAY.fullmatch(value) else value


def _show_value(value: str) -> str:
    """Return a value; a leading name of its kind is translated into Bulgarian."""
    for code, bulgarian in table_of("bg", "value_type").items():
        english = word_of("en", code, "value_type")
        if value == english or value.startswith(f"{english} ("):
            # Only the name of the type is translated; the value in parentheses stays as it is.
            return bulgarian + value.removeprefix(english)
    return value


@lru_cache
def _patterns(file: str) -> list[tuple[re.Pattern[str], str]]:
    """Return all patterns with translations, those with the most fixed words first.

    So a general pattern does not match before a specific one.
    """
    sentences = tomllib.loads((PAGES / file).read_text("utf-8"))
    ordered = sorted(sentences, key=lambda text: -len(re.sub(r"\{\w+\}", "", text)))
    return [
        # "Ask at least {least} of …" becomes the pattern "Ask\ at\ least\ (?P<least>.*?)\ of\ …".
        (re.compile(_VALUE.sub(r"(?P<\1>.*?)", re.escape(text)), re.DOTALL), sentences[text])
        for text in ordered
    ]
