"""The list pages: filter, sort, open a row, set a hold on it, download files."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response

from dunning.core.lists import LISTS
from dunning.gateways.store.access import append_access
from dunning.gateways.store.holds import FROM_ACCOUNT, ManualHold
from dunning.jobs.desk.lists import list_rows, list_taking, manual_holds
from dunning.jobs.desk.session import RefusedError, open_session
from dunning.web.access import (
    LOOKS,
    CheckedForm,
    Person,
    StrangerError,
    language_of,
    permit,
    person_of,
)
from dunning.web.ageing_pages import XLSX
from dunning.web.respond import answer, describe_refusal, give_file, go_to, respond, status_of

router = APIRouter()
Reader = Annotated[Person, permit("lists")]
HoldSetter = Annotated[Person, permit("strike")]
Taker = Annotated[Person, permit("downloads")]
Lawyer = Annotated[Person, permit("identifiers")]
_KINDS = {"csv": "text/csv; charset=utf-8", "xlsx": XLSX}
_LONGEST = 100  # characters of a search, as in the form
_SHOWN_OVER = 200  # ended holds on the page, at most


@router.get("/lists")
def show_lists(request: Request, person: Reader, as_of: date | None = None) -> Response:
    """Show the lists of a night."""
    return respond(
        request,
        person,
        "lists.html",
        overview=list_rows.read_overview(open_session(), as_of),
        of_court=list_rows.OF_COURT,
    )


# Before `/lists/{name}`: the first route that fits is taken.
@router.get("/lists/holds")
def show_holds(request: Request, person: Reader) -> Response:
    """Show all manual holds, those in force first."""
    return _show_holds(request, person, None)


@router.post("/lists/holds/{hold_no}/end")
def end_hold(request: Request, person: HoldSetter, form: CheckedForm, hold_no: int) -> Response:
    """End a hold early.

    A hold from a list: by all who see the list; another user's hold on an account: by few.
    """
    session = open_session()
    try:
        if not _may_end(person, manual_holds.find_manual_hold(session, hold_no)):
            raise StrangerError("not_yours", person.user_name)
        manual_holds.end_manual_hold(session, hold_no, person.user_name)
    except RefusedError as refusal:
        return _show_holds(request, person, refusal)
    return go_to(request, "/lists/holds")


@router.get("/lists/{name}.{suffix}")
def give_list(
    request: Request, person: Taker, name: str, suffix: str, as_of: date | None = None
) -> Response:
    """Return a list's file, filtered as in the address, after recording the download."""
    return _give(person, name, suffix, as_of, list_rows.ListQuery(_filters(request.query_params)))


@router.post("/lists/{name}.{suffix}", tags=[LOOKS])
def give_found_list(
    person: Taker, form: CheckedForm, name: str, suffix: str, as_of: date | None = None
) -> Response:
    """Return the rows that contain some words.

    A form and not an address, because the words may be a name.
    """
    return _give(
        person,
        name,
        suffix,
        as_of,
        list_rows.ListQuery(_filters(form), str(form.get("text", ""))[:_LONGEST]),
    )


def _give(
    person: Person, name: str, suffix: str, as_of: date | None, query: list_rows.ListQuery
) -> Response:
    _permit_court(person, name)
    if suffix not in _KINDS:
        raise HTTPException(404)
    session = open_session()
    content, file = list_taking.take(
        session, name, suffix, as_of, query, is_whole=person.may("identifiers")
    )
    # Recorded before the file leaves, so that no download is without a record.
    append_access(session.engine, person.user_name, "download", file)
    return give_file(content, file, _KINDS[suffix])


@router.get("/lists/{name}")
def show_list(
    request: Request,
    person: Reader,
    name: str,
    as_of: date | None = None,
    sort: str = "",
    direction: str = "",
    page: int = 1,
) -> Response:
    """Show a page of a list; its filters are part of the address."""
    query = list_rows.ListQuery(_filters(request.query_params), "", sort, direction == "down", page)
    return _show(request, person, name, as_of, query)


@router.post("/lists/{name}", tags=[LOOKS])
def search_list(
    request: Request, person: Reader, form: CheckedForm, name: str, as_of: date | None = None
) -> Response:
    """Show the rows that contain some words.

    A form and not an address, because the words may be a name.
    """
    sort, _, direction = str(form.get("order") or form.get("sorted") or "").partition(" ")
    page = str(form.get("page", ""))
    query = list_rows.ListQuery(
        _filters(form),
        str(form.get("text", ""))[:_LONGEST],
        sort,
        direction == "down",
        int(page) if page.isdecimal() and len(page) < 9 else 1,
    )
    return _show(request, person, name, as_of, query)


@router.get("/lists/{name}/{premise_no}/{payer_code}")
def show_row(
    request: Request,
    person: Reader,
    name: str,
    premise_no: str,
    payer_code: str,
    as_of: date | None = None,
) -> Response:
    """Show all data of an account's rows."""
    _permit_court(person, name)
    found = list_rows.read_row_page(open_session(), name, as_of, premise_no, payer_code)
    return _show_row(request, person, found, (premise_no, payer_code))


