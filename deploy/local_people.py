"""The users of a local installation: passwords for Airflow's simple login, and their roles.

Made once and never overwritten; a real installation has another auth manager and its own
people.toml (docs/access.md).
"""

import json
import os
import secrets
from pathlib import Path

from dunning.gateways.settings.environment import Settings
from dunning.gateways.settings.people import people_file

# Name, role in our pages, lists that he may approve. Airflow's own roles of them stand in
# airflow.cfg.
PEOPLE = (
    ("admin", "admin", ()),
    ("head", "head", ("disconnections", "reminders")),
    ("collections", "collections", ()),
    ("legal", "legal", ("court",)),
    ("adviser", "adviser", ()),
    ("viewer", "viewer", ()),
)


def prepare_people(settings: Settings) -> dict[str, str]:
    """Write people.toml and the passwords if they are missing; return the password per user."""
    path = people_file(settings)
    if not path.exists():
        _write_private(path, "\n".join(_tell(*person) for person in PEOPLE))
    passwords_path = settings.airflow_home / "simple_auth_manager_passwords.json.generated"
    known = json.loads(passwords_path.read_text("utf-8")) if passwords_path.exists() else {}
    passwords = {name: known.get(name) or secrets.token_urlsafe(9) for name, *_ in PEOPLE} | known
    if passwords != known:
        _write_private(passwords_path, json.dumps(passwords) + "\n")
    return {name: passwords[name] for name, *_ in PEOPLE}


def _tell(name: str, role: str, approves: tuple[str, ...]) -> str:
    lists = f"approves = {json.dumps(list(approves))}\n" if approves else ""
    return f'[people.{name}]\nrole = "{role}"\n{lists}'


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
