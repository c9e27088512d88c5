"""Parts of an SMS by the standard's rules, and Bulgarian in Latin letters by the law."""

import pyarrow as pa
import pytest

from dunning.documents.messages.sms import count_parts, count_parts_column
from dunning.documents.messages.transliteration import transliterate, write_plainly

MESSAGES = {
    "": 1,
    "a" * 160: 1,
    "a" * 161: 2,
    "a" * 306: 2,
    "a" * 307: 3,
    "a" * 158 + "€": 1,
    "a" * 159 + "€": 2,
    "€" * 80: 1,
    "€" * 81: 2,
    # The euro sign's two septets do not fit behind 152 others of the first part.
    "a" * 152 + "€" + "a" * 152: 3,
    "a" * 151 + "€" + "a" * 153: 2,
    "я" * 70: 1,
    "я" * 71: 2,
    "я" * 134: 2,
    "я" * 135: 3,
    "a" * 69 + "я": 1,
    "a" * 70 + "я": 2,
    # A pair of surrogates counts as two and is not split: 33 to a part of 67 units.
    "😀" * 35: 1,
    "😀" * 36: 2,
    "😀" * 66: 2,
    "😀" * 67: 3,
    "Ä{[~]}\n@£": 1,
    "№" * 71: 2,
    "\N{NO-BREAK SPACE}" + "a" * 70: 2,
}


@pytest.mark.parametrize(("message", "parts"), MESSAGES.items())
def test_parts(message: str, parts: int) -> None:
    assert parts == count_parts(message)


def test_a_column_of_messages_counts_as_each_of_them() -> None:
    assert list(MESSAGES.values()) == count_parts_column(pa.array(list(MESSAGES))).tolist()


@pytest.mark.parametrize(
    ("bulgarian", "latin"),
    [
        ("София", "Sofia"),
        ("Мария", "Maria"),
        ("Вилияна", "Viliyana"),
        ("България", "Bulgaria"),
        ("Топлофикация България ЕАД", "Toplofikatsia Bulgaria EAD"),
        ("ЩЪРКЕЛ", "SHTARKEL"),
        ("Щастие", "Shtastie"),
        ("Йоана", "Yoana"),
        ("йод", "yod"),
        ("Кольо", "Kolyo"),
        ("Шофьор", "Shofyor"),
        ("джудже", "dzhudzhe"),
        ("дзън", "dzan"),
        ("ѝ", "i"),
        ("СОФИЯ", "SOFIA"),
        ("Хасково", "Haskovo"),
        ("Цар Ъгъл", "Tsar Agal"),
        ("Я", "Ya"),
        ("яйце, гюл и шапка", "yaytse, gyul i shapka"),
        ("abc 123", "abc 123"),
    ],
)
def test_transliteration_of_the_law(bulgarian: str, latin: str) -> None:
    assert latin == transliterate(bulgarian)


def test_a_plain_message_is_one_part() -> None:
    message = "Топлоснабдяване: по аб. № …4217 има 84,20 евро – „срок“ 15.10. Ако сте платили, благодарим. 0700 11 111"

    assert (2, 1) == (count_parts(message), count_parts(write_plainly(message)))
