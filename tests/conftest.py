"""Fixtures that every test may use: a PostgreSQL of the session, and a fresh migrated database of
it for each test.
"""

import itertools
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import Engine

from dunning.gateways.postgres.database import connect
from dunning.gateways.postgres.migrations import migrate
from dunning.gateways.postgres.server import SUPERUSER, embedded_url, start_server, stop_server
from dunning.gateways.settings.environment import Settings

if TYPE_CHECKING:
    from tests.object_stores import Line, Store

_numbers = itertools.count(1)
# Files of minutes: begun first, so that no worker is left alone with one of them at the end.
_LONG = (
    "tests/faults/",
    "tests/dags/",
    "tests/jobs/test_check_policy.py",
    "tests/fuzz/",
    "tests/benchmarks/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; the order of all others stays."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Path]:
    """The socket folder of a server for the whole session, stopped at its end.

    Its database `template_dunning` has our schema. It may forget what a crash of the machine would
    cost (fsync off). It has a folder of its own because pytest closes its temporary one to others,
    and root's server is another user's.
    """
    with tempfile.TemporaryDirectory(prefix="dunning-tests-") as folder:
        yield from _serve(Path(folder) / "home")


def _serve(home: Path) -> Iterator[Path]:
    socket_dir = start_server(home)
    try:
        _execute(
            socket_dir,
            "ALTER SYSTEM SET fsync = off",
            "ALTER SYSTEM SET full_page_writes = off",
            "SELECT pg_reload_conf()",
            "CREATE DATABASE template_dunning",
        )
        engine = connect(_settings(home, socket_dir, "template_dunning"))
        migrate(engine)
        engine.dispose()
        yield socket_dir
    finally:
        stop_server(home)


@pytest.fixture
def empty_settings(postgres: Path, tmp_path: Path) -> Iterator[Settings]:
    """Settings with a home of the test's own and an empty database, without our schema."""
    yield from _with_database(postgres, tmp_path / "home", "template1")


@pytest.fixture
def settings(postgres: Path, tmp_path: Path) -> Iterator[Settings]:
    """Settings with a home of the test's own and a fresh database with our schema, on the session's
    server.
    """
    yield from _with_database(postgres, tmp_path / "home", "template_dunning")


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """An engine of the test's own fresh database with our schema."""
    engine = connect(settings, "test")
    yield engine
    engine.dispose()


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of a user who has the test's own database, both set in the environment, as commands
    read it.
    """
    for name, value in settings.to_environment().items():
        monkeypatch.setenv(name, value)
    settings.home.mkdir(mode=0o700, exist_ok=True)
    return settings.home


@pytest.fixture(scope="session")
def line() -> "Iterator[Line]":
    """An S3 server for the whole session, and the line in front of it."""
    from tests.object_stores import serve_line

    with serve_line() as line:
        yield line


@pytest.fixture
def store(line: "Line") -> "Iterator[Store]":
    """A bucket of the test's own, to which the environment leads."""
    from tests.object_stores import open_store

    with open_store(line) as store:
        yield store


def _with_database(socket_dir: Path, home: Path, template: str) -> Iterator[Settings]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    # by copying files: made and dropped a fifth faster than through the log
    _execute(socket_dir, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    yield _settings(home, socket_dir, name)
    _execute(socket_dir, f"DROP DATABASE {name} WITH (FORCE)")


def _settings(home: Path, socket_dir: Path, database: str) -> Settings:
    url = embedded_url(socket_dir, database).render_as_string(hide_password=False)
    return Settings.from_environment({"DUNNING_HOME": str(home), "DUNNING_DATABASE_URL": url})


def _execute(socket_dir: Path, *statements: str) -> None:
    with psycopg.connect(
        host=str(socket_dir), user=SUPERUSER, dbname="postgres", autocommit=True
    ) as connection:
        for statement in statements:
            connection.execute(statement)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the fuzz tried, where it ran; under xdist the counts come with the reports."""
    told = [
        text
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, text in getattr(report, "user_properties", [])
        if name == "fuzz" and report.when == "call"
    ]
    if told:
        from tests.fuzz.batches import show_counts

        counts: Counter[tuple[str, str]] = Counter()
        for kind, outcome, number in (row for text in told for row in json.loads(text)):
            counts[kind, outcome] += number
        terminalreporter.section("fuzz of the door")
        terminalreporter.write_line(show_counts(counts))
