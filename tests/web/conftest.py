"""Pages asked over HTTP by people of every role, in a home of the test's own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dunning.jobs.desk.session import open_session
from tests.jobs.conftest import new_home as new_home  # the fixture
from tests.kept_nights import kept as kept  # the fixture
from tests.web.routes import PEOPLE

if TYPE_CHECKING:
    from starlette.testclient import TestClient

Ask = Callable[..., "TestClient"]
PREFIX = "/dunning"


@dataclass(frozen=True)
class Airflow:
    """Airflow's whole API server in this process, our plugin in it as the entry point brings it."""

    app: Any
    login: Any

    def token(self, name: str, role: str = "", seconds: int = 3600) -> str:
        """Return what Airflow's login gives a user."""
        from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

        user = SimpleAuthManagerUser(username=name, role=role or PEOPLE[name][0])
        return self.login.generate_jwt(user, expiration_time_in_seconds=seconds)

    def browser(self, token: str = "", language: str = "") -> "TestClient":
        """Return a browser with this session (none if it is empty), which asks for pages and goes
        nowhere by itself.
        """
        from starlette.testclient import TestClient

        cookies = {"_token": token, "dunning_language": language}
        return TestClient(
            self.app,
            base_url="http://localhost",
            client=("127.0.0.1", 50_000),
            follow_redirects=False,
            raise_server_exceptions=False,
            cookies={name: value for name, value in cookies.items() if value},
            headers={"accept": "text/html"},
        )


@pytest.fixture(scope="session")
def airflow_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Airflow's settings in a home of their own."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        environment.setenv("AIRFLOW__API__SECRET_KEY", "a secret of the test")
        environment.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "a secret of the test".zfill(64))
        yield


@pytest.fixture(scope="session")
def whole_airflow(airflow_settings: None) -> Airflow:
    """Airflow with the pages; of its tables only those that the login and the what-ifs ask."""
    from airflow import settings
    from airflow.api_fastapi.app import create_app, get_auth_manager
    from airflow.models.dagrun import DagRun
    from airflow.models.revoked_token import RevokedToken
    from airflow.models.taskinstance import TaskInstance

    app = create_app("core")
    for model in (RevokedToken, DagRun, TaskInstance):
        model.__table__.create(settings.engine, checkfirst=True)
    return Airflow(app, get_auth_manager())


@pytest.fixture
def airflow(whole_airflow: Airflow, home: Path) -> Iterator[Airflow]:
    """The same with a home of the test's own, in which everybody of PEOPLE has his role."""
    told = "".join(f'[people.{name}]\nrole = "{role}"\n' for name, (_, role) in PEOPLE.items())
    (home / "people.toml").write_text(told, "utf-8")
    open_session.cache_clear()
    yield whole_airflow
    open_session().engine.dispose()
    open_session.cache_clear()


@pytest.fixture
def browse(airflow_settings: None, home: Path) -> Iterator[Ask]:
    """Give a browser of somebody whom Airflow knows: a role, a language, a name (the role's, if
    none is given).
    """
    from starlette.testclient import TestClient

    from dunning.web.access import Person, find_person
    from dunning.web.app import build_app

    open_session.cache_clear()

    def open_browser(role: str, language: str = "bg", name: str = "") -> TestClient:
        app = build_app()
        app.dependency_overrides[find_person] = lambda: Person(name or role, role, language)
        return TestClient(app, follow_redirects=False)

    yield open_browser
    open_session().engine.dispose()
    open_session.cache_clear()
