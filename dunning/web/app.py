"""The application of the pages: all routes, and the handling of errors."""

import logging
from urllib.parse import quote

from airflow.api_fastapi.app import get_auth_manager
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response

from dunning.core.errors import DunningError, NotThereError
from dunning.documents.pages.findings_text import write_error
from dunning.jobs.desk.session import RefusedError
from dunning.web import (
    account_pages,
    ageing_pages,
    approval_pages,
    list_pages,
    policy_pages,
    release_pages,
    static_pages,
    tonight_pages,
    what_if_pages,
)
from dunning.web.access import StrangerError, language_of, person_of
from dunning.web.respond import HEADERS, answer

_ROUTERS = (
    tonight_pages.router,
    approval_pages.router,
    ageing_pages.router,
    account_pages.router,
    list_pages.router,
    policy_pages.router,
    what_if_pages.router,
    release_pages.router,
    static_pages.router,
)
_log = logging.getLogger(__name__)


def build_app() -> FastAPI:
    """Return the application, to be mounted by Airflow."""
    app = FastAPI(
        title="Dunning", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    for router in _ROUTERS:
        app.include_router(router)
    app.add_exception_handler(HTTPException, _refuse)
    app.add_exception_handler(404, _refuse)
    app.add_exception_handler(405, _refuse)
    app.add_exception_handler(RequestValidationError, _misunderstand)
    app.add_exception_handler(DunningError, _explain)
    app.add_exception_handler(RefusedError, list_pages.show_refusal)
    app.add_exception_handler(Exception, _fail)
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    """Redirect to Airflow's login if no user is logged in; else show the refusal."""
    status = getattr(error, "status_code", 404)
    # A StrangerError is about a user who is logged in: another login would not help him.
    if status in (401, 403) and not isinstance(error, StrangerError):
        return _log_in(request)
    reason = error.reason if isinstance(error, StrangerError) else "no_page"
    user_name = error.user_name if isinstance(error, StrangerError) else ""
    return _show(request, status, reason, user_name=user_name)


def _log_in(request: Request) -> Response:
    """Return a redirect to the login and back for a page.

    For an action: an error page saying that nothing was done.
    """
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        back = str(request.url.path) + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(get_auth_manager().get_url_login(next_url=back), 307, HEADERS)
    return _show(
        request,
        401,
        "logged_out",
        user_name=quote(get_auth_manager().get_url_login(), safe="/:?=&%"),
    )


async def _explain(request: Request, error: Exception) -> Response:
    status, reason = (404, "not_there") if isinstance(error, NotThereError) else (400, "refused")
    detail = write_error(language_of(request), str(error))
    # No text in the reader's language: the log gets the message, the page a general text.
    if not detail:
        _log.warning(
            "A page refused, and its reader was told less: %s: %s", request.url.path, error
        )
        reason = f"{reason}_untold"
    return _show(request, status, reason, detail=detail)


async def _misunderstand(request: Request, error: Exception) -> Response:
    return _show(request, 400, "misread")


async def _fail(request: Request, error: Exception) -> Response:
    _log.exception("A page failed: %s", request.url.path, exc_info=error)
    return _show(request, 500, "failed")


def _show(
    request: Request, status: int, reason: str, *, detail: str = "", user_name: str = ""
) -> Response:
    """Return an error page, with the navigation of the user if he is known."""
    values = {"reason": reason, "detail": detail, "user_name": user_name}
    return answer(request, language_of(request), "error.html", status, person_of(request), **values)
