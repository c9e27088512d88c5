"""The what-if pages: the effect of other rules on past nights, before they are signed."""

from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request, Response

from dunning.core.words import STAGES
from dunning.decisions.compare.list_membership import MEMBERSHIPS
from dunning.documents.pages.findings_text import write_finding
from dunning.documents.pages.policy_text import title_of
from dunning.gateways.store.access import append_access
from dunning.jobs.desk.session import open_session
from dunning.jobs.desk.what_if import orders, results
from dunning.jobs.desk.what_if.drafts import FILES, QUICK_FILE
from dunning.jobs.desk.what_if.orders import TrialAnswer, TrialRequest
from dunning.web.access import CheckedForm, Person, permit
from dunning.web.respond import give_file, go_to, respond
from dunning.web.what_if_runs import fetch_going, start_run

router = APIRouter()
Trier = Annotated[Person, permit("what_if")]
Taker = Annotated[Person, permit("downloads")]
_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FIELD = "threshold."
_FILTERS = ("stage_before", "stage_after", "list_name")


@router.get("/policy/what-if")
def show_form(request: Request, person: Trier, file: str = QUICK_FILE, like: str = "") -> Response:
    """Show the form of a trial."""
    return _show_form(
        request, person, orders.open_form(open_session(), file, like), TrialAnswer(), None
    )


@router.post("/policy/what-if")
def start(request: Request, person: Trier, form: CheckedForm) -> Response:
    """Start a trial.

    A mistake is shown with file, line and cure, and with the form as filled in.
    """
    session, asked = open_session(), _read_request(form)
    answer = orders.order(session, person.user_name, asked, fetch_going())
    # A form that is sent twice finds its first order, and starts no second run.
    if answer.is_new:
        start_run(answer.result_id, person.user_name)
    if answer.result_id:
        return go_to(request, f"/policy/what-if/{answer.result_id}")
    page = orders.open_form(session, asked.file if asked.file in FILES else QUICK_FILE)
    return _show_form(request, person, page, answer, asked)


@router.get("/policy/what-if/{result_id}")
def show_result(
    request: Request,
    person: Trier,
    result_id: str,
    night: date | None = None,
    stage_before: str = "",
    stage_after: str = "",
    list_name: str = "",
    page: int = 1,
) -> Response:
    """Show the results of a trial so far; the page reloads until it is complete."""
    session = open_session()
    result = results.fetch_result(session, result_id, fetch_going())
    filters = dict(zip(_FILTERS, (stage_before, stage_after, list_name), strict=True))
    is_done = result.state == "done"
    moves = (
        results.page_moves(session, result, night or result.on[0], page, filters)
        if is_done
        else None
    )
    return respond(
        request,
        person,
        "what_if_result.html",
        result=result,
        moves=moves,
        filters=filters,
        next_version_on=results.find_next_version(session, result),
        changed=results.read_changed(session, result_id),
        sums=[results.sum_up(found) for found in result.nights],
        stages=STAGES,
        lists=MEMBERSHIPS,
        title=title_of(person.language, result.file),
    )


@router.post("/policy/what-if/{result_id}/again")
def start_again(request: Request, person: Trier, form: CheckedForm, result_id: str) -> Response:
    """Start a trial again that was interrupted or refused."""
    if orders.may_run_again(open_session(), result_id, fetch_going()):
        start_run(result_id, person.user_name)
    return go_to(request, f"/policy/what-if/{result_id}")


@router.get("/policy/what-if/{result_id}/{night}.{suffix}")
def give_moves(person: Taker, result_id: str, night: date, suffix: str) -> Response:
    """Return all moves of a night as a file, after recording the download."""
    if suffix not in _KINDS:
        raise HTTPException(404)
    session = open_session()
    content = results.read_list(session, result_id, night, suffix)
    append_access(
        session.engine, person.user_name, "download", f"what-if {result_id} {night} {suffix}"
    )
    return give_file(content, f"what-if-{night}.{suffix}", _KINDS[suffix])


def _read_request(form: dict[str, Any]) -> TrialRequest:
    nights = form.get("nights", [])
    typed = {
        name.removeprefix(_FIELD): _one(form, name) for name in form if name.startswith(_FIELD)
    }
    return TrialRequest(
        form_id=_one(form, "form_id"),
        file=QUICK_FILE if "quick" in form else _one(form, "file"),
        text=_one(form, "text"),
        nights=[nights] if isinstance(nights, str) else nights,
        is_brought_forward="is_brought_forward" in form,
        typed=typed if "quick" in form else None,
    )


def _one(form: dict[str, Any], name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else str(value[0])


def _show_form(
    request: Request,
    person: Person,
    form: orders.TrialForm,
    answer: TrialAnswer,
    asked: TrialRequest | None,
) -> Response:
    status = 200 if asked is None else 503 if answer.refusal == "busy" else 400
    first = [str(choice.as_of) for choice in form.nights if choice.is_kept][:1]
    return respond(
        request,
        person,
        "what_if.html",
        status,
        form=form,
        answer=answer,
        text=asked.text if asked and asked.typed is None else form.text,
        typed=(asked.typed or {}) if asked else {},
        chosen=asked.nights if asked else first,
        is_brought_forward=bool(asked and asked.is_brought_forward),
        files=FILES,
        nights_max=orders.MOST_NIGHTS,
        results=results.list_results(open_session(), fetch_going()),
        write_finding=partial(write_finding, person.language),
        title_of=partial(title_of, person.language),
    )
