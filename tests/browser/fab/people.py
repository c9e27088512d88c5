"""The people of a house whose users are FAB's."""

import json
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.browser.house import REPOSITORY
from tests.web.routes import PEOPLE

# Whom Airflow lets do everything, and who has no role of ours.
STRANGER = "stranger"
# Airflow's role and ours of whom a test removes at once.
LEAVER, LEAVERS = "leaver", ("VIEWER", "legal")
MAKE_USERS = str(REPOSITORY / "tests" / "browser" / "fab" / "make_users.py")
APPROVES = {"head": ["disconnections", "reminders"], "legal": ["court"]}


def make_people(environment: dict[str, str]) -> dict[str, str]:
    """Choose FAB in a home, make its users and their people.toml; return each one's password.

    The first one by the command that docs/access.md names; all others in one process, because the
    command needs many seconds to start.
    """
    home = Path(environment["DUNNING_HOME"])
    prepare = [sys.executable, str(REPOSITORY / "deploy" / "airflow_home.py"), "--users"]
    for users in ("simple", "fab"):  # a home that was tried out before
        subprocess.run([*prepare, users], env=environment, check=True)
    people = {**PEOPLE, LEAVER: LEAVERS}
    passwords = {name: secrets.token_urlsafe(9) for name in (STRANGER, *people)}
    others = [
        {**_describe(name), "role": role.capitalize(), "password": passwords[name]}
        for name, (role, _) in people.items()
    ]
    first = [f"--{key}={value}" for key, value in _describe(STRANGER).items()]
    first += ["--role=Admin", f"--password={passwords[STRANGER]}"]
    with ThreadPoolExecutor(2) as pool:
        created = pool.submit(_run, environment, ["airflow", "users", "create", *first])
        made = pool.submit(_run, environment, ["python", MAKE_USERS], json.dumps(others))
        created.result()
        ids = json.loads(made.result().splitlines()[-1])
    told = [_tell(name, role, ids[name]) for name, (_, role) in people.items()]
    (home / "people.toml").write_text("\n".join(told), "utf-8")
    return passwords


def _describe(name: str) -> dict[str, str]:
    mail = f"{name}@example.org"
    return {"username": name, "firstname": name.title(), "lastname": "Пробна", "email": mail}


def _run(environment: dict[str, str], command: list[str], given: str = "") -> str:
    """Return what a command prints in a shell that has read the home's env.sh."""
    shell = ["bash", "-c", '. "$DUNNING_HOME/airflow/env.sh" && "$@"', "bash"]
    done = subprocess.run(
        [*shell, *command],
        env=environment,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _tell(name: str, role: str, airflow_id: str) -> str:
    approves = json.dumps(APPROVES.get(name, []))
    return f'[people.{name}]\nrole = "{role}"\nairflow_id = "{airflow_id}"\napproves = {approves}\n'
