"""One Airflow with the pages for all browser tests, one Chromium, and desks of whoever is
needed.
"""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.desk import PREFIX, Desk, log_in
from tests.browser.house import House, miss, opened_house

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is; `make test` installs it where it may."""
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    return found or miss(
        "There is no Chromium; `apt-get install chromium` as root, then `make test` again"
    )


@pytest.fixture(scope="session")
def house(chromium: str) -> Iterator[House]:
    """Everything that `make ui` starts; at the end it must stop cleanly."""
    with opened_house() as house:
        yield house


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium without a screen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def desk(house: House, browser: Browser) -> Iterator[Callable[..., Desk]]:
    """Open the desk of somebody (of nobody, for an empty name); no error may be left over at its
    end.

    language: `bg` or `en`. Other options are Playwright's own for a window.
    """
    desks: list[Desk] = []

    def take(name: str, language: str = "", **options: Any) -> Desk:
        options = {"viewport": {"width": 1280, "height": 900}, "locale": "bg-BG", **options}
        if name and name not in house.sessions:
            house.sessions[name] = log_in(house, browser, name)
        context = browser.new_context(storage_state=house.sessions.get(name), **options)
        context.set_default_timeout(20_000)
        if language:
            where = {"domain": "localhost", "path": PREFIX}
            context.add_cookies([{"name": "dunning_language", "value": language, **where}])
        desks.append(Desk(house, context, name))
        return desks[-1]

    yield take
    for each in desks:
        each.context.close()
    assert [error for each in desks for error in each.errors] == []
