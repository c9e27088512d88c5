"""Text wrapped to a width; the width of each word is measured once per process."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from reportlab.lib.units import mm

from dunning.documents.notice.fonts import face
from dunning.documents.notice.layout import Style

_SMALLEST = 4.0


@dataclass(frozen=True)
class Fitted:
    """Lines and the font size at which they fit.

    A size below the style's needs the plain renderer.
    """

    lines: tuple[str, ...]
    size: float


@lru_cache(maxsize=200_000)
def _measure(word: str, is_bold: bool) -> int:
    return face(is_bold).measure(word)


def wrap(text: str, is_bold: bool, size: float, width: float) -> list[str]:
    """Return a text as lines no wider than `width` millimetres.

    Line breaks are kept; a word that is too long is cut.

    >>> wrap("Ако вече сте платили, благодарим Ви.", False, 9, 40)
    ['Ако вече сте платили,', 'благодарим Ви.']
    """
    # Widths are in thousandths of the font size, as fonts give them.
    limit = width * mm * 1000 / size
    # Most texts fit on one line: no word is measured then.
    if "\n" not in text and face(is_bold).measure(text) <= limit:
        return [text]
    space = _measure(" ", is_bold)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line: list[str] = []
        used = 0
        for word in paragraph.split(" "):
            wide = _measure(word, is_bold)
            if line and used + space + wide > limit:
                lines.append(" ".join(line))
                line, used = [], 0
            if wide > limit:
                # The full pieces are lines of their own; the rest of the word begins the next line.
                *full, word = _cut(word, is_bold, limit)
                lines += full
                wide = _measure(word, is_bold)
            used += wide + (space if line else 0)
            line.append(word)
        lines.append(" ".join(line))
    return lines


def fit(pieces: Iterable[str], style: Style, width: float, most: int) -> Fitted:
    """Return pieces of text, each on its own lines, in the style's size or a smaller one.

    What does not fit in the smallest size ends with „…“: it would overlap other parts.
    """
    pieces = [piece for piece in pieces if piece]
    size = style.size
    while True:
        lines = [line for piece in pieces for line in wrap(piece, style.is_bold, size, width)]
        if len(lines) > most and size <= _SMALLEST:
            lines = [*lines[: most - 1], f"{lines[most - 1]}…"]
        if len(lines) <= most:
            return Fitted(tuple(lines), size)
        # Half a point at a time: every try wraps the text anew.
        size -= 0.5


def _cut(word: str, is_bold: bool, limit: float) -> list[str]:
    pieces, piece, used = [], "", 0
    for char in word:
        wide = _measure(char, is_bold)
        if piece and used + wide > limit:
            pieces.append(piece)
            piece, used = "", 0
        piece += char
        used += wide
    return [*pieces, piece]
