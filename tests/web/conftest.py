"""Pages asked over HTTP by people of every role, in a home of the test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dunning.jobs.desk.office import open_office

if TYPE_CHECKING:
    from starlette.testclient import TestClient

Ask = Callable[..., "TestClient"]


@pytest.fixture(scope="session")
def airflow_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Airflow's settings in a home of their own."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        environment.setenv("AIRFLOW__API__SECRET_KEY", "a secret of the test")
        yield


@pytest.fixture
def browse(airflow_settings: None, home: Path) -> Iterator[Ask]:
    """Give a browser of somebody whom Airflow knows: a role, a language, a name (the role's, if none is given)."""
    from starlette.testclient import TestClient

    from dunning.web.access import Person, find_person
    from dunning.web.app import build_app

    open_office.cache_clear()

    def open_browser(role: str, language: str = "bg", name: str = "") -> TestClient:
        app = build_app()
        app.dependency_overrides[find_person] = lambda: Person(name or role, role, language)
        return TestClient(app, follow_redirects=False)

    yield open_browser
    open_office().engine.dispose()
    open_office.cache_clear()
