"""What last night found: the first page of the morning."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Request, Response

from dunning.jobs.desk import tonight
from dunning.jobs.desk.office import open_office
from dunning.web.access import Person, permit
from dunning.web.respond import respond

router = APIRouter()
Viewer = Annotated[Person, permit("night")]


@router.get("/")
def show_tonight(request: Request, person: Viewer, as_of: date | None = None) -> Response:
    """Show a closed night, the last one if none is named."""
    office = open_office()
    night = tonight.look(office, as_of)
    return respond(request, person, "tonight.html", night=night, newest=tonight.newest_run(office))
