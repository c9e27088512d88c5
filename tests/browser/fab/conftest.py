"""The same house with the users of FAB, made as docs/access.md tells an operator to make them."""

import importlib.util
import os
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.desk import log_in
from tests.browser.fab.people import make_people
from tests.browser.house import House, opened_house


@pytest.fixture(scope="session")
def house(chromium: str) -> Iterator[House]:
    """What `make fab`, the users' commands and `make ui` give; at the end it must stop cleanly."""
    if importlib.util.find_spec("airflow.providers.fab") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("FAB is not installed: make setup-fab")
    with opened_house(people=make_people) as house:
        yield house


@pytest.fixture(scope="session")
def logged_in(house: House, browser: Browser) -> Callable[[str], Any]:
    """What a browser keeps of somebody's login, which happens once."""
    return lru_cache(maxsize=None)(partial(log_in, house, browser))
