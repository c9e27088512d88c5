"""Migrations of the schema: the numbered files `sql/migrations/NNNN_name.sql`.

Each runs once, in a transaction of its own, under a lock, and is recorded with its SHA-256. There
is no downgrade: a mistake is corrected by a further file. The history is linear and the files are
plain SQL; a generic tool would only add a second layer in Python around them.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from dunning.core.errors import DunningError
from dunning.gateways.postgres.database import READER, RUNNER, WEB, explaining_outages
from dunning.gateways.postgres.sql_files import sql_folder, statement

MIGRATION_LOCK = 7_309_453_002
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


@dataclass(frozen=True)
class Migration:
    """One migration: number, name, statements, and their SHA-256 with any line ends."""

    number: int
    name: str
    sql: str
    sha256: str


def read_migrations(folder: Path | None = None) -> list[Migration]:
    """Return the migrations in order.

    Raises:
        DunningError: a name without a number, or a gap or repetition in the numbers.
    """
    found = sorted((folder or sql_folder() / "migrations").glob("*.sql"))
    migrations = [_read(path, number) for number, path in enumerate(found, start=1)]
    if not migrations:
        raise DunningError(
            f"No migrations in {folder or sql_folder()}; install from a whole clone with `make run`."
        )
    return migrations


def migrate(engine: Engine, folder: Path | None = None, *, last: int | None = None) -> list[str]:
    """Bring the database's schema up to date; return the names of what was applied, in order.

    Several processes may do so at once: one works, the others wait. Without anything to do it costs
    one query.

    Args:
        engine: of our database.
        folder: of the migrations; default the repository's.
        last: the number to stop at; default all.

    Raises:
        DunningError: the database is newer than this code, an applied file has changed, or one
            fails.
    """
    known = read_migrations(folder)
    with explaining_outages(), engine.connect() as connection:
        # without the lock: the usual case, and every command comes here
        if _is_current(connection, known, last):
            return []
        connection.execute(statement("locks", "wait"), {"key": MIGRATION_LOCK})
        # the lock belongs to the session and outlasts this transaction
        connection.commit()
        try:
            _make_roles(connection)
            # looks again under the lock: another process may have applied them meanwhile
            applied = _apply_pending(connection, known, last)
            _protect(connection)
            return applied
        finally:
            # ends the session and with it the lock
            connection.invalidate()


def protect(engine: Engine) -> None:
    """Bring a restored database up to date, and give every role its rights on it again.

    Raises:
        DunningError: as `migrate`.
    """
    with explaining_outages(), engine.connect() as connection:
        _make_roles(connection)
    migrate(engine)
    with explaining_outages(), engine.connect() as connection:
        _protect(connection)


def _make_roles(connection: Connection) -> None:
    """Create the roles that the application works as, where they are missing.

    Raises:
        DunningError: the user that migrates may not create them.
    """
    try:
        with connection.begin():
            _execute_script(connection, (sql_folder() / "roles" / "make.sql").read_text("utf-8"))
    except DBAPIError as error:
        raise DunningError(
            f"The roles that the application works as cannot be made: {str(error.orig).splitlines()[0]} Let an "
            "administrator of the server run sql/roles/make.sql as the owner of the database, or: CREATE ROLE "
            f"{RUNNER} LOGIN; CREATE ROLE {WEB} LOGIN; CREATE ROLE {READER} LOGIN; GRANT {RUNNER}, {WEB}, {READER} TO "
            "the user of DUNNING_DATABASE_URL. Then run again."
        ) from error


def _protect(connection: Connection) -> None:
    with connection.begin():
        if connection.execute(statement("schema_migrations", "can_protect")).scalar_one():
            connection.execute(statement("schema_migrations", "protect"))


def _is_current(connection: Connection, known: list[Migration], last: int | None) -> bool:
    with connection.begin():
        is_there = connection.execute(statement("schema_migrations", "exists")).scalar_one()
        return bool(is_there) and not _find_pending(connection, known, last)


def _apply_pending(connection: Connection, known: list[Migration], last: int | None) -> list[str]:
    with connection.begin():
        connection.execute(statement("schema_migrations", "create_schema"))
        connection.execute(statement("schema_migrations", "create"))
    with connection.begin():
        pending = _find_pending(connection, known, last)
    for migration in pending:
        _apply(connection, migration)
    return [migration.name for migration in pending]


def _apply(connection: Connection, migration: Migration) -> None:
    try:
        with connection.begin():
            _execute_script(connection, migration.sql)
            row = {"number": migration.number, "name": migration.name, "sha256": migration.sha256}
            connection.execute(statement("schema_migrations", "insert"), row)
    except DBAPIError as error:
        raise DunningError(
            f"The migration {migration.name} failed, and the database was left as it was before it: "
            f"{str(error.orig).splitlines()[0]} Cure that in the database, and run again."
        ) from error


def _find_pending(
    connection: Connection, known: list[Migration], last: int | None
) -> list[Migration]:
    applied = connection.execute(statement("schema_migrations", "select")).all()
    for row, migration in zip(applied, known, strict=False):
        if row.sha256 != migration.sha256 or row.number != migration.number:
            raise DunningError(
                f"The migration {row.name} was applied with other content than {migration.name} has now; "
                "take the file back from the repository, and put the change into a new migration."
            )
    if len(applied) > len(known):
        raise DunningError(
            f"The database is newer than this program: it has {applied[-1].name}, and the program ends with "
            f"{known[-1].name}. Update the program, or restore the database's copy from before its upgrade."
        )
    return [
        migration for migration in known[len(applied) :] if last is None or migration.number <= last
    ]


def _execute_script(connection: Connection, script: str) -> None:
    """Execute a whole file as it is: several statements, no parameters.

    Colons and percent signs are left alone.
    """
    connection.exec_driver_sql(script, execution_options={"no_parameters": True})


def _read(path: Path, number: int) -> Migration:
    match = _NAME.fullmatch(path.name)
    if match is None or int(match[1]) != number:
        raise DunningError(
            f"{path} should be named {number:04d}_<what>.sql; migrations are numbered without gaps."
        )
    sql = path.read_text("utf-8")
    return Migration(number, path.stem, sql, hashlib.sha256(sql.encode()).hexdigest())
