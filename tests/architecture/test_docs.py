"""The pages about the code name files that are there."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`((?:dunning|dags|tests|templates|sql|docs|deploy)/[\w./-]+?)/?`")


@pytest.mark.parametrize("page", ["docs/code.md", "README.md"])
def test_every_file_that_a_page_names_is_there(page):
    named = set(NAMED.findall((REPOSITORY / page).read_text("utf-8")))

    assert named
    assert sorted(path for path in named if not (REPOSITORY / path).exists()) == []
