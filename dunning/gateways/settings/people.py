"""Users of the pages: the role of each Airflow user, and the lists that each may approve.

`people.toml` in the home, or the file that DUNNING_PEOPLE names:

    [people.ivanova]
    role = "collections"
    approves = ["disconnections", "reminders"]
    airflow_id = "7"

`airflow_id` is the id that Airflow's auth manager has for the user, where that is not the name
itself. A name of digits needs one: an auth manager that numbers its users may have given that
number to another user.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dunning.core.errors import DunningError
from dunning.core.lists import LISTS
from dunning.gateways.settings.environment import Settings

ROLES = ("viewer", "adviser", "collections", "head", "legal", "admin")
_KEYS = {"role", "approves", "airflow_id"}


@dataclass(frozen=True)
class PersonSettings:
    """One Airflow user.

    role: of ROLES. approves: the lists (of LISTS) that the user may approve. airflow_id: Airflow's
    id of the user.
    """

    user_name: str
    role: str
    approves: tuple[str, ...]
    airflow_id: str


def people_file(settings: Settings) -> Path:
    """Return the path of the people file."""
    return Path(os.environ.get("DUNNING_PEOPLE") or settings.home / "people.toml").absolute()


def read_people(settings: Settings) -> dict[str, PersonSettings]:
    """Return all people by user name; empty if there is no such file.

    Raises:
        DunningError: the file cannot be understood; the message names the place and the remedy.
    """
    path = people_file(settings)
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DunningError(
            f"{path}: {error}. Correct it; docs/access.md has an example."
        ) from error
    # strict: a misspelled table would silently give no rights
    if content.keys() - {"people"} or not isinstance(content.get("people", {}), dict):
        raise DunningError(
            f'{path}: only tables [people.NAME] may stand here. Write [people.ivanova], role = "...".'
        )
    people = {name: _read(path, name, values) for name, values in content.get("people", {}).items()}
    _check_ids(path, people)
    return people


def approvers_of(people: Mapping[str, PersonSettings], list_name: str) -> list[PersonSettings]:
    """Return the people who may approve a list."""
    return [person for person in people.values() if list_name in person.approves]


def find_settings(
    people: Mapping[str, PersonSettings], airflow_id: str, name: str
) -> PersonSettings | None:
    """Return the settings of an Airflow user: by Airflow's id, else by name.

    By name only if that person has no other id there.
    """
    by_id = (person for person in people.values() if person.airflow_id == airflow_id)
    # a person with an id of another user is never found by the name alone
    named = people.get(name)
    return next(by_id, named if named and named.airflow_id == named.user_name else None)


def _check_ids(path: Path, people: Mapping[str, PersonSettings]) -> None:
    """Refuse two people with the same id: it would be unknown which of them asks."""
    known: dict[str, str] = {}
    for name, person in people.items():
        other = known.setdefault(person.airflow_id, name)
        if other != name:
            raise DunningError(
                f"{path}: [people.{other}] and [people.{name}] have the same `airflow_id`, {person.airflow_id!r}. "
                "Give each the id that Airflow's auth manager has for that user."
            )


def _read(path: Path, name: str, values: Any) -> PersonSettings:
    where = f"{path}: [people.{name}]"
    if not isinstance(values, dict) or values.keys() - _KEYS:
        raise DunningError(
            f"{where} may hold {', '.join(sorted(_KEYS))} and nothing else. Delete the rest."
        )
    role, approves = values.get("role"), values.get("approves", [])
    if role not in ROLES:
        raise DunningError(f"{where}: `role` is {role!r}; write one of {', '.join(ROLES)}.")
    if not isinstance(approves, list) or any(each not in LISTS for each in approves):
        raise DunningError(
            f"{where}: `approves` is {approves!r}; write a list of {', '.join(LISTS)}."
        )
    if name.isdigit() and "airflow_id" not in values:
        raise DunningError(
            f"{where}: the user name is a number, which Airflow may have given to somebody else as an id. "
            'Write the id of this user, too: airflow_id = "…".'
        )
    airflow_id = values.get("airflow_id", name)
    if not isinstance(airflow_id, str) or not airflow_id:
        raise DunningError(
            f'{where}: `airflow_id` is {airflow_id!r}; write a text in quotes: airflow_id = "7".'
        )
    return PersonSettings(name, role, tuple(approves), airflow_id)
