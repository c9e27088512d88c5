"""The columns of a list: contract name, source column, format, and the words of their codes."""

from dataclasses import dataclass
from enum import Enum

import pyarrow as pa
import pyarrow.compute as pc

from dunning.documents.words import CODES, word_of, word_or_text


class ColumnFormat(Enum):
    """The format of a column."""

    TEXT = "text"
    WORD = "word"  # of a closed list; Bulgarian in a workbook
    REASONS = "reasons"  # several such words, separated by a space
    MONEY = "money"  # minor units
    DAY = "day"
    COUNT = "count"


@dataclass(frozen=True)
class ListColumn:
    """One column of a list.

    name: the contract's, the header of the CSV.
    source: the table's column.
    heading: code of what a clerk calls it, in the table `column` of the words.
    width: of the workbook's column, in characters.
    words: the table of the words of its codes.
    is_open: the ledger may have other texts than our codes; they stay as they are.
    """

    name: str
    kind: ColumnFormat = ColumnFormat.TEXT
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
        """Return the Bulgarian title for the workbook."""
        return word_of("bg", self.heading, "column")


def text(name: str, width: int = 16, heading: str = "") -> ListColumn:
    """Return a text column, unchanged; codes keep their leading zeros."""
    return ListColumn(name, ColumnFormat.TEXT, width=width, heading=heading)


def word(name: str, width: int = 18, words: str = CODES, heading: str = "") -> ListColumn:
    """Return a column with words of a closed list of codes."""
    return ListColumn(name, ColumnFormat.WORD, width=width, words=words, heading=heading)


def open_word(name: str, width: int = 18) -> ListColumn:
    """Return a column with words for known codes, and other texts unchanged."""
    return ListColumn(name, ColumnFormat.WORD, width=width, is_open=True)


def reasons(name: str, width: int = 40) -> ListColumn:
    """Return a column of reason codes."""
    return ListColumn(name, ColumnFormat.REASONS, width=width)


def money(name: str, source: str = "", width: int = 13, heading: str = "") -> ListColumn:
    """Return a column of sums; its source is `<name>_cents` unless another is given."""
    return ListColumn(name, ColumnFormat.MONEY, source or f"{name}_cents", width, heading)


def day(name: str) -> ListColumn:
    """Return a column of days."""
    return ListColumn(name, ColumnFormat.DAY, width=14)


def count(name: str, width: int = 9) -> ListColumn:
    """Return a column of whole numbers."""
    return ListColumn(name, ColumnFormat.COUNT, width=width)


def translate(codes: pa.Array, table: str = CODES, *, is_open: bool = False) -> pa.Array:
    """Return the Bulgarian words of a column of codes; several in a cell are separated by spaces.

    Null stays null.

    >>> translate(pa.array(["sms post", None, "sms"])).to_pylist()
    ['SMS; писмо', None, 'SMS']

    Args:
        is_open: texts that are no codes stay as they are.

    Raises:
        UnknownWordError: a code has no word in this table.
    """
    find = word_or_text if is_open else word_of
    encoded = codes.dictionary_encode()
    texts = [
        None if cell is None else "; ".join(find("bg", code, table) for code in cell.split())
        for cell in encoded.dictionary.to_pylist()
    ]
    return pa.array(texts, pa.string()).take(pc.cast(encoded.indices, pa.int32()))
