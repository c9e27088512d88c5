"""Permissions of the pages: Airflow identifies the user, the settings give his role.

Airflow does not protect a plugin's routes: every route of ours depends on `permit`.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.configuration import conf
from fastapi import Depends, HTTPException, Request
from starlette.concurrency import run_in_threadpool

from dunning.core.words import LANGUAGES
from dunning.gateways.settings.environment import Settings
from dunning.gateways.settings.people import ROLES, find_settings, read_people

COOKIE = "dunning_language"
_VIEWER = {"night", "ageing", "policy"}
_ADVISER = _VIEWER | {"accounts", "protect"}
_WORKER = _ADVISER | {"lists", "strike", "downloads", "what_if", "recall", "approve"}
PERMISSIONS: dict[str, frozenset[str]] = {
    "viewer": frozenset(_VIEWER),
    "adviser": frozenset(_ADVISER),
    "collections": frozenset(_WORKER),
    "head": frozenset(_WORKER | {"court", "unprotect"}),
    "legal": frozenset(_WORKER | {"court", "unprotect", "identifiers"}),
    "admin": frozenset(_WORKER | {"court", "unprotect"}),
}
assert tuple(PERMISSIONS) == ROLES
_READING = ("GET", "HEAD")
# The tag of a form that only searches: a name that is searched for must not be part of an
# address.
LOOKS = "looks"
# The tag of a form that only keeps something from leaving: to send it, reading in Airflow is
# enough.
PROTECTS = "protects"
# Airflow's own roles decide reading or writing, by these DAGs.
_READ_DAG, _WRITE_DAG = "nightly", "release"


@dataclass(frozen=True)
class Person:
    """A user who is logged in: name, role (of ROLES), and language.

    unheard_as: Airflow's id of an approver if the settings have another one, so that Airflow refuses
    what he answers.
    """

    user_name: str
    role: str
    language: str
    unheard_as: str = ""

    def may(self, permission: str) -> bool:
        """Return whether the user's role has a permission."""
        return permission in PERMISSIONS[self.role]


class StrangerError(HTTPException):
    """A user who is logged in has no permission for this.

    reason: key of a text of the page `error`.
    """

    def __init__(self, reason: str, user_name: str) -> None:
        super().__init__(status_code=403, detail=reason)
        self.reason, self.user_name = reason, user_name


def language_of(request: Request) -> str:
    """Return the language chosen by the user; Bulgarian by default."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def person_of(request: Request) -> Person | None:
    """Return the user, if `find_person` has found him already."""
    return getattr(request.state, "person", None)


async def find_person(request: Request, user: GetUserDep) -> Person:
    """Return the user, and keep him for error pages.

    Raises:
        HTTPException: 401, no user is logged in. StrangerError: he has no role here, or Airflow
            gives him no access.
    """
    # Forms that only search or protect need no more than reading in Airflow.
    is_write = request.method not in _READING and not {LOOKS, PROTECTS}.intersection(
        request.scope["route"].tags
    )
    dag_id, method = (_WRITE_DAG, "PUT") if is_write else (_READ_DAG, "GET")
    # In a thread: reading the settings would block the event loop.
    request.state.person = await run_in_threadpool(
        _find, user, dag_id, method, language_of(request)
    )
    return request.state.person


def _find(user: Any, dag_id: str, method: Any, language: str) -> Person:
    if getattr(
        user, "is_anonymous", False
    ):  # FAB lets the public in where [fab] auth_role_public says so; we do not
        raise HTTPException(401)
    people = read_people(Settings.from_environment())
    airflow_id, name = str(user.get_id()), str(user.get_name())
    settings = find_settings(people, airflow_id, name)
    if settings is None:
        raise StrangerError("no_role", name)
    if not get_auth_manager().is_authorized_dag(
        method=method, details=DagDetails(id=dag_id), user=user
    ):
        raise StrangerError("read_only", name)
    # An approver under another id in Airflow: Airflow would refuse his answers.
    unheard = bool(settings.approves) and settings.airflow_id != airflow_id
    return Person(settings.user_name, settings.role, language, airflow_id if unheard else "")


def permit(permission: str) -> Any:
    """Return the dependency for a route's `person`: a user with a role that has the permission.

    An empty permission allows any role.
    """

    async def dependency(person: Annotated[Person, Depends(find_person)]) -> Person:
        if permission and not person.may(permission):
            raise StrangerError("not_yours", person.user_name)
        return person

    return Depends(dependency)


def form_token(person: Person) -> str:
    """Return the token that each form of this user must carry.

    It keeps other sites from sending a form in his name.

    It outlives a session: Airflow renews the session's token by itself, and a form that is open
    meanwhile stays good.
    """
    key = conf.get("api", "secret_key").encode()
    return hmac.new(key, f"dunning form {person.user_name}".encode(), hashlib.sha256).hexdigest()


async def _read_form(
    request: Request, person: Annotated[Person, Depends(find_person)]
) -> dict[str, Any]:
    form = await request.form()
    given = str(form.get("form_token", ""))
    # `compare_digest` takes the same time wherever the texts differ.
    if not _is_from_us(request) or not hmac.compare_digest(
        given.encode(), form_token(person).encode()
    ):
        raise StrangerError("forged", person.user_name)
    several = {key: [_without_nul(str(value)) for value in form.getlist(key)] for key in form}
    return {key: values[0] if len(values) == 1 else values for key, values in several.items()}


def _without_nul(text: str) -> str:
    """Return a text without NUL, which PostgreSQL refuses."""
    return text.replace("\0", "")


def _is_from_us(request: Request) -> bool:
    """Return False if the browser reports that another site sends the request.

    Older browsers report less.

    Our own forms may come from the origin `null`: their pages send no referrer.
    """
    origin = urlsplit(request.headers.get("origin", "null")).netloc
    ours = (
        "",
        request.headers.get("host"),
        urlsplit(conf.get("api", "base_url", fallback="")).netloc,
    )
    return (
        request.headers.get("sec-fetch-site", "none") in ("same-origin", "none") and origin in ours
    )


CheckedForm = Annotated[dict[str, Any], Depends(_read_form)]
