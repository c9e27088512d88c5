"""What a list's columns are: the contract's name, where it comes from, how it is written, what a
clerk calls it.
"""

from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """How a column is written."""

    TEXT = "text"
    WORD = "word"  # of a closed list; Bulgarian in a workbook
    REASONS = "reasons"  # several such words, separated by a space
    MONEY = "money"  # minor units
    DAY = "day"
    COUNT = "count"


@dataclass(frozen=True)
class Column:
    """One column of a list.

    name: the contract's, the header of the CSV. source: the table's column. title: the header of
    the workbook, Bulgarian. width: of the workbook's column, in characters. meaning: which of a
    word's meanings (bulgarian.MEANINGS).
    """

    name: str
    title: str
    kind: Kind = Kind.TEXT
    source: str = ""
    width: int = 16
    meaning: str = ""

    def __post_init__(self) -> None:
        if not self.source:
            object.__setattr__(self, "source", self.name)


def text(name: str, title: str, width: int = 16) -> Column:
    """Return a column of text as it is; codes keep their zeros."""
    return Column(name, title, Kind.TEXT, width=width)


def word(name: str, title: str, width: int = 18, meaning: str = "") -> Column:
    """Return a column of a word of a closed list."""
    return Column(name, title, Kind.WORD, width=width, meaning=meaning)


def reasons(name: str, title: str, width: int = 40) -> Column:
    """Return a column of reason codes."""
    return Column(name, title, Kind.REASONS, width=width)


def money(name: str, title: str, source: str = "", width: int = 13) -> Column:
    """Return a column of sums; from `<name>_cents` unless said otherwise."""
    return Column(name, title, Kind.MONEY, source or f"{name}_cents", width)


def day(name: str, title: str) -> Column:
    """Return a column of days."""
    return Column(name, title, Kind.DAY, width=14)


def count(name: str, title: str, width: int = 9) -> Column:
    """Return a column of whole numbers."""
    return Column(name, title, Kind.COUNT, width=width)
