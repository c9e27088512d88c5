"""HTML pages inside Airflow, rendered from `templates/web`, in Bulgarian or English.

Texts are in `templates/web/texts/<page>.<language>.toml`; `t("ageing.title")` is the key `title`
of `ageing`. The words of codes are those of `documents.words`: `code | word`, `code | word("table")`.
"""

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from dunning.core.formats import NBSP
from dunning.core.money import format_count, format_minor
from dunning.core.named_cells import read_cells
from dunning.core.sofia_time import SOFIA
from dunning.documents.words import CODES, TEMPLATES, counted, word_of, word_or_text, words_of

PAGES = TEMPLATES / "web"
_DASH = "–"


def render_page(name: str, language: str, prefix: str, values: Mapping[str, Any]) -> str:
    """Return a page as HTML.

    Args:
        name: of the template below `templates/web`.
        language: of words.LANGUAGES.
        prefix: the address prefix of all pages, without a slash at its end.
        values: what the template and its frame use.

    Raises:
        jinja2.UndefinedError: the template uses what is not there. KeyError: a text is missing.
    """
    return _environment(language, prefix).get_template(name).render(values)


def phrase(language: str, key: str, **values: object) -> str:
    """Return a text with its `{name}` placeholders filled in."""
    page, _, name = key.partition(".")
    return read_texts(page, language)[name].format(**values)


@lru_cache
def read_texts(page: str, language: str) -> dict[str, str]:
    """Return all texts of a page in a language."""
    return tomllib.loads((PAGES / "texts" / f"{page}.{language}.toml").read_text("utf-8"))


def read_static(name: str) -> bytes | None:
    """Return a static file of the pages; None where there is no file of that name."""
    # Only names of existing files are accepted, so that a path cannot leave the folder.
    files = {path.name: path for path in (PAGES / "static").iterdir()}
    return files[name].read_bytes() if name in files else None


@lru_cache
def _environment(language: str, prefix: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(PAGES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        money=write_money,
        day=write_day,
        number=write_number,
        moment=write_moment,
        part=_quote,
        counted=lambda value, what: write_counted(language, value, what),
        word=lambda value, table=CODES: write_word(language, value, table),
        word_or_text=lambda value, table=CODES: write_word_or_text(language, value, table),
        words=lambda value, table=CODES: write_words(language, value, table),
        named_cells=lambda value: write_cells(language, value),
    )
    environment.globals.update(
        t=lambda key, **values: phrase(language, key, **values),
        path=lambda address, **query: _address(prefix, address, query),
        language=language,
        safe_svg=Markup,
    )
    return environment


def write_money(cents: int | None) -> str:
    """Return euro cents as a sum with separated thousands.

    >>> write_money(123456), write_money(-1234505), write_money(None)
    ('1234,56\\xa0€', '-12\\xa0345,05\\xa0€', '–')
    """
    if cents is None:
        return _DASH
    return f"{format_minor(cents)}{NBSP}€"


def write_number(value: int | None) -> str:
    """Return a count with separated thousands, from five digits on.

    >>> write_number(1234), write_number(12345)
    ('1234', '12\\xa0345')
    """
    return _DASH if value is None else format_count(int(value))


def write_counted(language: str, value: int, what: str) -> str:
    """Return a count with its noun.

    >>> write_counted("bg", 21, "row"), write_counted("en", 1, "row")
    ('21 реда', '1 row')
    """
    return counted(language, value, what)


def write_day(day: date | str | None) -> str:
    """Return a day as dd.mm.yyyy; ISO text is accepted, too.

    >>> write_day(date(2026, 11, 22)), write_day("2026-11-22"), write_day(None)
    ('22.11.2026', '22.11.2026', '–')
    """
    if not day:
        return _DASH
    return f"{date.fromisoformat(day) if isinstance(day, str) else day:%d.%m.%Y}"


def write_moment(moment: datetime | None) -> str:
    """Return an instant in Sofia time."""
    return _DASH if moment is None else f"{moment.astimezone(SOFIA):%d.%m.%Y %H:%M}"


def write_word(language: str, code: str | None, table: str = CODES) -> str:
    """Return the word for a code; a dash where there is none.

    >>> write_word("bg", "court_bound"), write_word("en", None)
    ('за съд', '–')
    """
    return word_of(language, code, table) if code else _DASH


def write_word_or_text(language: str, text: str | None, table: str = CODES) -> str:
    """Return the word if a text is a known code, else the text; a dash for no text."""
    return word_or_text(language, text, table) if text else _DASH


def write_words(language: str, codes: str | None, table: str = CODES) -> str:
    """Return the words for several codes, separated by spaces; a dash where there is none."""
    return words_of(language, codes or "", table) or _DASH


def write_cells(language: str, text: str) -> str:
    """Return the cells of a refused row as text, each with its column name.

    >>> write_cells("bg", 'issued_on="31.02.2026"; due_on=""')
    'колона issued_on: „31.02.2026“; колона due_on: празно'
    """
    texts = [
        phrase(language, "lists.cell" if value else "lists.cell_empty", column=name, value=value)
        for name, value in read_cells(text)
    ]
    return "; ".join(texts)


def _address(prefix: str, address: str, query: Mapping[str, object]) -> str:
    given = "&".join(
        f"{name}={quote(str(value), safe='')}"
        for name, value in query.items()
        if value not in (None, "")
    )
    return f"{prefix}{address}{'?' if given else ''}{given}"


def _quote(value: object) -> str:
    """Return a value, quoted as one part of a URL."""
    return quote(str(value), safe="")
