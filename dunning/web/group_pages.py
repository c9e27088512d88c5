"""The accounts counted by a number of the night or of the ageing."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Request, Response

from dunning.jobs.desk import groups
from dunning.jobs.desk.session import open_office
from dunning.web.access import Person, permit
from dunning.web.respond import respond

router = APIRouter()
Adviser = Annotated[Person, permit("accounts")]


@router.get("/groups/{name}")
def show_group(
    request: Request, person: Adviser, name: str, as_of: date | None = None, page: int = 1
) -> Response:
    """Show a page of a group's accounts."""
    return respond(
        request,
        person,
        "group.html",
        group=groups.look(open_office(), name, as_of, page),
    )
