"""The pages' texts and words: complete in both languages, every key that a template asks for is
there.
"""

import re
import tomllib

import pytest

from dunning.core.words import LANGUAGES
from dunning.documents.pages.html import PAGES, read_static, render_page
from dunning.documents.words import read_words

TEXTS = {
    (path.name.split(".")[0], path.name.split(".")[1]): tomllib.loads(path.read_text("utf-8"))
    for path in (PAGES / "texts").glob("*.toml")
}
TEMPLATES = sorted(PAGES.glob("*.html"))
ASKED = re.compile(r'\bt\(\s*"([a-z_]+)\.([a-z0-9_-]+)"(?!\s*~)')


@pytest.mark.parametrize("page", sorted({page for page, _ in TEXTS}))
def test_both_languages_say_the_same_things(page):
    bulgarian, english = (TEXTS[(page, language)] for language in LANGUAGES)
    assert bulgarian.keys() == english.keys()
    placed = re.compile(r"{(\w+)}")
    assert {k: sorted(placed.findall(v)) for k, v in bulgarian.items()} == {
        k: sorted(placed.findall(v)) for k, v in english.items()
    }


@pytest.mark.parametrize("page", sorted({page for page, _ in TEXTS}))
def test_bulgarian_is_written_in_cyrillic(page):
    names = {"other_language", "csv", "xlsx"}
    latin = {
        k: v
        for k, v in TEXTS[(page, "bg")].items()
        if k not in names and not re.search("[А-Яа-я]", v)
    }
    assert {
        k: v for k, v in latin.items() if re.search("[A-Za-z]{4,}", re.sub(r"\{\w+\}", "", v))
    } == {}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_every_text_that_a_template_asks_for_is_there(template):
    asked = ASKED.findall(template.read_text("utf-8"))
    assert [(page, key) for page, key in asked if key not in TEXTS[(page, "bg")]] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_every_table_of_words_that_a_template_asks_for_is_there(template):
    asked = set(re.findall(r'\bwords?\("([a-z_]+)"\)', template.read_text("utf-8")))
    assert asked - read_words("bg").tables.keys() == set()


def test_what_a_page_shows_is_escaped():
    page = render_page(
        "error.html",
        "bg",
        "/dunning",
        {"person": None, "reason": "refused", "detail": "<script>x</script>", "user_name": ""},
    )
    assert "&lt;script&gt;" in page
    assert "<script>x" not in page


@pytest.mark.parametrize("name", ["../frame.html", "frame.html", "style.css/", "", ".."])
def test_only_files_meant_for_pages_are_given(name):
    assert read_static(name) is None


def test_nothing_is_fetched_from_elsewhere():
    texts = [path.read_text("utf-8") for path in [*TEMPLATES, *(PAGES / "static").iterdir()]]
    assert [
        text for text in texts if re.search(r"(?:src|href|url\()\s*=?\s*[\"\']?https?://", text)
    ] == []
    assert [
        path.name
        for path in TEMPLATES
        if re.search(r"\sstyle=|\son[a-z]+=", path.read_text("utf-8"))
    ] == []
