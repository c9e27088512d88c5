"""Make AIRFLOW_HOME ready: links, keys, the metadata database and the pools.

    .venv/bin/python deploy/airflow_home.py [--users fab]

AIRFLOW_HOME/auth_manager remembers which auth manager is in use: an installation with real logins
must not go back to the simple one because a variable was forgotten. Afterwards
`. .dunning/airflow/env.sh` gives a shell everything that `airflow` needs. Airflow itself is not
started (seconds each time) when its tables are those of the installed version and auth manager.
"""

import argparse
import json
import os
import secrets
import shlex
import subprocess
import sys
import tempfile
from importlib.metadata import distributions, version
from pathlib import Path

import psycopg2

from dunning.core.errors import DunningError
from dunning.gateways.postgres.server import airflow_urls
from dunning.gateways.settings.environment import Settings, scheme_of
from dunning.gateways.settings.operator_settings import VARIABLES

REPOSITORY = Path(__file__).resolve().parents[1]
# How many tasks of a kind are at work at once; an operator may change what is there.
POOLS = {
    "dunning_shards": {
        "slots": os.cpu_count() or 1,
        "description": "Shards of a nightly run at work at once: the machine's cores",
    },
    "dunning_what_if": {
        "slots": 1,
        "description": "Trials of other rules at work at once: one, whoever else waits",
    },
}
CONNECTION = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
# What env.sh gives as the embedded server's address, so that a shell that has read it is not one
# that names another.
EMBEDDED = "DUNNING_EMBEDDED_AIRFLOW"
AUTH_MANAGER = "AIRFLOW__CORE__AUTH_MANAGER"
# airflow.cfg names the simple one; docs/access.md says when which.
AUTH_MANAGERS = {
    "simple": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
    "fab": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
}
# What FAB's own roles lack: who may not read the plugins gets no entry „Събиране“, nor one of the
# questions.
FAB_ROLES = ("Viewer", "User")
FAB_PERMISSIONS = (("Plugins", "can_read"), ("HITL Detail", "menu_access"))


def prepare(settings: Settings, users: str = "") -> dict[str, str]:
    """Return the environment in which `airflow` works; write it to AIRFLOW_HOME/env.sh too.

    users: of AUTH_MANAGERS, from now on; unchanged if empty.
    """
    home = settings.airflow_home
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    _link(home / "airflow.cfg", REPOSITORY / "airflow.cfg")
    _link(home / "dags", REPOSITORY / "dags")
    variables = settings.to_environment() | _places() | _keys(home) | _connections(settings)
    variables |= _auth_manager(home, users)
    variables.pop("DUNNING_DATABASE_URL", None)  # may carry a password
    (home / "bin").mkdir(mode=0o700, exist_ok=True)
    _write_private(home / "bin" / "airflow", command(Path(sys.executable).parent), 0o700)
    _write_private(home / "env.sh", _shell(variables, home / "bin"))
    environment = os.environ | variables
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
    _migrate(home, environment)
    if CONNECTION in variables:
        airflow_urls(settings.home)  # which lets our runner read what the migration has made
    return environment


def _places() -> dict[str, str]:
    """Return the operator's settings that the environment holds, for scheduled nights.

    The URL of a database stays in the environment: it may carry a password, and this is written
    into a file.
    """
    given = {name: os.environ[name] for name in VARIABLES.values() if os.environ.get(name)}
    return {name: _whole(value) for name, value in given.items() if scheme_of(value) in ("", "s3")}


def _whole(value: str) -> str:
    is_path = not (
        scheme_of(value) or value.startswith("env:") or value.replace(".", "", 1).isdigit()
    )
    return str(Path(value).expanduser().absolute()) if is_path else value


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    link.unlink(missing_ok=True)
    link.symlink_to(target)


def _keys(home: Path) -> dict[str, str]:
    """Return this installation's keys, made once and kept in AIRFLOW_HOME/keys."""
    path = home / "keys"
    octets = {
        "AIRFLOW__CORE__FERNET_KEY": 32,
        "AIRFLOW__API__SECRET_KEY": 32,
        "AIRFLOW__API_AUTH__JWT_SECRET": 64,
    }
    if not path.exists():
        _write_private(
            path, "".join(f"{secrets.token_urlsafe(size)}=\n" for size in octets.values())
        )
    return dict(zip(octets, path.read_text("ascii").split(), strict=True))


def _connections(settings: Settings) -> dict[str, str]:
    """Return the addresses of Airflow's tables in the embedded server.

    Empty if the environment names others; an address from an env.sh of ours does not count as that.
    """
    named = os.environ.get(CONNECTION)
    if named and named != os.environ.get(EMBEDDED):
        return {}
    plain, asynchronous = airflow_urls(settings.home)
    return {CONNECTION: plain, f"{CONNECTION}_ASYNC": asynchronous, EMBEDDED: plain}


