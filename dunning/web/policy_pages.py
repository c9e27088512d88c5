"""What is in force on a day."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Request, Response

from dunning.jobs.desk import policy
from dunning.jobs.desk.office import open_office
from dunning.web.access import Person, permit
from dunning.web.respond import respond

router = APIRouter()
Viewer = Annotated[Person, permit("policy")]


@router.get("/policy")
def show_policy(request: Request, person: Viewer, on: date | None = None) -> Response:
    """Show every rule that is in force on a day, with its sources."""
    return respond(request, person, "policy.html", page=policy.look(open_office(), on))
