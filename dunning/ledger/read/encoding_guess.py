"""Guess the encoding in which a text file reads as Bulgarian, if it is not good cp1251 or UTF-8.

Single letters (`г.`), no-break spaces and the few signs of a file are no evidence; capitals alone
are as good as small letters. What counts is which letters follow each other in words, whether
capitals are inside them, and signs that no word has.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from dunning.ledger.read.encodings import decode_text, undo_once

LETTERS = "абвгдежзийклмнопрстуфхцчшщъьюя"

# How rare it is that one letter follows another (bits; the first row and column: a word's edge).
# Counted in Bulgarian prose, names and addresses.
_RARITY = (
    "9654645944845544353576776989998",
    "2964749759555539545399878869998",
    "5395964993993953936759799945996",
    "3299783983965944956699896994996",
    "5298964993994952638869999998999",
    "3395873793976743647959999994996",
    "2985749668754627745397966799999",
    "4259923973969947999699999997999",
    "5264744964974545465469776998998",
    "2996764849754547754498755679994",
    "2999969999943933994299999999999",
    "3296996993994972955469979994979",
    "3387673682969853898859999997954",
    "4277982993987953796969999999995",
    "3299863992969962997579998998996",
    "2943547777655558544397975869996",
    "6499994993973792927969999994999",
    "4286663593979853995659899895996",
    "4495894994944555449269999993996",
    "3286782974969962848869998995997",
    "4664468496864359433677795579997",
    "9199995992959994969969599999699",
    "4383888885888542838558858886888",
    "3265992992999996999999997999995",
    "4394992992946946999989999799999",
    "5496991993975536959959999967999",
    "4299992993999943999569999995999",
    "9965649659953665624499965949799",
    "4666666666466662666666666666636",
    "8868568888882888843488881888885",
    "1873969959955439966399799999999",
)
_FOREIGN, _MIXED, _FRAME = (
    10,
    6,
    12,
)  # bits: a letter that Bulgarian lacks, a capital inside a word, a sign of no text
_SIGN_INSIDE, _SIGN_BESIDE = 9, 2
# Bits by which another encoding must fit better in all; more where its letters are letters in
# cp1251 too.
_MARGINS = {"mik": 10, "cp866": 10, "koi8-r": 20, "iso-8859-5": 20}
_MARGIN_PER_WORD = 2
_WORDS_MAX = 5_000
_ASCII_AS_SPACE = bytes.maketrans(bytes(range(0x80)), b" " * 0x80)
_DAY_MARK = re.compile(rb"(?<=[0-9 \xa0])\xa0*\xe3\.")  # `22.11.2026 г.` in cp1251
_KIN = "ыэёђѓєѕіїјљњћќўџґ"
_MARKS = "„“”‘’‚‛«»‹›–—…•№§©®™€"  # signs found beside words in real texts
_TWICE = {
    name: re.compile(f"(?:[{first}][{second}]){{2,}}")
    for name, first, second in (
        ("cp1252", "ÐÑ", "\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122"),
        (
            "cp1251",
            "РС",
            "\u0080-\u00bf\u0401-\u040f\u0451-\u045f\u0490\u0491\u2013-\u203a\u20ac\u2116\u2122",
        ),
        ("cp866", "╨╤", "А-п░▒▓│┤╡╢╖╕╣║╗╝╜╛┐"),
    )
}
_LETTERS_TWICE = 3


@dataclass(frozen=True)
class Suspicion:
    """The most likely encodings of a file, and the first word that shows it.

    Several encodings where the words are the same in each.
    """

    encodings: tuple[str, ...]
    word: bytes


def suspect_single(words: Collection[bytes]) -> Suspicion | None:
    """Return the encoding in which these words read clearly better, or None for good cp1251.

    >>> suspect_single(["Иван".encode("cp866"), "Петров".encode("cp866")]).encodings
    ('cp866',)
    """
    some = list(words)
    bits = {name: [_weigh(word, name) for word in some] for name in ("cp1251", *_MARGINS)}
    sums = {name: sum(of) for name, of in bits.items()}
    best = min(_MARGINS, key=lambda name: sums[name])
    # Bits of all words, each the sum over its pairs of letters, word edges (_) included:
    # Иван in cp1251   _и ив ва ан н_     few bits: common pairs
    # the same bytes, wrongly decoded      many bits: rare pairs, frames, capitals inside
    gain = sums["cp1251"] - sums[best]
    if gain < max(_MARGINS[best], _MARGIN_PER_WORD * len(some)):
        return None
    # For the message: the first word that the other encoding reads better.
    clearest = next(i for i in range(len(some)) if bits["cp1251"][i] > bits[best][i])
    return Suspicion(tuple(name for name in _MARGINS if sums[name] == sums[best]), some[clearest])


def add_words(data: bytes, known: dict[bytes, None]) -> bool:
    """Add the different words of some bytes to those known; return whether they are enough."""
    if b"\xe3." in data:
        data = _DAY_MARK.sub(b"", data)
    # A few words may be in a file a million times: each different run of letters once, in the
    # order of the file.
    for run in dict.fromkeys(data.translate(_ASCII_AS_SPACE).split()):
        word = run.strip(b"\xa0")
        if len(word) > 1:
            known.setdefault(word)
            if len(known) >= _WORDS_MAX:
                return True
    return False


def suspect_twice(text: str) -> Suspicion | None:
    """Return a suspicion where a UTF-8 text has words that were encoded as UTF-8 twice."""
    for name, pairs in _TWICE.items():
        found = [match.group() for match in pairs.finditer(text)]
        real = [word for word in found if _reads_once(word, name)]
        if sum(len(word) // 2 for word in real) >= _LETTERS_TWICE:
            return Suspicion(("utf-8-twice",), real[0].encode())
    return None


def _reads_once(word: str, name: str) -> bool:
    once = undo_once(word, name)
    if once is None:
        return False
    letters = once.decode("utf-8", "replace").lower()
    return all(letter in LETTERS or letter in "ыэ" for letter in letters)


@cache
def _weigh(word: bytes, encoding: str) -> float:
    """Return how unlike Bulgarian a word is, in bits; parts beside signs count as words."""
    text = "".join(_decode_byte(byte, encoding) for byte in word)
    bits, before, is_small = 0.0, 0, False
    for at, letter in enumerate(text):
        small = letter.lower()
        place = LETTERS.find(small) + 1
        if place:
            bits += int(_RARITY[before][place])
            bits += _MIXED if is_small and letter != small else 0
            before, is_small = place, letter == small
        elif small in _KIN:
            bits += _FOREIGN + (_MIXED if is_small and letter != small else 0)
            before, is_small = 0, letter == small
        elif letter == "\u00a0":
            before, is_small = 0, False
        else:
            is_beside = at in (0, len(text) - 1)
            bits += (_SIGN_BESIDE if is_beside else _SIGN_INSIDE) if letter in _MARKS else _FRAME
            before, is_small = 0, False
    return bits + (int(_RARITY[before][0]) if before else 0)


@cache
def _decode_byte(byte: int, encoding: str) -> str:
    try:
        return decode_text(bytes((byte,)), encoding)
    except UnicodeDecodeError:
        return "\ufffd"
