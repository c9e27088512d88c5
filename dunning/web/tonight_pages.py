"""The first page: the results of the last night."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Request, Response

from dunning.documents.pages.charts import draw_trend
from dunning.documents.pages.findings_text import write_remark
from dunning.documents.pages.html import write_number
from dunning.jobs.desk import protect, tonight
from dunning.jobs.desk.session import open_session
from dunning.web.access import Person, permit
from dunning.web.respond import phrase_for, respond

router = APIRouter()
Viewer = Annotated[Person, permit("night")]


@router.get("/")
def show_tonight(request: Request, person: Viewer, as_of: date | None = None) -> Response:
    """Show a closed night; by default the last one."""
    session = open_session()
    night = tonight.read_page(session, as_of)
    ending = protect.find_ending(session, person.user_name) if person.may("protect") else []
    return respond(
        request,
        person,
        "tonight.html",
        night=night,
        newest=tonight.newest_run(session),
        ending=ending,
        remarks=_translate(person, night.warnings) if night else [],
        unusual=_translate(person, night.unusual) if night else [],
        trends={f"{each.kind}{each.name}": _draw(person, each) for each in night.changes}
        if night
        else {},
    )


def _translate(person: Person, sentences: Sequence[str]) -> list[tuple[str, str]]:
    """Return sentences in the user's language, each with the language in which it is."""
    texts = [(write_remark(person.language, sentence), sentence) for sentence in sentences]
    return [(shown, "bg" if shown == sentence else person.language) for shown, sentence in texts]


def _draw(person: Person, figure: tonight.Compared) -> str:
    rows = [count for _, count in figure.trend]
    texts = [write_number(value) for value in (rows[0], rows[-1], min(rows), max(rows))]
    first, last, low, high = texts
    description = phrase_for(
        person, "tonight.trend_text", nights=len(rows), first=first, last=last, low=low, high=high
    )
    return draw_trend(description, rows)
