"""The lists: filtered, sorted, looked into, rows struck, files taken."""

from datetime import date, timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Request, Response

from dunning.core.errors import DunningError
from dunning.gateways.store import holds, runs
from dunning.gateways.store.access import append_access
from dunning.jobs.desk import lists
from dunning.jobs.desk.office import Office, open_office
from dunning.web.access import CheckedForm, Person, StrangerError, permit
from dunning.web.ageing_pages import XLSX
from dunning.web.respond import give_file, go_to, respond

router = APIRouter()
Reader = Annotated[Person, permit("lists")]
Striker = Annotated[Person, permit("strike")]
Taker = Annotated[Person, permit("downloads")]
Lawyer = Annotated[Person, permit("identifiers")]
_STRIKE_DAYS = 30
_KINDS = {"csv": "text/csv; charset=utf-8", "xlsx": XLSX}


@router.get("/lists")
def show_lists(request: Request, person: Reader, as_of: date | None = None) -> Response:
    """Show which lists a night has."""
    return respond(request, person, "lists.html", overview=lists.look_over(open_office(), as_of))


@router.get("/lists/holds")
def show_holds(request: Request, person: Reader) -> Response:
    """Show every strike, those in force first."""
    office = open_office()
    closed_on = runs.last_closed_on(office.engine)
    day = closed_on + timedelta(days=1) if closed_on else date.min
    known = holds.fetch_holds(office.engine)
    in_force = [hold for hold in known if hold.is_in_force(day)]
    over = [hold for hold in known if not hold.is_in_force(day)][:200]
    return respond(request, person, "holds.html", in_force=in_force, over=over)


@router.post("/lists/holds/{hold_no}/end")
def end_hold(request: Request, person: Striker, form: CheckedForm, hold_no: int) -> Response:
    """End a strike early."""
    holds.end_hold(open_office().engine, hold_no, person.user_name)
    return go_to(request, "/lists/holds")


@router.get("/lists/reminders")
def show_reminders(request: Request, person: Reader, as_of: date | None = None) -> Response:
    """Messages are three lists, by channel."""
    return go_to(request, "/lists/reminders-sms" + (f"?as_of={as_of}" if as_of else ""))


@router.get("/lists/{name}")
def show_list(
    request: Request, person: Reader, name: str, as_of: date | None = None, sort: str = "", page: int = 1,
    stage: str = "", district: str = "", part: str = "", service: str = "", reason: str = "",
    list: str = "", table: str = "",
) -> Response:
    """Show a page of a list."""
    filters = {
        "stage": stage, "district": district, "part": part, "service": service, "reason": reason, "list": list,
        "table": table,
    }  # fmt: skip
    return _show(request, person, name, as_of, lists.Wish(filters, "", sort, page))


@router.post("/lists/{name}")
def search_list(
    request: Request, person: Reader, form: CheckedForm, name: str, as_of: date | None = None
) -> Response:
    """Show the rows that hold a text; a form, because it may be a name. At most the first page."""
    filters = {key: str(form.get(key, "")) for key in lists.FILTERS}
    return _show(request, person, name, as_of, lists.Wish(filters, str(form.get("text", ""))[:100]))


@router.get("/lists/{name}/file.{suffix}")
def give_list(person: Taker, name: str, suffix: str, as_of: date | None = None) -> Response:
    """Give the published file; that it was taken is recorded first."""
    _permit_court(person, name)
    if suffix not in _KINDS:
        raise HTTPException(404)
    office = open_office()
    content, file = lists.download(office, name, suffix, as_of, is_whole=person.may("identifiers"))
    append_access(office.engine, person.user_name, "download", file)
    return give_file(content, file, _KINDS[suffix])


@router.get("/lists/{name}/{premise_no}/{payer_code}")
def show_row(
    request: Request, person: Reader, name: str, premise_no: str, payer_code: str, as_of: date | None = None
) -> Response:
    """Show everything about a row."""
    return _show_row(request, person, name, premise_no, payer_code, as_of, is_whole=False)


@router.post("/lists/{name}/{premise_no}/{payer_code}/identifier")
def show_row_identifier(
    request: Request, person: Lawyer, form: CheckedForm, name: str, premise_no: str, payer_code: str,
    as_of: date | None = None,
) -> Response:
    """Show the same with the whole identifier; who looked at it is recorded first."""
    append_access(open_office().engine, person.user_name, "unmask", f"premise {premise_no} payer {payer_code}")
    return _show_row(request, person, name, premise_no, payer_code, as_of, is_whole=True)


@router.post("/lists/{name}/{premise_no}/{payer_code}/strike")
def strike_row(
    request: Request, person: Striker, form: CheckedForm, name: str, premise_no: str, payer_code: str, as_of: date
) -> Response:
    """Strike a row with a reason, until a day."""
    _permit_court(person, name)
    lists.strike(
        open_office(), name, as_of, premise_no, payer_code, note=str(form.get("note", "")),
        until=_read_day(str(form.get("until", ""))), author=person.user_name,
    )  # fmt: skip
    return go_to(request, f"/lists/{name}/{quote(premise_no, safe='')}/{quote(payer_code, safe='')}?as_of={as_of}")


def _read_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise DunningError(f"{text!r} is no day. Give the first day on which the strike holds no more.") from error


def _permit_court(person: Person, name: str) -> None:
    if name in lists.OF_COURT and not person.may("court"):
        raise StrangerError("not_yours", person.user_name)


def _show(request: Request, person: Person, name: str, as_of: date | None, wish: lists.Wish) -> Response:
    _permit_court(person, name)
    return respond(request, person, "list.html", page=lists.look(open_office(), name, as_of, wish), files=lists.FILES)


def _show_row(
    request: Request, person: Person, name: str, premise_no: str, payer_code: str, as_of: date | None, *, is_whole: bool
) -> Response:
    _permit_court(person, name)
    office: Office = open_office()
    day, columns, row, item_columns, items = lists.look_into(
        office, name, as_of, premise_no, payer_code, is_whole=is_whole
    )
    hold = lists.find_strikes(office, day).get((premise_no, payer_code))
    is_newest = day == runs.last_closed_on(office.engine)
    return respond(
        request, person, "row.html", name=name, as_of=day, columns=columns, row=row, items=items, hold=hold,
        item_columns=item_columns, is_whole=is_whole, may_strike=is_newest and name in lists.STRUCK_FROM,
        until=day + timedelta(days=_STRIKE_DAYS + 1), first_until=day + timedelta(days=2),
        last_until=day + timedelta(days=366),
    )  # fmt: skip
