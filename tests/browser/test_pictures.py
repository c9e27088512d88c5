"""The pictures of the README: made when asked for (DUNNING_PICTURES=1), in the house of the
tests.
"""

import os

import pytest

from tests.browser.house import REPOSITORY

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not os.environ.get("DUNNING_PICTURES"), reason="pictures are made when asked for"
    ),
]
QUERY = """
SELECT premise_no, payer_code FROM proposals
WHERE list = 'disconnections' AND state = 'proposed' AND as_of = (SELECT max(as_of) FROM proposals)
ORDER BY principal_cents DESC LIMIT 1
"""


@pytest.mark.parametrize(
    ("name", "path"),
    [("tonight", "/"), ("account", "/accounts/{}/{}"), ("lists", "/lists/disconnections")],
    ids=["tonight", "account", "lists"],
)
def test_a_picture_is_made(desk, house, name, path):
    page = desk("head", viewport={"width": 1280, "height": 860}).visit("/plugin/collections")
    page.frame_locator("iframe").get_by_role("heading", level=1).wait_for()
    frame = page.frames[-1]

    frame.goto(f"{house.address}/dunning{path.format(*house.fetch(QUERY)[0])}")
    frame.get_by_role("heading", level=1).wait_for()

    picture = REPOSITORY / "docs" / "pictures" / f"{name}.png"
    page.screenshot(path=picture)
    assert picture.stat().st_size > 10_000
