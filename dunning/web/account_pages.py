"""The pages to find an account and to show its whole story."""

from datetime import date
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from dunning.core.errors import NotThereError
from dunning.decisions.account.manual_hold_terms import REASONS as REASONS_OF_HOLDS
from dunning.documents.pages.fate_text import describe_step
from dunning.documents.pages.html import write_day, write_moment, write_money, write_word
from dunning.documents.pages.story_pdf import render_story_pdf
from dunning.documents.pages.story_tables import StoryTable, story_tables
from dunning.documents.pages.why_text import explain_stage
from dunning.documents.words import word_of, words_of
from dunning.gateways.store.access import append_access
from dunning.jobs.desk import account, protect, search
from dunning.jobs.desk.session import RefusedError, open_session
from dunning.jobs.monthly import preview
from dunning.web.access import LOOKS, PROTECTS, CheckedForm, Person, permit
from dunning.web.respond import describe_refusal, give_file, go_to, respond, status_of

router = APIRouter()
Adviser = Annotated[Person, permit("accounts")]
Protector = Annotated[Person, permit("protect")]
Lawyer = Annotated[Person, permit("identifiers")]
_LONGEST = 100
_EMPTY_FORM = protect.HoldForm("", "")


@router.get("/accounts")
def show_search(request: Request, person: Adviser) -> Response:
    """Show the search form."""
    return respond(request, person, "search.html", found=None)


@router.post("/accounts", tags=[LOOKS])
def search_account(request: Request, person: Adviser, form: CheckedForm) -> Response:
    """Find accounts; a single one is shown at once.

    A form and not an address, because the text may be a name.
    """
    text = str(form.get("text", ""))[:_LONGEST]
    found = search.find(open_session(), text)
    if len(found.hits) == 1:
        return go_to(request, _address(found.hits[0].premise_no, found.hits[0].payer_code))
    return respond(request, person, "search.html", found=found, search_text=text)


@router.get("/accounts/{premise_no}/{payer_code}")
def show_account(
    request: Request, person: Adviser, premise_no: str, payer_code: str, as_of: date | None = None
) -> Response:
    """Show an account on a night; by default on the last closed one."""
    return _show(
        request,
        person,
        account.read_page(open_session(), premise_no, payer_code, as_of),
        is_whole=False,
    )


@router.post("/accounts/{premise_no}/{payer_code}/identifier")
def show_identifier(
    request: Request,
    person: Lawyer,
    form: CheckedForm,
    premise_no: str,
    payer_code: str,
    as_of: date | None = None,
) -> Response:
    """Show the same with the whole identifier, after recording the user."""
    session = open_session()
    page = account.read_page(session, premise_no, payer_code, as_of)
    append_access(
        session.engine, person.user_name, "unmask", f"premise {premise_no} payer {payer_code}"
    )
    return _show(request, person, page, is_whole=True)


@router.post("/accounts/{premise_no}/{payer_code}/protect", tags=[PROTECTS])
def protect_account(
    request: Request, person: Protector, form: CheckedForm, premise_no: str, payer_code: str
) -> Response:
    """Record a hold on the account.

    A refusal is shown above the page, with the form as filled in.
    """
    session = open_session()
    hold_form = protect.HoldForm(
        **{name: str(form.get(name, "")) for name in ("reason", "note", "document", "until")}
    )
    try:
        protect.protect(session, premise_no, payer_code, hold_form, person.user_name)
    except RefusedError as refusal:
        page = account.read_page(session, premise_no, payer_code)
        return _show(request, person, page, is_whole=False, refusal=refusal, hold_form=hold_form)
    return go_to(request, f"{_address(premise_no, payer_code)}#protect")


@router.get("/accounts/{premise_no}/{payer_code}/story.pdf")
def give_story(
    person: Adviser, premise_no: str, payer_code: str, as_of: date | None = None
) -> Response:
    """Return the story as a PDF for the complaint file."""
    session = open_session()
    page = account.read_page(session, premise_no, payer_code, as_of)
    # Recorded before the story leaves, so that no copy is without a record.
    append_access(
        session.engine, person.user_name, "story", f"premise {premise_no} payer {payer_code}"
    )
    head = [
        ("payer", page.payer.name),
        ("premise_address", page.payer.address),
        ("due", write_money(page.due_cents)),
        ("interest", write_money(page.story.account["interest_cents"])),
    ]
    content = render_story_pdf(page.story, head, _more_tables(page))
    return give_file(content, f"story-{page.story.as_of}.pdf", "application/pdf")


