"""The rules page: the values in force on a day."""

from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Request, Response

from dunning.documents.pages.policy_text import label_of, title_of
from dunning.documents.pages.rule_values import write_value
from dunning.jobs.desk import policy
from dunning.jobs.desk.session import open_session
from dunning.web.access import Person, permit
from dunning.web.respond import respond

router = APIRouter()
Viewer = Annotated[Person, permit("policy")]
_LONGEST_DAY = 40


@router.get("/policy")
def show_policy(request: Request, person: Viewer, on: str = "") -> Response:
    """Show each rule in force on a day, with its sources.

    For text that is no day: a message above today's rules.
    """
    day, mistake = _read_day(on.strip())
    page = policy.read_page(open_session(), day)
    return respond(
        request,
        person,
        "policy.html",
        400 if mistake else 200,
        page=page,
        mistake=mistake,
        asked=on[:_LONGEST_DAY],
        title_of=partial(title_of, person.language),
        label_of=partial(label_of, person.language),
        lines_of=partial(write_value, person.language),
    )


def _read_day(text: str) -> tuple[date | None, str]:
    """Return the requested day, or None and the key of the error text."""
    if not text:
        return None, ""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None, "malformed"
    return (day, "") if policy.is_within(day) else (None, "out_of_range")
