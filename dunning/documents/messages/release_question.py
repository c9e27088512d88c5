"""The approval question before a list is released: subject and body (Markdown)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from dunning.core.money import format_minor
from dunning.documents.words import counted, word_of

# What may be answered, as Airflow shows and keeps it. Kept answers are read by these texts, so they
# are codes, not words: changing them would make a kept approval a rejection.
APPROVE, REJECT = "Одобрявам", "Отказвам"


@dataclass(frozen=True)
class ReleaseQuestion:
    """Content of the question.

    rows, cents: what would be released now; person_*: rows that a person must check first, and
    why. before_*: the whole list of the closed date before, None where there is none.

    withheld: rows by reason. unusual: sentences of the circuit breaker. files: SHA-256 by name.
    link: of the list's page.
    """

    list_name: str
    as_of: date
    rows: int
    cents: int
    person_rows: int
    person_cents: int
    person_reasons: Mapping[str, int]
    before_on: date | None
    before_rows: int
    before_cents: int
    withheld: Mapping[str, int]
    unusual: Sequence[str]
    files: Mapping[str, str]
    link: str


def write_subject(question: ReleaseQuestion) -> str:
    """Return the subject as plain text."""
    stays = f"; още {question.person_rows} за преглед остават тук" if question.person_rows else ""
    name = word_of("bg", question.list_name, "list_question")
    rows, sum_ = counted("bg", question.rows, "row"), format_minor(question.cents)
    return f"{name} към {question.as_of:%d.%m.%Y} г.: {rows}, {sum_} €{stays}"


def write_body(question: ReleaseQuestion) -> str:
    """Return the body in Markdown.

    It has counts, sums, the change, withheld rows with reasons, a link and the hashes.
    """
    lines = []
    if question.unusual:
        lines += ["**Необичайно тази нощ. Нищо не излиза, преди човек да погледне:**", ""]
        lines += [f"- {sentence}" for sentence in question.unusual] + [""]
    lines += [*_table(question), ""]
    if question.person_rows:
        lines += [
            "**Остават за преглед и не излизат, докато причината стои** (един ред може да има няколко):",
            "",
        ]
        lines += [
            f"- {word_of('bg', reason)}: {rows}" for reason, rows in question.person_reasons.items()
        ] + [""]
    if question.withheld:
        lines += ["**Задържани редове:**", ""]
        lines += [
            f"- {word_of('bg', reason)}: {rows}" for reason, rows in question.withheld.items()
        ] + [""]
    lines += [f"[Отворете списъка]({question.link})", ""]
    lines += [
        "При одобрение всеки ред се проверява още веднъж срещу най-новите плащания и задържания; който е платил или е "
        "защитен междувременно, остава тук с причина. При отказ или без отговор не излиза нищо.",
        "",
    ]
    lines += [f"`{name}` SHA-256 `{sha256}`" for name, sha256 in question.files.items()]
    return "\n".join(lines)


def _table(question: ReleaseQuestion) -> list[str]:
    # The list before is compared with the whole list, rows for a person included.
    whole_rows = question.rows + question.person_rows
    whole_cents = question.cents + question.person_cents
    lines = [f"| | {_word('rows')} | {_word('cents')} |", "| --- | ---: | ---: |"]
    lines.append(_line(f"{question.as_of:%d.%m.%Y} г.", whole_rows, whole_cents))
    if question.person_rows:
        lines.append(_line(_word("ready"), question.rows, question.cents))
        lines.append(_line(_word("person"), question.person_rows, question.person_cents))
    if question.before_on is not None:
        more_rows = whole_rows - question.before_rows
        more_cents = whole_cents - question.before_cents
        lines.append(
            _line(f"{question.before_on:%d.%m.%Y} г.", question.before_rows, question.before_cents)
        )
        sign = "+" if more_cents >= 0 else ""
        lines.append(f"| {_word('change')} | {more_rows:+d} | {sign}{format_minor(more_cents)} |")
    return lines


def _word(code: str) -> str:
    return word_of("bg", code, "question_column")


def _line(what: str, rows: int, cents: int) -> str:
    return f"| {what} | {rows} | {format_minor(cents)} |"
