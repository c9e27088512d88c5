"""What all fault tests share: a server that may be killed, a warm process, and runs that nobody
disturbed.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.children import Warm, warm
from tests.faults.places import Undisturbed, run_undisturbed
from tests.faults.servers import Server, serve


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A PostgreSQL of these tests alone."""
    with serve() as server:
        yield server


@pytest.fixture(scope="session")
def warm_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warm]:
    """A process that forks runs of the command."""
    with warm(tmp_path_factory.mktemp("printed")) as process:
        yield process


@pytest.fixture(scope="session")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, warm_process: Warm, server: Server
) -> Undisturbed:
    """The nights as they are when nothing happens."""
    return run_undisturbed(tmp_path_factory.mktemp("undisturbed"), warm_process, server)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of the test's own, for places."""
    return tmp_path
