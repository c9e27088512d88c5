"""The same house with the users of FAB, made as docs/access.md tells an operator to make them."""

from collections.abc import Iterator
from importlib.metadata import distributions

import pytest

from tests.browser.fab.people import make_people
from tests.browser.house import House, miss, opened_house


@pytest.fixture(scope="session")
def house(chromium: str) -> Iterator[House]:
    """What `make fab`, the users' commands and `make ui` give; at the end it must stop cleanly."""
    if not any(distributions(name="apache-airflow-providers-fab")):
        miss("FAB is not installed: make setup-fab")
    with opened_house(older=0, people=make_people) as house:
        yield house
