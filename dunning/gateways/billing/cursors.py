"""A session with any other engine of SQLAlchemy: rows streamed under one snapshot."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError

from dunning.core.errors import DunningError
from dunning.gateways.billing.address import Address
from dunning.gateways.billing.columns import check_names, from_values, joined
from dunning.gateways.billing.queries import Query
from dunning.gateways.billing.sessions import gone, no_driver, refused, unreachable

ROWS = 50_000
# isolation levels that see one moment; the first that an engine has is used
_LEVELS = ("SNAPSHOT", "REPEATABLE READ", "SERIALIZABLE")
_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "mysql": "SET SESSION TRANSACTION READ ONLY",
    "mariadb": "SET SESSION TRANSACTION READ ONLY",
    "postgresql": "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
}
# engines without DATE '2026-11-22'
_PLAIN_DATES = ("sqlite", "mssql")


class CursorSession:
    """See `sessions.Session`. One transaction, rolled back at the end.

    Read only where the engine has that.
    """

    def __init__(self, address: Address, as_of: date) -> None:
        """Connect and begin a transaction.

        Raises DunningError where the driver is missing or the engine has no snapshots.
        """
        self._address, self._as_of = address, as_of
        self._engine = _engine(address)
        try:
            self._connection = _begin(self._engine, address)
        except SQLAlchemyError as error:
            raise unreachable(address, _message_of(error)) from None

    def read(self, query: Query) -> Iterator[pa.Table]:
        """Yield a query's rows; see `Session`. The type of a column is found from its values."""
        # no_parameters: a percent sign in a query stays what it is
        options = {"stream_results": True, "max_row_buffer": ROWS, "no_parameters": True}
        try:
            with self._connection.exec_driver_sql(
                self._sql(query), execution_options=options
            ) as result:
                names = list(result.keys())
                check_names(query, names)
                for rows in result.yield_per(ROWS).partitions(ROWS):
                    columns = zip(*rows, strict=True)
                    yield joined(
                        [from_values(query, *named) for named in zip(names, columns, strict=True)],
                        names,
                    )
        except SQLAlchemyError as error:
            raise self._refusal(query, error) from None

    def read_day(self, query: Query) -> list[str | None]:
        """Return the cells of the query of the day; see `Session`."""
        try:
            options = {"no_parameters": True}
            cells = (
                self._connection.exec_driver_sql(self._sql(query), execution_options=options)
                .scalars()
                .fetchmany(2)
            )
        except SQLAlchemyError as error:
            raise self._refusal(query, error) from None
        return [None if cell is None else str(cell) for cell in cells]

    def renew(self) -> None:
        """Refuse: the snapshot of such a session ends with its connection.

        It never reports a lost connection that could be renewed.
        """
        raise gone(self._address, "the extract", "the snapshot ended with its connection")

    def close(self) -> None:
        """Roll the transaction back and end the connection."""
        self._connection.close()
        self._engine.dispose()

    def _sql(self, query: Query) -> str:
        literal = "'{}'" if self._engine.dialect.name in _PLAIN_DATES else "DATE '{}'"
        return query.for_day(self._as_of, literal)

    def _refusal(self, query: Query, error: SQLAlchemyError) -> DunningError:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            return gone(self._address, query.file, _message_of(error))
        # two classes of SQLSTATE: errors of the statement may name columns, those of values may not
        code = "42" if _is_about_the_statement(error) else "22"
        return refused(self._address, query, _message_of(error), code)


def _engine(address: Address) -> Engine:
    """Return an engine with connections that can only read, where the database supports that."""
    _refuse_new_file(address)
    try:
        engine = create_engine(address.url, poolclass=NullPool)
    except NoSuchModuleError:
        raise no_driver(address, address.url.get_backend_name()) from None
    except ImportError as error:
        raise no_driver(address, error.name or str(error)) from None
    except (SQLAlchemyError, TypeError, ValueError) as error:
        raise unreachable(address, str(error)) from None
    command = _READ_ONLY.get(engine.dialect.name)
    is_sqlite = engine.dialect.name == "sqlite"

    @event.listens_for(engine, "connect")
    def only_read(connection, _) -> None:  # type: ignore[no-untyped-def]
        if is_sqlite:
            # else Python's driver begins no transaction before a SELECT
            connection.isolation_level = None
        if command:
            cursor = connection.cursor()
            cursor.execute(command)
            cursor.close()
            # the setting must not leave a transaction open before ours begins
            if not is_sqlite:
                connection.commit()

    if is_sqlite:
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _begin(engine: Engine, address: Address) -> Connection:
    """Return a connection in a transaction that sees one moment.

    In SQLite every transaction does.
    """
    connection = engine.connect()
    if engine.dialect.name != "sqlite":
        driver = connection.connection.dbapi_connection
        known = engine.dialect.get_isolation_level_values(driver) if driver else ()
        level = next((level for level in _LEVELS if level in known), None)
        if level is None:
            connection.close()
            raise DunningError(
                f"{address.shown} has no transactions that see one moment (none of {', '.join(_LEVELS)}), so that its "
                "tables would not fit each other. Export them to files from there, and give the folder as --ledger."
            )
        connection = connection.execution_options(isolation_level=level)
    connection.begin()
    return connection


def _refuse_new_file(address: Address) -> None:
    """Refuse the name of a missing SQLite file: the driver would make an empty one."""
    url = address.url
    if url.get_backend_name() != "sqlite" or "uri" in url.query:
        return
    if not url.database or not Path(url.database).is_file():
        raise DunningError(
            f"There is no SQLite file {url.database or '(without a name)'}. Check --ledger: four slashes begin an "
            "absolute path, sqlite:////srv/billing.db, three a path from here."
        )


def _is_about_the_statement(error: SQLAlchemyError) -> bool:
    """Return whether a message is about tables, columns or SQL, without a value of a row."""
    message = _message_of(error).lower()
    return any(
        sign in message
        for sign in (
            "no such",
            "syntax",
            "readonly",
            "read only",
            "read-only",
            "denied",
            "unknown",
            "doesn't exist",
            "does not exist",
            "ambiguous",
            "incomplete input",
        )
    )


def _message_of(error: SQLAlchemyError) -> str:
    return str(error.orig) if isinstance(error, DBAPIError) else str(error)
