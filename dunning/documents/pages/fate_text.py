"""The history of a proposal, step by step, as Bulgarian text."""

from dataclasses import dataclass
from datetime import date, datetime

from dunning.documents.pages.html import write_moment
from dunning.documents.words import word_of, words_of

# Steps whose note is codes of reasons, not a person's words.
_WITH_REASONS = ("withheld", "person")


@dataclass(frozen=True)
class Step:
    """One step of a proposal's history.

    what: `proposed`, `withheld`, `struck`, `approved`, `automatic`, `rejected`, `expired`, `left`,
    `stayed` (held back at the last check), `recalled`, `replaced` (by a newer night's list,
    unanswered), `person` (a case that a person must check before it is released), or `waiting`.
    at: the instant; on: the day, where the hour is unknown. by: the user; empty for none.
    note: in words, of a person; the codes of the reasons where withheld, or for a person.
    """

    what: str
    at: datetime | None = None
    on: date | None = None
    by: str = ""
    note: str = ""


def describe_step(step: Step) -> str:
    """Return one step as Bulgarian text."""
    name = word_of("bg", step.what, "step")
    if step.what in _WITH_REASONS:
        reasons = words_of("bg", step.note)
        return f"{name}: {reasons}" if reasons else name
    if step.what == "replaced":
        return f"{name} {step.on:%d.%m.%Y}" if step.on else f"{name} "
    when = write_moment(step.at) if step.at else ""
    by = f"от {step.by}" if step.by else ""
    note = f" („{step.note}“)" if step.note else ""
    return " ".join(filter(None, (name, when, by))) + note
