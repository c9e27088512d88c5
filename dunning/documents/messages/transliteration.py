"""Bulgarian in Latin letters by the law, and texts reduced to the basic SMS alphabet.

Source: Закон за транслитерацията (2009): „ия“ at the end of a word becomes „ia“, „ьо“ and „йо“
become „yo“, „България“ becomes „Bulgaria“.
"""

import re

_LETTERS = {
    "а": "a",
    "б": "b",
    "в": "v",
    "г": "g",
    "д": "d",
    "е": "e",
    "ж": "zh",
    "з": "z",
    "и": "i",
    "й": "y",
    "к": "k",
    "л": "l",
    "м": "m",
    "н": "n",
    "о": "o",
    "п": "p",
    "р": "r",
    "с": "s",
    "т": "t",
    "у": "u",
    "ф": "f",
    "х": "h",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "sht",
    "ъ": "a",
    "ь": "y",
    "ю": "yu",
    "я": "ya",
    "ѝ": "i",
}
_SIGNS = str.maketrans(
    {
        "№": "No",
        "…": "...",
        "€": "EUR",
        "„": '"',
        "“": '"',
        "”": '"',
        "«": '"',
        "»": '"',
        "–": "-",
        "—": "-",
        "’": "'",
        "‘": "'",
        "\N{NO-BREAK SPACE}": " ",
        "\N{NARROW NO-BREAK SPACE}": " ",
    }
)
_WORD = re.compile(r"[А-Яа-яЍѝ]+")
_BULGARIA = re.compile(r"българия", re.IGNORECASE)
_ENDING = re.compile(r"ия$", re.IGNORECASE)
_SOFT = re.compile(r"[ьй]о", re.IGNORECASE)


def transliterate(text: str) -> str:
    """Return a text with each Bulgarian word in Latin letters.

    >>> transliterate("София, Йоана и Вилияна: ЩЪРКЕЛ, Шофьор, България")
    'Sofia, Yoana i Viliyana: SHTARKEL, Shofyor, Bulgaria'
    """
    return _WORD.sub(lambda found: _transliterate_word(found.group()), text)


def write_plainly(text: str) -> str:
    """Return a text in Latin letters and signs of the basic SMS alphabet.

    >>> write_plainly("По аб. № …4217 има 84,20 евро")
    'Po ab. No ...4217 ima 84,20 EUR'
    """
    return transliterate(text.replace("евро", "EUR")).translate(_SIGNS)


def _transliterate_word(word: str) -> str:
    # Exceptions of the law first, on the Cyrillic word; the table of letters does the rest.
    latin = _SOFT.sub("yo", _ENDING.sub("ia", _BULGARIA.sub("bulgaria", word.lower())))
    latin = "".join(_LETTERS.get(letter, letter) for letter in latin)
    if word.isupper() and len(word) > 1:
        return latin.upper()
    return latin[0].upper() + latin[1:] if word[0].isupper() else latin
