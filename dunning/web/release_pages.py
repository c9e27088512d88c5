"""What left the house and who said so; and the way back."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Request, Response

from dunning.jobs.desk import releases
from dunning.jobs.desk.office import open_office
from dunning.jobs.release import recall
from dunning.web.access import CheckedForm, Person, StrangerError, permit
from dunning.web.respond import go_to, respond

router = APIRouter()
Reader = Annotated[Person, permit("lists")]
Recaller = Annotated[Person, permit("recall")]


@router.get("/releases")
def show_releases(request: Request, person: Reader) -> Response:
    """Show answers, releases and recalls of the last nights, and who looked at or took what."""
    return respond(request, person, "releases.html", nights=releases.look(open_office()))


@router.post("/releases/{list_name}/recall")
def recall_list(request: Request, person: Recaller, form: CheckedForm, list_name: str, as_of: date) -> Response:
    """Take a release back, with a reason."""
    if list_name == "court" and not person.may("court"):
        raise StrangerError("not_yours", person.user_name)
    recall.run(as_of, list_name, person.user_name, str(form.get("reason", "")))
    return go_to(request, "/releases")
