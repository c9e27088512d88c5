"""The embedded PostgreSQL server: its start and its stop, as `dunning db start` and `db stop`.

Commands and Airflow's processes call `start_server`, which starts it if it is down; only
`stop_server` stops it. The wheel's own library stops the server with the last Python process that
used it and opens every folder above the data to all readers; we use its programs only.

In the home: `pg` (data), `server.lock` (held by the process that starts or stops it), `run`
(socket, where the path is short enough). It listens on a socket in a folder that only its owner may
enter, and on no port; so it asks for no password.
"""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
from sqlalchemy.engine import URL

from dunning.core.errors import DunningError
from dunning.gateways.files.home import close_home
from dunning.gateways.postgres.server_account import find_account
from dunning.gateways.postgres.server_data import (
    AIRFLOW,
    PORT,
    SOCKET_NAME,
    SUPERUSER,
    initialise,
    launch,
    program_folders,
)
from dunning.gateways.postgres.server_process import (
    DOWN,
    STOP_SECONDS_MAX,
    ServerStatus,
    await_end,
    data_dir,
    end_leftovers,
    server_status,
    settle,
)
from dunning.gateways.postgres.sql_files import sql_folder

__all__ = [
    "SUPERUSER",
    "ServerStatus",
    "airflow_urls",
    "data_dir",
    "embedded_url",
    "server_status",
    "start_server",
    "stop_server",
]

_UNQUOTABLE = set('"$`\\\n')  # pg_ctl hands its paths to a shell, in double quotes

# Two processes that change the same rights at once would fail.
_ROLES_LOCK = 7_309_453_006


def embedded_url(
    socket_dir: Path, database: str, driver: str = "psycopg", user: str = SUPERUSER
) -> URL:
    """Return the SQLAlchemy URL of a database of the embedded server.

    >>> print(embedded_url(Path("/tmp/d"), "airflow", "psycopg2").render_as_string(False))
    postgresql+psycopg2://postgres@/airflow?host=%2Ftmp%2Fd&port=5432
    """
    return URL.create(
        f"postgresql+{driver}",
        user,
        database=database,
        query={"host": str(socket_dir), "port": PORT},
    )


def airflow_urls(home: Path) -> tuple[str, str]:
    """Return Airflow's SQL_ALCHEMY_CONN and SQL_ALCHEMY_CONN_ASYNC, as its own role.

    The server is started if it is down. The socket's folder is written plainly (it has only plain
    characters), so that no configuration file needs escapes.
    """
    host = start_server(home)
    _own_airflow(host)
    plain, asynchronous = (
        f"postgresql+{driver}://{AIRFLOW}:@/airflow?host={host}&port={PORT}"
        for driver in ("psycopg2", "asyncpg")
    )
    return plain, asynchronous


def _own_airflow(socket_dir: Path) -> None:
    """Make Airflow the owner of its database, and let our runner read questions and answers.

    May be repeated: tables that Airflow's migrations have made since the last time are included.
    """
    roles = sql_folder() / "roles"
    with psycopg.connect(
        host=str(socket_dir), user=SUPERUSER, dbname=AIRFLOW, autocommit=True
    ) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_ROLES_LOCK])
        for name in ("make", "own_airflow"):
            connection.execute((roles / f"{name}.sql").read_bytes())


def start_server(home: Path) -> Path:
    """Start the home's server if it is down; return the folder of its socket.

    Its data are made at the first time. Safe to call from any number of processes at once: one
    works, the others wait. The server goes on after the caller's end.

    Raises:
        DunningError: it cannot be started; the message shows the end of its log.
    """
    status = server_status(home)
    # no lock where it is up already: this is called by every command
    if status.is_ready:
        find_account(home).let_in(home, [])
    else:
        with _locked(home):
            status = _bring_up(home)
    assert status.socket_dir is not None
    if not (status.socket_dir / SOCKET_NAME).exists():
        raise DunningError(
            f"The embedded PostgreSQL of {home} runs, but its socket in {status.socket_dir} was removed; "
            "run `dunning db stop`, then `dunning db start`."
        )
    return status.socket_dir


def stop_server(home: Path) -> bool:
    """Stop the home's server, ending its connections; return whether it was running.

    Raises:
        DunningError: it does not stop within a minute.
    """
    if server_status(home) == DOWN:
        return False
    with _locked(home):
        status = settle(home)
        if status.pid is None:
            return False
        process = psutil.Process(status.pid)
        # PostgreSQL's "fast" shutdown: ends sessions, loses nothing
        process.send_signal(signal.SIGINT)
        if await_end([process]):
            raise DunningError(
                f"The embedded PostgreSQL of {home} (process {status.pid}) did not stop in {STOP_SECONDS_MAX} s; "
                "see which command still uses it, and run `dunning db stop` again."
            )
        if status.socket_dir is not None:
            with suppress(OSError):
                status.socket_dir.rmdir()
    return True


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Keep other processes of this home from starting or stopping the server.

    Ends with the process at the latest.
    """
    if _UNQUOTABLE & set(str(home)):
        raise DunningError(
            f'DUNNING_HOME is {home}; PostgreSQL takes no path with ", $, ` or \\. Choose another folder.'
        )
    try:
        close_home(home)
        handle = os.open(home / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DunningError(
            f"The home {home} cannot be used: {error.strerror}. Set DUNNING_HOME to a folder that you may write."
        ) from error
    try:
        # made by root, but the home's owner must be able to open it later
        if os.geteuid() == 0:
            os.fchown(handle, home.stat().st_uid, -1)
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        # closing the file releases the lock
        os.close(handle)


def _bring_up(home: Path) -> ServerStatus:
    # under the lock again: another process may have started it meanwhile
    status = settle(home)
    if status.is_ready:
        return status
    account = find_account(home)
    # The order matters: folders first, then processes of a dead server, then data, then the start.
    account.let_in(home, program_folders())
    end_leftovers(data_dir(home))
    if not data_dir(home).exists():
        initialise(home, account)
    account.own(data_dir(home))
    launch(home, account)
    return server_status(home)