def _auth_manager(home: Path, users: str) -> dict[str, str]:
    """Return the auth manager: the one chosen now, else the environment's, else the remembered one.

    Empty means that of airflow.cfg. A choice made now is remembered.

    Raises:
        DunningError: it is FAB's, and that is not installed.
    """
    path = home / "auth_manager"
    known = path.read_text("utf-8").strip() if path.exists() else ""
    chosen = AUTH_MANAGERS[users] if users else os.environ.get(AUTH_MANAGER) or known
    if chosen == AUTH_MANAGERS["fab"] and not any(
        distributions(name="apache-airflow-providers-fab")
    ):
        raise DunningError(
            "The users of this home are FAB's, and FAB is not installed here. Install it: make fab"
        )
    if users:
        _write_private(path, f"{chosen}\n")
    return {AUTH_MANAGER: chosen} if chosen else {}


def command(programs: Path) -> str:
    """Return the script `airflow` of a shell with env.sh; it first checks the tables' server.

    Airflow itself would end in a hundred lines about a missing socket.
    """
    dunning, airflow = (shlex.quote(str(programs / name)) for name in ("dunning", "airflow"))
    return f"""#!/bin/sh
# Made by deploy/airflow_home.py.
if [ "${CONNECTION}" = "${EMBEDDED}" ]; then
    state=$(DUNNING_DATABASE_URL='' {dunning} db status 2>&1)
    case $state in
    ready*) ;;
    *)
        echo "Airflow's tables are in the embedded PostgreSQL of this home, and it does not run ($state)." >&2
        printf 'Start it: %s db start\\n' {dunning} >&2
        exit 1
        ;;
    esac
fi
exec {airflow} "$@"
"""


def _shell(variables: dict[str, str], commands: Path) -> str:
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    path = ":".join(shlex.quote(str(folder)) for folder in (commands, Path(sys.executable).parent))
    return f"# Made by deploy/airflow_home.py; to be read by a shell: . env.sh\n{exports}export PATH={path}:$PATH\n"


def _write_private(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file that only its owner can read, whole or not at all; readers never see a part."""
    new = {"dir": path.parent, "prefix": f".{path.name}-", "delete": False}
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", **new) as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            os.fchmod(file.fileno(), mode)
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise


def _migrate(home: Path, environment: dict[str, str]) -> None:
    """Bring Airflow's tables to the installed version and make the pools.

    Nothing is done where the stamp shows that all of it exists.
    """
    stamp = home / "migrated"
    if stamp.exists() and stamp.read_text("ascii") == _state(environment):
        return
    print("Preparing Airflow's own tables (half a minute, once)", flush=True)
    _airflow(["db", "migrate"], environment)
    _make_pools(home, environment)
    if environment.get(AUTH_MANAGER) == AUTH_MANAGERS["fab"]:
        for resource, action in FAB_PERMISSIONS:
            _airflow(
                ["roles", "add-perms", *FAB_ROLES, "--resource", resource, "--action", action],
                environment,
            )
    stamp.write_text(_state(environment), "ascii")


def _make_pools(home: Path, environment: dict[str, str]) -> None:
    """Make the missing pools; the others keep the slots that the operator gave them."""
    there = _read_column(environment[CONNECTION], "slot_pool", "pool")
    missing = {name: pool for name, pool in POOLS.items() if name not in there}
    if missing:
        file = home / "pools.json"
        _write_private(file, json.dumps(missing))
        _airflow(["pools", "import", str(file)], environment)


def _state(environment: dict[str, str]) -> str:
    """Return what the tables depend on, and their address; an auth manager may add tables."""
    users = environment.get(AUTH_MANAGER, AUTH_MANAGERS["simple"])
    revision = " ".join(_read_column(environment[CONNECTION], "alembic_version", "version_num"))
    pools = " ".join(
        sorted(POOLS.keys() & _read_column(environment[CONNECTION], "slot_pool", "pool"))
    )
    return f"{version('apache-airflow')} {revision} {users} {pools}\n"


def _read_column(url: str, table: str, column: str) -> list[str]:
    """Return a column of one of Airflow's tables; empty if the table does not exist yet."""
    plain = url.replace("postgresql+psycopg2", "postgresql", 1)
    with psycopg2.connect(plain) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", (table,))
        if cursor.fetchone() != (True,):
            return []
        cursor.execute(f"SELECT {column} FROM {table}")
        return [str(row[0]) for row in cursor.fetchall()]


def _airflow(arguments: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["airflow", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise DunningError(
            f"airflow {' '.join(arguments[:2])} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )


def main() -> None:
    """Prepare AIRFLOW_HOME as the command line asks; exit with the reason where it cannot be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--users", choices=AUTH_MANAGERS, default="", help="whose users log in, from now on"
    )
    try:
        prepare(Settings.from_environment(), parser.parse_args().users)
    except DunningError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
