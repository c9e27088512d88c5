"""The words of codes: both languages have the same ones, and a code without a word is an error."""

import re
import tomllib

import pyarrow as pa
import pytest

from dunning.core.words import LANGUAGES
from dunning.documents import words
from dunning.documents.lists.columns import translate
from dunning.documents.words import (
    UnknownWordError,
    counted,
    read_words,
    table_of,
    word_of,
    words_of,
)

# Nothing is said where all is well, or where an account is on both sides.
EMPTY = {("notices_state", "done"), ("change_sentence", "moved")}


def read_file(language: str) -> dict[str, dict[str, object]]:
    """Return a file as it is written, the tables below `[code]` by their whole name."""
    path = words.TEMPLATES / "words" / f"{language}.toml"
    tables = tomllib.loads(path.read_text("utf-8"))
    return {**{f"code.{name}": table for name, table in tables.pop("code").items()}, **tables}


def test_both_languages_have_the_same_tables_and_codes_in_the_same_order() -> None:
    keys = [
        [(name, code) for name, table in read_file(language).items() for code in table]
        for language in LANGUAGES
    ]
    assert keys[0] == keys[1]
    assert len(keys[0]) > 600


def test_a_code_has_two_forms_in_both_languages_or_in_none() -> None:
    forms = [
        {(name, code): isinstance(word, list) for name, code, word in entries_of(language)}
        for language in LANGUAGES
    ]
    assert forms[0] == forms[1]
    assert all(
        len(word) == 2
        for language in LANGUAGES
        for _, _, word in entries_of(language)
        if isinstance(word, list)
    )


def test_no_word_is_empty() -> None:
    empty = {
        (name, code)
        for language in LANGUAGES
        for name, code, word in entries_of(language)
        if not all(isinstance(part, str) and part.strip() for part in parts_of(word))
    }
    assert empty == EMPTY


def test_only_abbreviations_are_the_same_in_both_languages() -> None:
    bulgarian, english = (
        {(name, code): str(word) for name, code, word in entries_of(language)}
        for language in LANGUAGES
    )
    same = {word for key, word in bulgarian.items() if english[key] == word}
    assert {word for word in same if re.search("[а-яa-z]{2,}", word)} == set()


def entries_of(language: str) -> list[tuple[str, str, object]]:
    return [
        (name, code, word)
        for name, table in read_file(language).items()
        for code, word in table.items()
    ]


def parts_of(word: object) -> list[object]:
    return word if isinstance(word, list) else [word]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_without_a_word_is_an_error(language: str) -> None:
    with pytest.raises(UnknownWordError, match=rf"words/{language}.toml has no word for 'new_one'"):
        word_of(language, "new_one")
    with pytest.raises(UnknownWordError, match=r"'ready' in \[table\]"):
        word_of(language, "ready", "table")
    with pytest.raises(UnknownWordError, match=r"'new_one' in \[counted\]"):
        counted(language, 1, "new_one")
    with pytest.raises(UnknownWordError, match="new_one"):
        words_of(language, "paid new_one")


def test_a_workbook_with_an_unknown_code_is_not_written() -> None:
    with pytest.raises(UnknownWordError, match="new_one"):
        translate(pa.array(["paid", None, "new_one"]))


def test_what_the_ledger_calls_otherwise_stays_as_it_is() -> None:
    texts = pa.array(["post", "куриер", None])
    assert translate(texts, is_open=True).to_pylist() == ["писмо", "куриер", None]


def test_a_code_below_code_stands_in_one_table() -> None:
    twice = {"list": {"court": "съд"}, "channel": {"court": "по съд", "post": "писмо"}}
    with pytest.raises(words.DunningError, match=r"\[code.channel\]: court stands in another"):
        words._join_codes(twice, words.TEMPLATES / "words/bg.toml")


def test_words_are_read_once() -> None:
    assert read_words("bg") is read_words("bg")
    assert table_of("bg", "table")["holds"] == "задържания"
