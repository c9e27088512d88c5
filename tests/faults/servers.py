"""A PostgreSQL of the fault tests' own, which they may kill, with a fresh database of it for every
trial.
"""

import itertools
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from dunning.gateways.postgres.database import RUN_LOCK, connect
from dunning.gateways.postgres.migrations import migrate
from dunning.gateways.postgres.server import (
    SUPERUSER,
    embedded_url,
    server_status,
    start_server,
    stop_server,
)
from dunning.gateways.settings.environment import Settings

_numbers = itertools.count(1)
HISTORY = {
    "deeds": "SELECT premise_no, payer_code, stage, as_of, channel, reference, principal_cents, state "
    "FROM dunning.deeds ORDER BY reference",
    "decisions": "SELECT d.* FROM dunning.decisions AS d ORDER BY as_of, premise_no, payer_code",
    "proposals": "SELECT p.* FROM dunning.proposals AS p ORDER BY as_of, list, premise_no, payer_code, stage",
    "closed": "SELECT as_of, state, manifest_sha256 FROM dunning.runs WHERE state IN ('closing', 'closed') "
    "ORDER BY as_of",
}

History = dict[str, list[tuple]]


@dataclass(frozen=True)
class Server:
    """The embedded server of a home; its database `template_dunning` has our schema."""

    home: Path

    @property
    def pid(self) -> int:
        """Its first process."""
        pid = server_status(self.home).pid
        assert pid is not None
        return pid

    def execute(self, database: str, query: str, *values: object) -> list[tuple]:
        """Run one statement of our own on a database; return its rows, if it gives any."""
        with self.connect(database) as connection:
            cursor = connection.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def connect(self, database: str) -> psycopg.Connection:
        """Return a connection; the server is started if it is down, and waited for while it
        recovers.
        """
        host = str(start_server(self.home))
        while True:
            try:
                return psycopg.connect(host=host, user=SUPERUSER, dbname=database, autocommit=True)
            except psycopg.OperationalError as error:
                if not any(
                    said in str(error)
                    for said in ("not yet accepting", "starting up", "recovery mode")
                ):
                    raise

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        return embedded_url(start_server(self.home), database).render_as_string(hide_password=False)

    def new_database(self) -> str:
        """Make a fresh database with our schema; return its name."""
        name = f"fault_{os.getpid()}_{next(_numbers)}"
        self.execute("postgres", f"CREATE DATABASE {name} TEMPLATE template_dunning")
        return name

    def drop(self, database: str) -> None:
        """Drop a database, whoever uses it."""
        self.execute("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def wait_for_the_lock(self, database: str) -> None:
        """Wait until PostgreSQL has noticed that a killed run is gone."""
        self.execute(database, "SELECT pg_advisory_lock(%s)", RUN_LOCK)
        while self.execute(
            "postgres",
            "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            database,
        ):
            pass

    def history(self, database: str) -> History:
        """Return everything of the store that outlives a night."""
        return {name: self.execute(database, query) for name, query in HISTORY.items()}

    def states(self, database: str) -> list[tuple[str, str]]:
        """Return date and state of every run in the order in which they began."""
        return self.execute(database, "SELECT as_of::text, state FROM dunning.runs ORDER BY run_id")

    def kill(self) -> None:
        """Send SIGKILL to the first process of the server; the others end by themselves."""
        process = psutil.Process(self.pid)
        process.send_signal(signal.SIGKILL)
        while server_status(self.home).pid == process.pid:
            pass


@contextmanager
def serve() -> Iterator[Server]:
    """Give a server for as long as the block lasts. It may forget what a crash of the machine would
    cost.
    """
    with tempfile.TemporaryDirectory(prefix="dunning-faults-") as folder:
        server = Server(Path(folder) / "home")
        start_server(server.home)
        try:
            for statement in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):
                server.execute("postgres", statement)
            server.execute("postgres", "CREATE DATABASE template_dunning")
            engine = connect(
                Settings.from_environment(
                    {
                        "DUNNING_HOME": str(server.home),
                        "DUNNING_DATABASE_URL": server.url("template_dunning"),
                    }
                )
            )
            migrate(engine)
            engine.dispose()
            yield server
        finally:
            stop_server(server.home)
