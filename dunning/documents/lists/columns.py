"""What a list's columns are: the contract's name, where it comes from, how it is written, where its
words stand.
"""

from dataclasses import dataclass
from enum import Enum

from dunning.documents.words import CODES, word_of


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

    name: the contract's, the header of the CSV.
    source: the table's column.
    heading: code of what a clerk calls it, in the table `column` of the words.
    width: of the workbook's column, in characters.
    words: the table of the words of its codes.
    is_open: the ledger may have other texts than our codes; they stay as they are.
    """

    name: str
    kind: Kind = Kind.TEXT
    source: str = ""
    width: int = 16
    heading: str = ""
    words: str = CODES
    is_open: bool = False

    def __post_init__(self) -> None:
        if not self.source:
            object.__setattr__(self, "source", self.name)
        if not self.heading:
            object.__setattr__(self, "heading", self.name)

    @property
    def title(self) -> str:
        """Return the header of the workbook, Bulgarian."""
        return word_of("bg", self.heading, "column")


def text(name: str, width: int = 16, heading: str = "") -> Column:
    """Return a column of text as it is; codes keep their zeros."""
    return Column(name, Kind.TEXT, width=width, heading=heading)


def word(name: str, width: int = 18, words: str = CODES, heading: str = "") -> Column:
    """Return a column of a word of a closed list."""
    return Column(name, Kind.WORD, width=width, words=words, heading=heading)


def open_word(name: str, width: int = 18) -> Column:
    """Return a column of one of our codes, or of any other text that the ledger has there."""
    return Column(name, Kind.WORD, width=width, is_open=True)


def reasons(name: str, width: int = 40) -> Column:
    """Return a column of reason codes."""
    return Column(name, Kind.REASONS, width=width)


def money(name: str, source: str = "", width: int = 13, heading: str = "") -> Column:
    """Return a column of sums; from `<name>_cents` unless said otherwise."""
    return Column(name, Kind.MONEY, source or f"{name}_cents", width, heading)


def day(name: str) -> Column:
    """Return a column of days."""
    return Column(name, Kind.DAY, width=14)


def count(name: str, width: int = 9) -> Column:
    """Return a column of whole numbers."""
    return Column(name, Kind.COUNT, width=width)
