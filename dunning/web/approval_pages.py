"""The approvals page: waiting lists with counts, sums and withheld rows, and the answers.

It also works on a phone.
"""

from datetime import date
from typing import Annotated

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Request, Response

from dunning.documents.messages.release_question import APPROVE, REJECT
from dunning.jobs.desk.lists import approvals
from dunning.jobs.desk.session import RefusedError, open_session
from dunning.web.access import CheckedForm, Person, permit
from dunning.web.questions import answer_question, ask_anew, find_question_states
from dunning.web.respond import go_to, phrase_for, respond

router = APIRouter()
Approver = Annotated[Person, permit("approve")]
_OPTIONS = {"approve": APPROVE, "reject": REJECT}
_NOTE_MAX = 500


@router.get("/approvals")
def show_approvals(request: Request, person: Approver) -> Response:
    """Show the lists of the last night that may be released, with the state of their questions."""
    return _show(request, person)


@router.post("/approvals/{list_name}")
def answer(
    request: Request,
    person: Approver,
    user: GetUserDep,
    form: CheckedForm,
    list_name: str,
    as_of: date,
) -> Response:
    """Answer a list's question in the user's own name.

    Airflow checks that he was asked.
    """
    option = _OPTIONS.get(str(form.get("answer", "")))
    note, run_id = str(form.get("note", "")).strip()[:_NOTE_MAX], str(form.get("run", ""))
    try:
        # The page may be old: a newer night's list, or one that this user may not see.
        _refuse_unseen(person, list_name, as_of)
        if option is None:
            raise RefusedError(
                "The form says neither yes nor no. Nothing was answered.", "no_answer"
            )
        answer_question(user, as_of, list_name, run_id, option=option, note=note)
    except RefusedError as refusal:
        return _show(request, person, refusal)
    return go_to(request, "/approvals")


@router.post("/approvals/{list_name}/ask")
def ask(
    request: Request,
    person: Approver,
    user: GetUserDep,
    form: CheckedForm,
    list_name: str,
    as_of: date,
) -> Response:
    """Ask again about a list after its question ended without an answer."""
    try:
        _refuse_unseen(person, list_name, as_of)
        ask_anew(user, as_of, list_name)
    except RefusedError as refusal:
        return _show(request, person, refusal)
    return go_to(request, "/approvals")


def _show(request: Request, person: Person, refusal: RefusedError | None = None) -> Response:
    session = open_session()
    names, approves = approvals.lists_of(session, person.user_name, may_court=person.may("court"))
    found = approvals.read_page(session, names)
    refused = "" if refusal is None else phrase_for(person, f"approvals.refused_{refusal.reason}")
    return respond(
        request,
        person,
        "approvals.html",
        409 if refusal else 200,
        found=found,
        approves=approves,
        refused=refused,
        question_states=find_question_states(found.as_of, names),
    )


def _refuse_unseen(person: Person, list_name: str, as_of: date) -> None:
    session = open_session()
    approvals.require_newest(session, as_of)
    names, _ = approvals.lists_of(session, person.user_name, may_court=person.may("court"))
    if list_name not in names:
        raise RefusedError(f"There is no list {list_name!r} here.", "no_list")
