"""Static files of the pages (style, script, icons), and the language switch."""

from mimetypes import guess_type
from typing import Annotated

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from dunning.core.words import LANGUAGES
from dunning.documents.pages.html import read_static
from dunning.web.access import COOKIE, Person, permit
from dunning.web.respond import HEADERS, prefix_of

router = APIRouter()
Somebody = Annotated[Person, permit("")]


@router.get("/static/{name}")
def give_static(name: str) -> Response:
    """Return a static file to any user, logged in or not.

    It holds no secret, and the page after an expired login needs it.
    """
    content = read_static(name)
    if content is None:
        raise HTTPException(404)
    return Response(
        content, 200, {**HEADERS, "Cache-Control": "public, max-age=300"}, guess_type(name)[0]
    )


@router.get("/language/{language}")
def choose_language(request: Request, language: str, person: Somebody, back: str = "/") -> Response:
    """Store the chosen language and go back to the page."""
    if language not in LANGUAGES:
        raise HTTPException(404)
    # Only addresses of this site: a link must not lead to another one.
    is_ours = back.startswith("/") and not back.startswith("//") and "\\" not in back
    prefix = prefix_of(request)
    response = RedirectResponse(f"{prefix}{back if is_ours else '/'}", 303, HEADERS)
    response.set_cookie(
        COOKIE, language, max_age=31_536_000, path=prefix or "/", httponly=True, samesite="lax"
    )
    return response
