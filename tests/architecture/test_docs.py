"""The pages of the documentation name files and modules that are there."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = ["README.md", *sorted(f"docs/{page.name}" for page in (REPOSITORY / "docs").glob("*.md"))]
NAMED = re.compile(r"`((?:dunning|dags|tests|templates|sql|docs|deploy)/[\w./-]+?)/?`")
MODULE = re.compile(r"`(?:[\w/]+/)?(\w+\.py)`")


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page):
    named = set(NAMED.findall((REPOSITORY / page).read_text("utf-8")))

    assert sorted(path for path in named if not (REPOSITORY / path).exists()) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_module_that_a_page_names_is_there(page):
    named = set(MODULE.findall((REPOSITORY / page).read_text("utf-8")))

    folders = ("dunning", "dags", "tests", "deploy")
    known = {path.name for folder in folders for path in (REPOSITORY / folder).rglob("*.py")}
    assert sorted(named - known) == []


def test_the_page_about_the_code_names_files():
    assert len(NAMED.findall((REPOSITORY / "docs/code.md").read_text("utf-8"))) > 20
