"""Connections to PostgreSQL: engines, transactions, bulk COPY, and the lock of a run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
from sqlalchemy import Connection as Connection
from sqlalchemy import Engine as Engine
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)

from dunning.core.errors import DunningError
from dunning.gateways.postgres.server import embedded_url, start_server
from dunning.gateways.postgres.sql_files import read_sql, statement
from dunning.gateways.settings.environment import Settings

# roles of the jobs, of the pages, and of users who only read
RUNNER = "dunning_runner"
WEB = "dunning_web"
READER = "dunning_reader"
VERSION_MIN = 15
# Advisory locks have no names, only numbers: any that nothing else in the database uses.
RUN_LOCK = 7_309_453_001
NOTICES_LOCK = 7_309_453_004
COPY_ROWS = 65_536
RECOVERY_SECONDS_MAX = 60
# answers to a ping that mean that there is a server, even if it takes no connections yet
_ANSWERS = (psycopg.pq.Ping.OK, psycopg.pq.Ping.REJECT)
# errors of both layers that mean that the server is gone
_LOST = (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
_POSTGRES = (
    "postgres",
    "postgresql",
    "postgresql+psycopg",
    "postgresql+psycopg2",
    "postgresql+asyncpg",
)

Source = Engine | Connection


def connect_as(role: str, settings: Settings, purpose: str = "command") -> Engine:
    """Return an engine of our database that works as a role that owns nothing; see `connect`.

    On the embedded server the role itself logs in. On a given one its user becomes the role, and
    RESET ROLE does not lead back.
    """
    if settings.database_url is None:
        return _connect(find_url(settings).set(username=role), purpose)
    return _connect(find_url(settings), purpose, f" -c role={role}")


def connect(settings: Settings, purpose: str = "command") -> Engine:
    """Return an engine of our database as its owner, starting the embedded server if it is down.

    Only migrations and restores work so; all else is `connect_as`. The schema is not checked. A
    server that is starting, or recovers from a crash, is waited for, a minute at most.

    Args:
        settings: where the database is.
        purpose: what the process does, shown by PostgreSQL and to a second run; no personal data.

    Raises:
        DunningError: the server cannot be reached or is older than PostgreSQL 15.
    """
    return _connect(find_url(settings), purpose)


def _connect(url: URL, purpose: str, options: str = "") -> Engine:
    engine = create_engine(
        url,
        pool_size=2,
        max_overflow=3,
        pool_pre_ping=True,
        # an error in a log must not show notes, names or numbers of people
        hide_parameters=True,
        connect_args={
            # PostgreSQL cuts longer names off
            "application_name": f"dunning {purpose}"[:63],
            "connect_timeout": 10,
            "client_encoding": "utf8",
            "options": f"-c timezone=UTC -c datestyle=ISO{options}",
        },
    )
    try:
        version = _find_version(engine)
    except DBAPIError as error:
        engine.dispose()
        raise DunningError(_unreachable(url, error)) from error
    if version < VERSION_MIN:
        engine.dispose()
        raise DunningError(
            f"The server of {_shown(url)} is PostgreSQL {version}, and we need {VERSION_MIN} or later; "
            "upgrade it, or unset DUNNING_DATABASE_URL to use the embedded one."
        )
    return engine


def find_url(settings: Settings) -> URL:
    """Return the URL of our database for psycopg 3, starting the embedded server if it is used.

    Raises:
        DunningError: DUNNING_DATABASE_URL is not the URL of a PostgreSQL database.
    """
    if settings.database_url is None:
        return embedded_url(start_server(settings.home), "dunning")
    try:
        url = make_url(settings.database_url)
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise DunningError(
            "DUNNING_DATABASE_URL is no URL; write postgresql://user@host/database."
        ) from error
    if url.drivername not in _POSTGRES:
        raise DunningError(
            f"DUNNING_DATABASE_URL begins with {url.drivername}://, and only PostgreSQL is supported; "
            "write postgresql://user@host/database, or unset it to use the embedded server."
        )
    return url.set(drivername="postgresql+psycopg")


@contextmanager
def transact(source: Source) -> Iterator[Connection]:
    """Yield a connection inside a transaction: the caller's own, or a new one that ends here.

    Raises:
        DunningError: the server went away or cannot go on (disk full); the transaction is undone.
    """
    with explaining_outages():
        if isinstance(source, Engine):
            with source.begin() as connection:
                yield connection
        # already in the caller's transaction: only the caller may end that
        elif source.in_transaction():
            yield source
        else:
            with source.begin():
                yield source


@contextmanager
def explaining_outages() -> Iterator[None]:
    """Turn a driver's error for a lost server into one DunningError.

    Raises:
        DunningError: in place of the driver's error.
    """
    try:
        yield
    except _LOST as error:
        lines = str(getattr(error, "orig", error)).strip().splitlines()
        raise DunningError(
            f"PostgreSQL gave up in the middle of the work: {lines[0] if lines else 'no answer'}. "
            "What this step wrote was undone; cure that and run again."
        ) from error


@contextmanager
def run_lock(engine: Engine, purpose: str, key: int = RUN_LOCK) -> Iterator[Connection]:
    """Hold the one lock that a run needs; yield the connection that holds it.

    Close a date on this very connection: if the server went away under a run, the lock went with
    it, and so does the connection. The lock ends with the process at the latest.

    Args:
        engine: of our database.
        purpose: shown to a second run, as `nightly 2026-11-22`.
        key: of the lock; nightly runs and runs of notices do not wait for each other.

    Raises:
        DunningError: another run is going on; the message names it, its start, and what to do. Or
            the server went away.
    """
    with explaining_outages():
        connection = engine.connect()
    with connection:
        with transact(connection):
            # the name first: a second run reads it from the session that holds the lock
            connection.execute(statement("locks", "name"), {"name": f"dunning {purpose}"[:63]})
            is_ours = connection.execute(statement("locks", "take"), {"key": key}).scalar_one()
            holder = (
                None
                if is_ours
                else connection.execute(statement("locks", "holder"), {"key": key}).first()
            )
        if not is_ours:
            raise DunningError(_taken(holder))
        try:
            yield connection
        finally:
            _release(connection, key)


def _release(connection: Connection, key: int) -> None:
    """Release the lock and end its session: neither lock nor name may return to the pool.

    A session that is only closed takes its time to end, and the next step would find the lock still
    held.
    """
    # if the server went away, the lock went with it
    with suppress(SQLAlchemyError):
        connection.rollback()
        connection.execute(statement("locks", "give"), {"key": key})
    connection.invalidate()


def _taken(holder: Any) -> str:
    who = "another run" if holder is None else f"{holder.name} (PostgreSQL process {holder.pid})"
    is_known = holder is not None and holder.since is not None
    since = f" since {holder.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if is_known else ""
    return f"Another run is going on{since}: {who}. Two would close the same books; run again when it is over."


def copy_in(connection: Connection, table: str, verb: str, rows: pa.Table) -> int:
    """Send rows by `sql/<table>/<verb>.sql`, a COPY ... FROM STDIN (FORMAT csv); return how many.

    The columns must be in the order of the statement. Nulls arrive as nulls, empty text as empty
    text.
    """
    with _driver(connection).cursor() as cursor, cursor.copy(read_sql(table, verb)) as copy:
        for batch in rows.to_batches(max_chunksize=COPY_ROWS):
            copy.write(_to_csv(batch))
    return rows.num_rows


def copy_out(
    connection: Connection,
    table: str,
    verb: str,
    schema: pa.Schema,
    parameters: dict[str, Any] | None = None,
) -> pa.Table:
    """Return the rows of `sql/<table>/<verb>.sql`, a COPY (SELECT ...) TO STDOUT, as typed columns.

    The format is csv, the types are the schema's. COPY takes no server-side parameters; psycopg
    writes these in, quoted, where the file has `%(name)s`.
    """
    received = pa.BufferOutputStream()
    with (
        _driver(connection).cursor() as cursor,
        cursor.copy(read_sql(table, verb), parameters) as copy,
    ):
        for block in copy:
            received.write(block)
    content = received.getvalue()
    # no rows: the CSV reader refuses an empty file
    if content.size == 0:
        return schema.empty_table()
    return pa_csv.read_csv(
        pa.BufferReader(content),
        read_options=pa_csv.ReadOptions(column_names=schema.names, use_threads=False),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types=schema,
            # COPY writes null as nothing and empty text as "": only the first is read as null
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
        ),
    )


def _to_csv(batch: pa.RecordBatch) -> pa.Buffer:
    written = pa.BufferOutputStream()
    pa_csv.write_csv(batch, written, pa_csv.WriteOptions(include_header=False))
    return written.getvalue()


def _driver(connection: Connection) -> psycopg.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def _find_version(engine: Engine) -> int:
    """Return the server's major version.

    Waits while the server is there but takes no connections: it is starting, stopping, or recovers
    from a crash.
    """
    deadline = time.monotonic() + RECOVERY_SECONDS_MAX
    was_open = False
    while True:
        try:
            with engine.connect() as connection:
                return _driver(connection).info.server_version // 10_000
        except OperationalError:
            answer = _ping(engine)
            # It may have opened only after our attempt; if it is open the second time, too, the
            # error is a different one and waiting does not help.
            is_open = answer == psycopg.pq.Ping.OK
            if (is_open and was_open) or answer not in _ANSWERS or time.monotonic() > deadline:
                raise
            was_open = is_open
            time.sleep(0.05)


def _ping(engine: Engine) -> psycopg.pq.Ping:
    url = engine.url.set(drivername="postgresql").update_query_dict({"connect_timeout": "10"})
    return psycopg.pq.Ping(
        psycopg.pq.PGconn.ping(url.render_as_string(hide_password=False).encode())
    )


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def _unreachable(url: URL, error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines()
    if lines and "permission denied to set role" in lines[-1]:
        return (
            f"The user of DUNNING_DATABASE_URL ({url.username}) may not work as the application's roles. "
            f"Let the owner of the database say: GRANT {RUNNER}, {WEB}, {READER} TO {url.username}"
        )
    return (
        f"The database {_shown(url)} cannot be reached: {lines[-1] if lines else 'no answer'} "
        "Check that the server runs and what DUNNING_DATABASE_URL says, or unset it to use the embedded one."
    )
