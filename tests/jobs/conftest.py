"""A sample ledger for the whole session, one undisturbed night of it, and homes beside the test's
own.
"""

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from dunning.gateways.postgres.database import connect
from dunning.gateways.postgres.server import SUPERUSER, embedded_url
from dunning.gateways.settings.environment import Settings
from dunning.sample import write_sample
from tests.jobs.nights import AS_OF, FRESH_UNTIL, Night, copy_ledger, nightly
from tests.kept_nights import kept as kept  # the fixture

_numbers = itertools.count(1)
MakeHome = Callable[[Path], AbstractContextManager[Engine]]


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample ledger of 500 accounts whose manifest speaks for `AS_OF`."""
    return write_sample(tmp_path_factory.mktemp("sample") / "ledger", 500, 7, AS_OF).folder


@pytest.fixture(scope="session")
def lasting_sample(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same ledger with a manifest that speaks for a later day, so that many nights can be run
    on it.
    """
    folder = copy_ledger(sample, tmp_path_factory.mktemp("lasting") / "ledger")
    told = (folder / "manifest.json").read_text("utf-8")
    assert told.count(AS_OF.isoformat()) == 1
    (folder / "manifest.json").write_text(
        told.replace(AS_OF.isoformat(), FRESH_UNTIL.isoformat()), "utf-8"
    )
    return folder


@pytest.fixture(scope="session")
def new_home(postgres: Path) -> MakeHome:
    """Makes another home with a database of its own, for as long as a `with` block, and gives its
    engine.
    """

    @contextmanager
    def make(home: Path) -> Iterator[Engine]:
        name = f"home_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(
            host=str(postgres), user=SUPERUSER, dbname="postgres", autocommit=True
        ) as server:
            server.execute(f"CREATE DATABASE {name} TEMPLATE template_dunning")
            url = embedded_url(postgres, name).render_as_string(hide_password=False)
            settings = Settings.from_environment(
                {"DUNNING_HOME": str(home), "DUNNING_DATABASE_URL": url}
            )
            home.mkdir(mode=0o700, parents=True)
            with pytest.MonkeyPatch.context() as environment:
                for variable, value in settings.to_environment().items():
                    environment.setenv(variable, value)
                engine = connect(settings, "test")
                yield engine
                engine.dispose()
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    return make


@pytest.fixture(scope="session")
def sample_night(
    sample: Path, new_home: MakeHome, tmp_path_factory: pytest.TempPathFactory
) -> Night:
    """One undisturbed night of the sample in a home that nothing else uses; its files stay for the
    session.
    """
    folder = tmp_path_factory.mktemp("night")
    with new_home(folder / "home"):
        night = nightly(sample, folder / "out")
    assert night.code == 0, night.told
    return night
