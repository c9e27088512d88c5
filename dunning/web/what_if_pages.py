"""What another rule would have made of a night, before anybody signs."""

import secrets
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request, Response

from dunning.core.errors import DunningError, NotThereError
from dunning.gateways.store.access import append_access
from dunning.jobs.desk import what_if
from dunning.jobs.desk.office import open_office
from dunning.policy.labels import TITLES
from dunning.web.access import CheckedForm, Person, permit
from dunning.web.ageing_pages import XLSX
from dunning.web.respond import give_file, go_to, respond

router = APIRouter()
Trier = Annotated[Person, permit("what_if")]
Taker = Annotated[Person, permit("downloads")]
_KINDS = {"csv": "text/csv; charset=utf-8", "xlsx": XLSX}


@router.get("/policy/what-if")
def show_form(request: Request, person: Trier, file: str = "stages") -> Response:
    """Show what can be changed and tried."""
    return _show_form(request, person, file, {}, "")


@router.post("/policy/what-if")
def start(request: Request, person: Trier, form: CheckedForm) -> Response:
    """Begin a what-if; a mistake comes back with file, line and cure, and the text as it was typed."""
    office, file = open_office(), str(form.get("file", "stages"))
    nights = form.get("nights", [])
    chosen = [nights] if isinstance(nights, str) else nights
    try:
        text = what_if.change_thresholds(office, form) if form.get("quick") else str(form.get("text", ""))
        days = [date.fromisoformat(night) for night in chosen]
        number = what_if.start(office, str(form.get("number", "")), person.user_name, file, text, days)
    except NotThereError:
        raise
    except (DunningError, ValueError) as error:
        return _show_form(request, person, file, form, str(error), 400)
    return go_to(request, f"/policy/what-if/{number}")


@router.get("/policy/what-if/{number}")
def show_result(request: Request, person: Trier, number: str, word: str = "", page: int = 1) -> Response:
    """Show what became of it so far; the page looks again by itself until all is there."""
    result = what_if.look(open_office(), number, word, page)
    return respond(request, person, "what_if_result.html", result=result, word=word, page=page, titles=TITLES,
                   page_rows=what_if.PAGE_ROWS)  # fmt: skip


@router.post("/policy/what-if/{number}/again")
def again(request: Request, person: Trier, form: CheckedForm, number: str) -> Response:
    """Begin an interrupted one anew."""
    what_if.run_again(open_office(), number)
    return go_to(request, f"/policy/what-if/{number}")


@router.get("/policy/what-if/{number}/{night}.{suffix}")
def give_moves(person: Taker, number: str, night: date, suffix: str) -> Response:
    """Give all moves of a night; that they were taken is recorded first."""
    if suffix not in _KINDS:
        raise HTTPException(404)
    office = open_office()
    content = what_if.read_file(office, number, night, suffix)
    append_access(office.engine, person.user_name, "download", f"what-if {number} {night}.{suffix}")
    return give_file(content, f"what-if-{night}.{suffix}", _KINDS[suffix])


def _show_form(
    request: Request, person: Person, file: str, typed: dict[str, Any], mistake: str, status: int = 200
) -> Response:
    office = open_office()
    form = what_if.open_form(office)
    if file not in form.texts:
        raise HTTPException(404)
    chosen = typed.get("nights", [str(form.nights[0])])
    return respond(
        request, person, "what_if.html", status, form=form, file=file, text=typed.get("text") or form.texts[file],
        typed=typed, chosen=[chosen] if isinstance(chosen, str) else chosen, mistake=mistake, titles=TITLES,
        number=secrets.token_hex(8), results=what_if.list_results(office), nights_max=what_if.NIGHTS_MAX,
    )  # fmt: skip
