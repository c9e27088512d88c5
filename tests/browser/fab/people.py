"""The people of a house whose users are FAB's."""

import json
import secrets
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.browser.house import REPOSITORY
from tests.browser.routes import PEOPLE

# Whom Airflow lets do everything, and who has no role of ours.
STRANGER = "stranger"
APPROVES = {"head": ["disconnections", "reminders"], "legal": ["court"]}


def make_people(environment: dict[str, str]) -> dict[str, str]:
    """Choose FAB in a home, make its users and their people.toml; return each one's password."""
    home = Path(environment["DUNNING_HOME"])
    prepare = [sys.executable, str(REPOSITORY / "deploy" / "airflow_home.py"), "--users"]
    for users in ("simple", "fab"):  # a home that was tried out before
        subprocess.run([*prepare, users], env=environment, check=True)
    roles = {STRANGER: "Admin"} | {name: role.capitalize() for name, (role, _) in PEOPLE.items()}
    passwords = {name: secrets.token_urlsafe(9) for name in roles}
    with ThreadPoolExecutor(2) as pool:
        list(
            pool.map(
                lambda name: _airflow(environment, *_create(name, roles[name], passwords[name])),
                roles,
            )
        )
    told = _airflow(environment, "users", "list", "--output", "json")
    ids = {user["username"]: str(user["id"]) for user in json.loads(told[told.index("[{") :])}
    (home / "people.toml").write_text("\n".join(_tell(name, ids[name]) for name in PEOPLE), "utf-8")
    return passwords


def _create(name: str, role: str, password: str) -> tuple[str, ...]:
    whose = (
        "--username",
        name,
        "--firstname",
        name.title(),
        "--lastname",
        "Пробна",
        "--email",
        f"{name}@example.org",
    )
    return "users", "create", *whose, "--role", role, f"--password={password}"


def _airflow(environment: dict[str, str], *arguments: str) -> str:
    """Return what `airflow` prints in a shell that has read the home's env.sh."""
    command = [
        "bash",
        "-c",
        '. "$DUNNING_HOME/airflow/env.sh" && airflow "$@"',
        "airflow",
        *arguments,
    ]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _tell(name: str, airflow_id: str) -> str:
    approves = json.dumps(APPROVES.get(name, []))
    return f'[people.{name}]\nrole = "{PEOPLE[name][1]}"\nairflow_id = "{airflow_id}"\napproves = {approves}\n'