@router.get("/accounts/{premise_no}/{payer_code}/notice.pdf")
def give_notice(
    person: Adviser, premise_no: str, payer_code: str, as_of: date | None = None
) -> Response:
    """Return the account's monthly notice of a night as a PDF."""
    session = open_session()
    day = account.read_page(session, premise_no, payer_code, as_of).story.as_of
    made = preview.render(premise_no, payer_code, day)
    if not made.notices:
        held = "it is withheld" if made.is_withheld else "nothing new, and nothing unpaid"
        raise NotThereError(f"There is no notice of this account for {day}: {held}.")
    append_access(
        session.engine, person.user_name, "notice", f"premise {premise_no} payer {payer_code}"
    )
    (content,) = made.notices.values()
    return give_file(content, f"notice-{day}.pdf", "application/pdf")


def _more_tables(page: account.AccountPage) -> list[StoryTable]:
    """Return the tables of the PDF that are not part of the story."""
    return [_proposals(page), _own_holds(page), _actions(page), _nights(page)]


def _proposals(page: account.AccountPage) -> StoryTable:
    """Return what the night proposed about the account, and what became of it."""
    rows = [
        (
            write_word("bg", row["list"]),
            write_money(row["total_cents"]),
            "; ".join(map(describe_step, row["steps"])),
        )
        for row in page.proposals
    ]
    return StoryTable("fates", "list amount became".split(), rows)


def _own_holds(page: account.AccountPage) -> StoryTable:
    """Return the manual holds of the account."""
    rows = [
        (
            word_of("bg", each.reason, "hold"),
            write_day(each.valid_from),
            write_day(each.ended_on or each.valid_until),
            each.author,
            each.note,
            each.document,
        )
        for each in page.own_holds
    ]
    return StoryTable("own_holds", "reason from until author note document".split(), rows)


def _actions(page: account.AccountPage) -> StoryTable:
    """Return what has left us about the account."""
    rows = [
        (
            write_day(row["as_of"]),
            word_of("bg", row["stage"], "action"),
            write_word("bg", row["channel"]),
            write_money(row["principal_cents"]),
            row["reference"],
            write_moment(row["recalled_at"]),
        )
        for row in page.actions
    ]
    return StoryTable("actions", "day what channel amount number recalled".split(), rows)


def _nights(page: account.AccountPage) -> StoryTable:
    """Return the decisions of earlier nights about the account."""
    rows = [
        (
            write_day(row["as_of"]),
            word_of("bg", row["stage"]),
            write_money(row["open_cents"]),
            write_money(row["overdue_cents"]),
            words_of("bg", row["reasons"], "account_reason"),
        )
        for row in page.nights
    ]
    return StoryTable("nights", "night stage unpaid overdue reasons".split(), rows)


def _show(
    request: Request,
    person: Person,
    page: account.AccountPage,
    *,
    is_whole: bool,
    refusal: RefusedError | None = None,
    hold_form: protect.HoldForm = _EMPTY_FORM,
) -> Response:
    session, account_key = open_session(), (page.story.premise_no, page.story.payer_code)
    national_id = page.payer.national_id if is_whole else account.mask(page.payer.national_id)
    return respond(
        request,
        person,
        "account.html",
        status_of(refusal),
        holds=protect.find_holds(session, *account_key),
        ending=[hold.hold_no for hold in protect.find_ending(session, person.user_name)],
        terms=protect.terms_of(session),
        protections=REASONS_OF_HOLDS,
        hold_form=hold_form,
        refused=describe_refusal(person.language, refusal),
        page=page,
        story=page.story,
        tables=story_tables(person.language, page.story),
        why=explain_stage(person.language, page.story),
        national_id=national_id,
        is_whole=is_whole,
    )


def _address(premise_no: str, payer_code: str) -> str:
    return f"/accounts/{quote(premise_no, safe='')}/{quote(payer_code, safe='')}"
