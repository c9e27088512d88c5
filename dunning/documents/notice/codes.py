"""The two codes of a notice: payment code (QR, EPC069-12) and barcode of the reference (Code 128).

A QR code of one version and mask is linear over GF(2): the picture of a text is that of another
text of the same length, with one known picture laid over it (exclusive or) for every bit in which
they differ. So a batch needs the library once a bit of a place, and after that a few exclusive ors
a code.

Source: EPC069-12 v2.1 (quick response code guidelines); ISO/IEC 18004, 15417.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import segno
from reportlab.graphics.barcode.code128 import _patterns

from dunning.core.errors import DunningError

# Bytes that a code of correction level M holds in byte mode, from version 1 to 13, the largest
# allowed.
_CAPACITY = (14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331)
# One version and one mask for every code of a run: only then codes are linear (see above).
_VERSION_MIN, _MASK = 8, 2
_TEXT_MAX, _NAME_MAX = 140, 70
_START_B, _START_C, _TO_C, _TO_B, _STOP = 104, 105, 99, 100, 106
_FILL = "\x00"
# An even number of digits at the end of a run of four and more; or a single sign.
_PIECES = re.compile(r"(?:\d\d){2,}(?!\d)|.")
_PAIRS = re.compile(r"\d\d")


def payment_text(name: str, iban: str, bic: str, cents: int, remittance: str) -> str:
    """Return the text of a payment code.

    Args:
        name: of the payee, in Latin letters.
        cents: euro cents, at least one.
        remittance: what the transfer is for, in Latin letters.

    Raises:
        DunningError: a part is longer than the standard allows.

    >>> payment_text("Primer AD", "BG05XXXX12341012345678", "XXXXBGSF", 8420, "AB 1 KP 2").splitlines()[5:]
    ['Primer AD', 'BG05XXXX12341012345678', 'EUR84.20', '', '', 'AB 1 KP 2']
    """
    if len(name) > _NAME_MAX or len(remittance) > _TEXT_MAX:
        raise DunningError(
            f"A payment code takes {_NAME_MAX} letters of a name and {_TEXT_MAX} of a text; given were {len(name)} and "
            f"{len(remittance)}. Shorten name_latin in profile.toml."
        )
    return "\n".join(
        ("BCD", "002", "1", "SCT", bic, name, iban, f"EUR{payment_tail(cents, remittance)}")
    )


def payment_tail(cents: int, remittance: str) -> str:
    """Return the text of a payment code after "EUR": the part that differs between payers.

    >>> payment_tail(8420, "AB 1 KP 2").splitlines()
    ['84.20', '', '', 'AB 1 KP 2']
    """
    return f"{cents // 100}.{cents % 100:02d}\n\n\n{remittance}"


def may_be_coded(text: str) -> bool:
    """Return whether a text fits into a payment code.

    At most 331 bytes in all, and 140 letters in its last line, the remittance.

    >>> [may_be_coded("BCD\\n" + text) for text in ("x" * 140, "x" * 141, "\\n" * 330)]
    [True, False, False]
    """
    return len(text.encode()) <= _CAPACITY[-1] and len(text.rpartition("\n")[2]) <= _TEXT_MAX


def version_for(size: int) -> int:
    """Return the QR version for a text of `size` bytes.

    Raises:
        DunningError: it is longer than a payment code may be.
    """
    if size > _CAPACITY[-1]:
        raise DunningError(
            f"A payment code holds {_CAPACITY[-1]} bytes, not {size}. Shorten name_latin in profile"
        )
    return max(_VERSION_MIN, next(n for n, held in enumerate(_CAPACITY, 1) if held >= size))


def plain_matrix(text: str, version: int) -> list[list[bool]]:
    """Return the modules of a QR code, row by row, as made by the library; True is dark."""
    code = segno.make(
        text,
        error="M",
        boost_error=False,
        mode="byte",
        encoding="utf-8",
        version=version,
        mask=_MASK,
    )
    return [[module == 1 for module in row] for row in code.matrix]


class FastQr:
    """Encode texts with a common beginning as QR codes.

    Args:
        head: how all begin; ASCII.
        tail_max: bytes that the rest has at most.

    size: modules of a side; version: of all of them.
    """

    def __init__(self, head: str, tail_max: int) -> None:
        self.head, self.tail_max = head, tail_max
        self.version = version_for(len(head) + tail_max)
        self.size = 17 + 4 * self.version
        self._row = (self.size + 7) // 8
        self._bases: dict[int, int] = {}
        self._bits: dict[tuple[int, int], int] = {}
        self._deltas: list[dict[int, int]] = [{} for _ in range(tail_max)]

    def encode(self, tail: bytes) -> bytes:
        """Return the QR code of head and tail: one bit per module, 1 is dark.

        Each row is padded to whole bytes.

        Raises:
            ValueError: the tail is longer than `tail_max`, or not ASCII.
        """
        if len(tail) > self.tail_max or not tail.isascii():
            raise ValueError(f"a tail of {len(tail)} bytes is no ASCII of {self.tail_max} at most")
        # picture(tail) = picture(zeros of the same length) xor one known picture per different bit:
        #   base (8 × "\0")  ^  delta(place 0, "8")  ^  delta(place 1, "4")  ^  …
        picture = self._base(len(tail))
        for place, (byte, deltas) in enumerate(zip(tail, self._deltas, strict=False)):
            picture ^= deltas.get(byte) or self._delta(place, byte)
        return picture.to_bytes(self._row * self.size, "big")

    def _base(self, length: int) -> int:
        """Return the picture of a tail of zeros."""
        if length not in self._bases:
            self._bases[length] = self._draw(_FILL * length)
        return self._bases[length]

    def _delta(self, place: int, byte: int) -> int:
        """Return the modules that a byte changes at a place where there was a zero."""
        delta = 0
        for bit in range(8):
            if byte >> bit & 1:
                # The picture of a byte is the exclusive or of the pictures of its bits.
                delta ^= self._bit(place, bit)
        self._deltas[place][byte] = delta
        return delta

    def _bit(self, place: int, bit: int) -> int:
        """Return the modules that one bit of the tail changes, for any length of the tail."""
        if (place, bit) not in self._bits:
            # zeros with the one bit set, beside zeros alone: what differs is the bit's picture
            #   \0 \0 \x04 \0 \0
            #   \0 \0 \0   \0 \0
            before, after = _FILL * place, _FILL * (self.tail_max - place - 1)
            with_bit = self._draw(before + chr(1 << bit) + after)
            self._bits[place, bit] = with_bit ^ self._base(self.tail_max)
        return self._bits[place, bit]

    def _draw(self, tail: str) -> int:
        """Return the modules of a code as one number, row by row; each row fills whole bytes."""
        matrix = plain_matrix(self.head + tail, self.version)
        rows = ["".join("01"[is_dark] for is_dark in row) for row in matrix]
        return int("".join(row.ljust(self._row * 8, "0") for row in rows), 2)


def barcode_modules(text: str) -> str | None:
    """Return the modules of a barcode from left to right ("1" is dark); None if not codable.

    >>> barcode_modules("AB1234")[:22], barcode_modules("Ж")
    ('1101001000010100011000', None)
    """
    if not text or not text.isascii() or not text.isprintable():
        return None
    symbols = _symbols(text)
    # Code 128: the check symbol is the weighted sum of the symbols modulo 103.
    check = (symbols[0] + sum(place * symbol for place, symbol in enumerate(symbols[1:], 1))) % 103
    return "".join([_drawn()[symbol] for symbol in (*symbols, check, _STOP)])


def _symbols(text: str) -> list[int]:
    """Return the symbols of a text with the start symbol.

    Runs of four and more digits are coded in pairs, other characters one by one.
    """
    #   A        B   1234           C
    #   START_B  33  34  TO_C 12 34  TO_B 35
    symbols: list[int] = []
    was_pairs = False
    for piece in _PIECES.findall(text):
        is_pairs = len(piece) > 1
        if not symbols:
            symbols.append(_START_C if is_pairs else _START_B)
        elif is_pairs != was_pairs:
            symbols.append(_TO_C if is_pairs else _TO_B)
        symbols += map(int, _PAIRS.findall(piece)) if is_pairs else [ord(piece) - 32]
        was_pairs = is_pairs
    return symbols


@lru_cache(maxsize=1)
def _drawn() -> Sequence[str]:
    """Return the modules of each symbol.

    In ReportLab's table a capital letter is a bar and a small letter a gap.
    """
    return [
        "".join(
            ("1" if letter.isupper() else "0") * ("abcd".index(letter.lower()) + 1)
            for letter in _patterns[symbol]
        )
        for symbol in range(len(_patterns))
    ]
