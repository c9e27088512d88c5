"""The release pages: what was released, the approver, the files as sent, and recalls."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote, unquote

from fastapi import APIRouter, HTTPException, Request, Response

from dunning.gateways.store.access import append_access
from dunning.jobs.desk.lists import releases
from dunning.jobs.desk.session import open_session
from dunning.jobs.release import recall
from dunning.web.access import CheckedForm, Person, StrangerError, permit
from dunning.web.ageing_pages import XLSX
from dunning.web.respond import give_file, go_to, respond

router = APIRouter()
Reader = Annotated[Person, permit("lists")]
Recaller = Annotated[Person, permit("recall")]
Taker = Annotated[Person, permit("downloads")]
_KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": XLSX,
    "parquet": "application/vnd.apache.parquet",
}


@router.get("/releases")
def show_releases(request: Request, person: Reader) -> Response:
    """Show answers, releases and recalls of the last nights, and who viewed or downloaded what."""
    return respond(request, person, "releases.html", nights=releases.read_page(open_session()))


@router.get("/releases/{list_name}")
def show_release(request: Request, person: Reader, list_name: str, as_of: date) -> Response:
    """Show one release: files with hashes, rows held back and why, kill lists, rows still out."""
    _permit_court(person, list_name)
    page = releases.read_release(open_session(), as_of, list_name)
    return respond(
        request,
        person,
        "release.html",
        page=page,
        may_recall=_may_recall(person, page.approvers),
        may_take=_may_take(person, list_name),
        key_of=_key_of,
    )


@router.get("/releases/{list_name}/{place}/{file:path}")
def give_released(person: Taker, list_name: str, place: str, file: str, as_of: date) -> Response:
    """Return a file as sent, or of a kill list, after recording the download."""
    _permit_court(person, list_name)
    kind = file.rpartition(".")[2]
    if kind not in _KINDS:
        raise HTTPException(404)
    if not _may_take(person, list_name):  # whole identifiers stand in the files of cases
        raise StrangerError("not_yours", person.user_name)
    session = open_session()
    content = releases.fetch_file(session, as_of, list_name, place, file)
    name = f"{list_name}-{as_of}-{place}-{file.replace('/', '-')}"
    append_access(session.engine, person.user_name, "download", name)
    return give_file(content, name, _KINDS[kind])


@router.post("/releases/{list_name}/recall")
def recall_list(
    request: Request, person: Recaller, form: CheckedForm, list_name: str, as_of: date
) -> Response:
    """Recall rows of a release, with a reason.

    Counts and sums are shown first, and must be confirmed.
    """
    _permit_court(person, list_name)
    recall_request, reason = (
        _read_recall_request(form, list_name, as_of),
        str(form.get("reason", "")),
    )
    # The first request only shows what would be recalled.
    if form.get("confirmed") != "yes":
        waits = recall.preview(recall_request)
        return respond(
            request,
            person,
            "recall.html",
            waits=waits,
            recall_request=recall_request,
            reason=reason,
            rows=[_key_of(*account) for account in recall_request.accounts],
        )
    recall.run(
        as_of,
        list_name,
        person.user_name,
        reason,
        recall_request.premise_no,
        recall_request.payer_code,
        recall_request.accounts,
    )
    return go_to(request, f"/releases/{list_name}?as_of={as_of}")


def _permit_court(person: Person, list_name: str) -> None:
    if list_name == "court" and not person.may("court"):
        raise StrangerError("not_yours", person.user_name)


def _may_recall(person: Person, approvers: Any) -> bool:
    return person.may("recall") and person.user_name in approvers


def _may_take(person: Person, list_name: str) -> bool:
    return person.may("downloads") and (list_name != "court" or person.may("identifiers"))


def _read_recall_request(
    form: Mapping[str, Any], list_name: str, as_of: date
) -> recall.RecallRequest:
    """Return the rows to recall: the marked ones, else those of a number, else all."""
    given = form.get("row") or []
    marked = [given] if isinstance(given, str) else given
    # Both parts are URL-quoted, so that a slash inside a number is not the separator.
    pairs = (row.partition("/") for row in marked)
    accounts = tuple((unquote(premise), unquote(payer)) for premise, _, payer in pairs)
    premise, payer = (str(form.get(name, "")).strip() for name in ("premise_no", "payer_code"))
    # Rows were meant but none is marked: this must not become a recall of the whole list.
    if form.get("scope") == "rows" and not accounts and not premise:
        raise HTTPException(400)
    return recall.RecallRequest(as_of, list_name, premise, payer, accounts)


def _key_of(premise_no: str, payer_code: str) -> str:
    return f"{quote(premise_no, safe='')}/{quote(payer_code, safe='')}"
