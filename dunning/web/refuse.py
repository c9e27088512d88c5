"""Status and text of a refusal on a page."""

from datetime import date

from dunning.documents.pages.html import phrase, write_day
from dunning.jobs.desk.refusals import RefusedError

_NOT_THERE = {"no_list", "no_night", "no_row", "gone", "no_strikes", "no_group", "no_release"}
_TOO_LATE = {"too_old", "struck_already", "protected_already", "hold_over", "changed", "unreadable"}


def status_of(refusal: RefusedError | None) -> int:
    """Return the HTTP status of a response with or without a refusal."""
    if refusal is None:
        return 200
    return 404 if refusal.reason in _NOT_THERE else 409 if refusal.reason in _TOO_LATE else 400


def describe_refusal(language: str, refusal: RefusedError | None) -> str:
    """Return a refusal's text in the reader's language; empty if there is no refusal."""
    if refusal is None:
        return ""
    shown = {
        name: write_day(value) if isinstance(value, date) else value
        for name, value in refusal.values.items()
    }
    return phrase(language, f"lists.refused_{refusal.reason}", **shown)
