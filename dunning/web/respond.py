"""Responses of the pages: rendered in their frame, never cached; status and text of a refusal."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Match

from dunning.core.words import LANGUAGES
from dunning.documents.pages.findings_text import write_remark
from dunning.documents.pages.html import phrase, render_page, write_day
from dunning.jobs.desk.session import RefusedError
from dunning.web.access import Person, form_token

# The pages in the navigation, and what each asks for.
PAGES = (
    ("/", "night"),
    ("/approvals", "approve"),
    ("/ageing", "ageing"),
    ("/accounts", "accounts"),
    ("/lists", "lists"),
    ("/policy", "policy"),
)
HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'self'; form-action 'self'; base-uri 'none'; "
    "object-src 'none'",
}

# Refusals by their key: what does not exist, and what is too late; every other one is a wrong form.
_NOT_THERE = {"no_list", "no_night", "no_row", "gone", "no_strikes", "no_group", "no_release"}
_TOO_LATE = {"too_old", "struck_already", "protected_already", "hold_over", "changed", "unreadable"}


def respond(
    request: Request, person: Person, template: str, status_code: int = 200, **values: Any
) -> HTMLResponse:
    """Return a page for a user."""
    return answer(request, person.language, template, status_code, person=person, **values)


def answer(
    request: Request,
    language: str,
    template: str,
    status_code: int = 200,
    person: Person | None = None,
    **values: Any,
) -> HTMLResponse:
    """Return a page, with or without a user."""
    prefix = prefix_of(request)
    here = request.url.path.removeprefix(prefix) or "/"
    frame: Mapping[str, Any] = {
        "person": person,
        "may": person.may if person else lambda _: False,
        "form_token": form_token(person) if person else "",
        "pages": [(address, name) for address, name in PAGES if person and person.may(name)],
        "here": here,
        "back": _find_way_back(request, here),
        "other_language": next(each for each in LANGUAGES if each != language),
        "search_text": "",
        "remark": lambda sentence: write_remark(language, sentence),
    }
    content = render_page(template, language, prefix, {**frame, **values})
    return HTMLResponse(content, status_code, HEADERS)


def _find_way_back(request: Request, here: str) -> str:
    """Return the address that shows this page again.

    The response to a form may only have the address of its subject.
    """
    query = f"?{request.url.query}" if request.url.query else ""
    # The address itself, else the one above it (the form's subject), if it can be shown.
    for address in (here, here.rpartition("/")[0]):
        asked = {**request.scope, "method": "GET", "path": f"{prefix_of(request)}{address}"}
        if any(route.matches(asked)[0] is Match.FULL for route in request.app.routes):
            return f"{address}{query}"
    return "/"


def prefix_of(request: Request) -> str:
    """Return the address prefix of the pages."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def go_to(request: Request, address: str) -> RedirectResponse:
    """Return a redirect to one of our pages, after an action."""
    # 303: the browser fetches the page with GET; a reload does not send the form again.
    return RedirectResponse(f"{prefix_of(request)}{address}", 303, HEADERS)


def give_file(content: bytes, name: str, kind: str) -> Response:
    """Return a file as a download.

    Airflow's frame around the pages shows no file, not even a PDF.
    """
    return Response(
        content, 200, {**HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}, kind
    )


def phrase_for(person: Person, key: str, **values: object) -> str:
    """Return a text in the user's language."""
    return phrase(person.language, key, **values)


def status_of(refusal: RefusedError | None) -> int:
    """Return the HTTP status of a response with or without a refusal."""
    if refusal is None:
        return 200
    return 404 if refusal.reason in _NOT_THERE else 409 if refusal.reason in _TOO_LATE else 400


def describe_refusal(language: str, refusal: RefusedError | None) -> str:
    """Return a refusal's text in the reader's language; empty if there is no refusal."""
    if refusal is None:
        return ""
    shown = {
        name: write_day(value) if isinstance(value, date) else value
        for name, value in refusal.values.items()
    }
    return phrase(language, f"lists.refused_{refusal.reason}", **shown)
