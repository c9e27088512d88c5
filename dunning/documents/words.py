"""The Bulgarian or English word for each code, from `templates/words/bg.toml` and `en.toml`.

Pages, commands, DAGs, files and mails take their words here. A code without a word is an error.
CSV and Parquet files keep the contract's codes.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from dunning.core.errors import DunningError
from dunning.core.money import format_count

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
# The tables of a file whose codes mean the same everywhere, as one table.
CODES = "code"


class UnknownWordError(DunningError):
    """Raised for a code without a word."""


@dataclass(frozen=True)
class Words:
    """All words of a language.

    tables: words by table and code; CODES holds all tables below `[code]`.
    forms: singular and plural by table and code.
    """

    tables: Mapping[str, Mapping[str, str]]
    forms: Mapping[str, Mapping[str, tuple[str, str]]]


@lru_cache
def read_words(language: str) -> Words:
    """Return all words of a language.

    Raises:
        DunningError: a code is in two tables below `[code]`.
    """
    path = TEMPLATES / "words" / f"{language}.toml"
    tables = tomllib.loads(path.read_text("utf-8"))
    common = _join_codes(tables.pop(CODES), path)
    forms = {name: table for name, table in tables.items() if _has_forms(table)}
    return Words(
        tables={CODES: common, **{name: tables[name] for name in tables if name not in forms}},
        forms={
            name: {code: (one, several) for code, (one, several) in table.items()}
            for name, table in forms.items()
        },
    )


def _join_codes(tables: Mapping[str, Mapping[str, str]], path: Path) -> dict[str, str]:
    """Return the tables below `[code]`, joined into one."""
    joined: dict[str, str] = {}
    for name, table in tables.items():
        twice = sorted(joined.keys() & table.keys())
        if twice:
            raise DunningError(
                f"{path.name}, [code.{name}]: {', '.join(twice)} stands in another table of [code], "
                "so a code would have two words. Give the second meaning a table of its own."
            )
        joined |= table
    return joined


def _has_forms(table: Mapping[str, Any]) -> bool:
    return any(isinstance(word, list) for word in table.values())


def word_of(language: str, code: str, table: str = CODES) -> str:
    """Return the word for a code.

    >>> word_of("bg", "court_bound"), word_of("en", "court_bound")
    ('за съд', 'for court')
    >>> word_of("bg", "overdue"), word_of("bg", "overdue", "message")
    ('просрочено', 'напомняне')

    Raises:
        UnknownWordError: the code has none in this table.
    """
    try:
        return read_words(language).tables[table][code]
    except KeyError:
        raise _unknown(language, code, table) from None


def word_or_text(language: str, text: str, table: str = CODES) -> str:
    """Return the word if a text of the ledger is a known code; else the text itself.

    >>> word_or_text("bg", "post"), word_or_text("bg", "по куриер")
    ('писмо', 'по куриер')
    """
    return read_words(language).tables[table].get(text, text)


def words_of(language: str, codes: str, table: str = CODES) -> str:
    """Return the words for several codes, separated by spaces.

    >>> words_of("bg", "sms post"), words_of("bg", "")
    ('SMS; писмо', '')
    """
    return "; ".join(word_of(language, code, table) for code in codes.split())


def table_of(language: str, table: str) -> Mapping[str, str]:
    """Return the words of a table by code, in file order."""
    return read_words(language).tables[table]


def counted(language: str, number: int, what: str, table: str = "counted") -> str:
    """Return a number with its noun, in the singular for 1 and in the plural for other numbers.

    >>> [counted("bg", n, "row") for n in (0, 1, 2, 11, 21, 12345)]
    ['0 реда', '1 ред', '2 реда', '11 реда', '21 реда', '12\\xa0345 реда']
    >>> counted("en", 1, "row"), counted("en", 2, "row")
    ('1 row', '2 rows')
    """
    return f"{format_count(number)} {form(language, number, what, table)}"


def form(language: str, number: int, what: str, table: str = "counted") -> str:
    """Return the singular or plural form of a noun for a number.

    Raises:
        UnknownWordError: this table has no such word.
    """
    try:
        one, several = read_words(language).forms[table][what]
    except KeyError:
        raise _unknown(language, what, table) from None
    return one if number == 1 else several


def _unknown(language: str, code: str, table: str) -> UnknownWordError:
    return UnknownWordError(
        f"templates/words/{language}.toml has no word for {code!r} in [{table}], so a person would read "
        "the code. Write the word into the files of both languages."
    )