@router.post("/lists/{name}/{premise_no}/{payer_code}/identifier")
def show_row_identifier(
    request: Request,
    person: Lawyer,
    form: CheckedForm,
    name: str,
    premise_no: str,
    payer_code: str,
    as_of: date | None = None,
) -> Response:
    """Show the same with the whole identifier, after recording the user."""
    _permit_court(person, name)
    session = open_session()
    found = list_rows.read_row_page(session, name, as_of, premise_no, payer_code, is_whole=True)
    if list_rows.may_unmask(name):
        append_access(
            session.engine, person.user_name, "unmask", f"premise {premise_no} payer {payer_code}"
        )
    return _show_row(request, person, found, (premise_no, payer_code), is_whole=True)


@router.post("/lists/{name}/{premise_no}/{payer_code}/strike")
def hold_row(
    request: Request,
    person: HoldSetter,
    form: CheckedForm,
    name: str,
    premise_no: str,
    payer_code: str,
    as_of: date,
) -> Response:
    """Set a hold on a row, with a reason and an end.

    A refusal is shown above the row, with the form as filled in.
    """
    _permit_court(person, name)
    session, note, until = open_session(), str(form.get("note", "")), str(form.get("until", ""))
    try:
        manual_holds.hold_row(
            session,
            name,
            as_of,
            premise_no,
            payer_code,
            note=note,
            until=until,
            author=person.user_name,
        )
    except RefusedError as refusal:
        found = list_rows.read_row_page(session, name, as_of, premise_no, payer_code)
        return _show_row(
            request,
            person,
            found,
            (premise_no, payer_code),
            refusal=refusal,
            note=note,
            until=until,
        )
    return go_to(
        request,
        f"/lists/{name}/{quote(premise_no, safe='')}/{quote(payer_code, safe='')}?as_of={as_of}",
    )


async def show_refusal(request: Request, error: Exception) -> Response:
    """Return the page that explains a refusal in the reader's language.

    The application calls it.
    """
    assert isinstance(error, RefusedError)
    language = language_of(request)
    sentence = describe_refusal(language, error)
    return answer(
        request,
        language,
        "list_refused.html",
        status_of(error),
        person_of(request),
        refused=sentence,
    )


def _show(
    request: Request, person: Person, name: str, as_of: date | None, query: list_rows.ListQuery
) -> Response:
    _permit_court(person, name)
    session = open_session()
    page = list_rows.read_page(session, name, as_of, query)
    deciding, others = list_rows.split_columns(name, page.columns)
    return respond(
        request,
        person,
        "list.html",
        page=page,
        deciding_columns=deciding,
        other_columns=others,
        held_accounts=manual_holds.find_manual_holds(session, page.as_of),
        kept={name: value for name, value in query.filters.items() if value},
        held=list_taking.count_held(session, page.name, page.as_of),
    )


def _show_row(
    request: Request,
    person: Person,
    found: list_rows.RowPage,
    account: tuple[str, str],
    *,
    is_whole: bool = False,
    refusal: RefusedError | None = None,
    note: str = "",
    until: str = "",
) -> Response:
    session, ends = open_session(), manual_holds.ends_of(found.as_of)
    return respond(
        request,
        person,
        "row.html",
        status_of(refusal),
        found=found,
        premise_no=account[0],
        payer_code=account[1],
        is_whole=is_whole,
        hold=manual_holds.find_manual_holds(session, found.as_of).get(account),
        ends=ends,
        note=note,
        until=until or ends.proposed,
        refused=describe_refusal(person.language, refusal),
        may_hold=manual_holds.may_hold(session, found.name, found.as_of),
        has_accounts_to_hold=found.name in LISTS,
        may_end=partial(_may_end, person),
        has_left=manual_holds.has_left(session, found.name, found.as_of),
        may_unmask=list_rows.may_unmask(found.name),
    )


def _show_holds(request: Request, person: Person, refusal: RefusedError | None) -> Response:
    known = manual_holds.list_manual_holds(open_session())
    return respond(
        request,
        person,
        "holds.html",
        status_of(refusal),
        in_force=known.in_force,
        over=known.over[:_SHOWN_OVER],
        refused=describe_refusal(person.language, refusal),
        may_end=partial(_may_end, person),
    )


def _filters(given: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(given.get(key, "")) for key in list_rows.FILTERS}


def _may_end(person: Person, hold: ManualHold) -> bool:
    """Return whether a user may end a hold.

    A hold from the account's page is ended by its author, or by roles above a clerk.
    """
    if not person.may("strike") or (
        hold.list_name in list_rows.OF_COURT and not person.may("court")
    ):
        return False
    return (
        hold.list_name != FROM_ACCOUNT or hold.author == person.user_name or person.may("unprotect")
    )


def _permit_court(person: Person, name: str) -> None:
    if name in list_rows.OF_COURT and not person.may("court"):
        raise StrangerError("not_yours", person.user_name)
