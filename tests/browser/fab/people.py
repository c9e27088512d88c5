"""The people of a house whose users are FAB's."""

import json
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.browser.house import REPOSITORY

# Airflow's role, ours, and the lists that he may approve, by user. Airflow lets `reader` only read; `stranger` has no
# role here.
PEOPLE = {
    "stranger": ("Admin", "", ()),
    "admin": ("Admin", "admin", ()),
    "head": ("User", "collections", ("disconnections", "reminders")),
    "collections": ("User", "collections", ()),
    "legal": ("User", "legal", ("court",)),
    "adviser": ("Viewer", "adviser", ()),
    "viewer": ("Viewer", "viewer", ()),
    "reader": ("Viewer", "legal", ()),
}


def make_people(environment: dict[str, str]) -> dict[str, str]:
    """Choose FAB in a home, make its users and their people.toml; return each one's password."""
    home = Path(environment["DUNNING_HOME"])
    prepare = [sys.executable, str(REPOSITORY / "deploy" / "airflow_home.py"), "--users"]
    for users in ("simple", "fab"):  # a home that was tried out before
        subprocess.run([*prepare, users], env=environment, check=True)
    passwords = {name: secrets.token_urlsafe(9) for name in PEOPLE}
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: _airflow(environment, *_create(name, passwords[name])), PEOPLE))
    told = _airflow(environment, "users", "list", "--output", "json")
    ids = {user["username"]: str(user["id"]) for user in json.loads(told[told.index("[{") :])}
    (home / "people.toml").write_text("\n".join(_tell(name, ids[name]) for name in PEOPLE if PEOPLE[name][1]), "utf-8")
    return passwords


def _create(name: str, password: str) -> tuple[str, ...]:
    whose = ("--username", name, "--firstname", name.title(), "--lastname", "Пробна", "--email", f"{name}@example.org")
    return "users", "create", *whose, "--role", PEOPLE[name][0], f"--password={password}"


def _airflow(environment: dict[str, str], *arguments: str) -> str:
    """Return what `airflow` prints in a shell that has read the home's env.sh."""
    command = ["bash", "-c", '. "$DUNNING_HOME/airflow/env.sh" && airflow "$@"', "airflow", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _tell(name: str, airflow_id: str) -> str:
    _, role, approves = PEOPLE[name]
    return f'[people.{name}]\nrole = "{role}"\nairflow_id = "{airflow_id}"\napproves = {json.dumps(approves)}\n'
