"""Find the rows of a CSV text and their first lines; newlines may be inside quotes.

A cell is quoted where its first character is `"`; inside, `""` is one quote; a quote elsewhere is
an ordinary character. A quote that opens and takes in what look like further rows stops the load:
it would hide rows without a trace.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dunning.core.arrays import Flags
from dunning.core.errors import DunningError
from dunning.ledger.read.streams import LINE_BYTES_MAX, LineBlock, line_too_long

Positions = npt.NDArray[np.int64]
_QUOTE, _LF, _CR = 34, 10, 13


@dataclass(frozen=True)
class Records:
    """Whole rows as one text, with the position and line of each row.

    Attributes:
        data: UTF-8; empty lines are still in it.
        starts, ends: byte positions of each row that is not empty, the line end left out.
        lines: int64 physical line on which each of them begins.
        is_tall: True where a row goes over several lines.
    """

    data: bytes
    starts: Positions
    ends: Positions
    lines: Positions
    is_tall: Flags


@dataclass(frozen=True)
class PlainRows:
    """Whole rows as one text without a quote: every line is a row, unless it is empty."""

    data: bytes
    first_line: int
    height: int

    def locate(self, delimiter: str, columns: int) -> Records:
        """Return the position of each row."""
        return _split("", self.data, self.first_line, delimiter, columns)[2]


def read_records(
    file: str, blocks: Iterable[LineBlock], delimiter: str, columns: int
) -> Iterator[Records | PlainRows]:
    """Yield the rows of all blocks, cut where rows end.

    Rows are located one by one only where a block has quotes.

    Args:
        columns: how many cells a row should have; as many within one quoted cell look like a row
            that was taken in by mistake.

    Raises:
        DunningError: a quote that is not closed, or closed where it cannot be meant; a row over 1
            MiB.
    """
    rest, rest_line = b"", 0
    for block in blocks:
        if not rest and b'"' not in block.data and not _may_have_long_lines(block.data):
            yield PlainRows(block.data, block.first_line, block.height)
            continue
        data, line = (rest + block.data, rest_line) if rest else (block.data, block.first_line)
        cut, height, records = _split(file, data, line, delimiter, columns)
        if len(records.lines):
            yield records
        rest, rest_line = data[cut:], line + height
        if len(rest) > LINE_BYTES_MAX:
            raise _never_closed(file, rest_line)
    if rest:
        raise _never_closed(file, rest_line)


def _may_have_long_lines(data: bytes) -> bool:
    """Return whether a line of a block might be over 1 MiB."""
    # Such a line would cover at least one whole half-MiB piece without a newline.
    step = LINE_BYTES_MAX // 2
    return any(data.find(b"\n", start, start + step) < 0 for start in range(0, len(data), step))


def _split(
    file: str, data: bytes, line: int, delimiter: str, columns: int
) -> tuple[int, int, Records]:
    """Return the position after the last whole row, the lines before it, and the rows there."""
    text = np.frombuffer(data, np.uint8)
    newlines = np.flatnonzero(text == _LF)
    row_ends = newlines
    if b'"' in data:
        opens, closes = _find_quotes(data, text, ord(delimiter))
        # A newline is inside a quoted cell if more cells have opened before it than closed:
        # text       a;"b \n c";d \n e;f \n
        # open         1
        # closed              1
        # inside          yes      no     no      only the others end a row
        is_inside = np.searchsorted(opens, newlines) > np.searchsorted(closes, newlines)
        if is_inside.any():
            _refuse_swallowed(
                file, text, line, newlines, is_inside, opens, closes, ord(delimiter), columns
            )
        row_ends = newlines[~is_inside]
    cut = int(row_ends[-1]) + 1 if len(row_ends) else 0
    starts = np.concatenate(([0], row_ends[:-1] + 1)) if cut else row_ends
    lines = line + np.searchsorted(newlines, starts)
    height = np.searchsorted(newlines, row_ends) - np.searchsorted(newlines, starts) + 1
    # A CR before the newline belongs to the line end, not to the row.
    ends = row_ends - ((row_ends > starts) & (text[row_ends - 1] == _CR))
    is_row = ends > starts
    too_long = np.flatnonzero(ends - starts > LINE_BYTES_MAX)
    if len(too_long):
        raise line_too_long(file, int(lines[too_long[0]]))
    lines_before = int(np.searchsorted(newlines, cut))
    return (
        cut,
        lines_before,
        Records(data[:cut], starts[is_row], ends[is_row], lines[is_row], height[is_row] > 1),
    )


def _find_quotes(
    data: bytes, text: npt.NDArray[np.uint8], delimiter: int
) -> tuple[Positions, Positions]:
    """Return where quoted cells open and where they close.

    There is one close fewer where the last cell is still open.
    """
    quotes = np.flatnonzero(text == _QUOTE)
    # A quote at position 0 gives text[-1]; `quotes == 0` covers that case.
    before = text[quotes - 1]
    may_open = (quotes == 0) | _is_edge(before, delimiter) | (before == _QUOTE)
    after = text[np.minimum(quotes + 1, len(text) - 1)]
    may_close = _is_edge(after, delimiter) | (after == _CR) | (after == _QUOTE)
    if may_open[0::2].all() and may_close[1::2].all():
        return quotes[0::2], quotes[
            1::2
        ]  # every second quote closes; a doubled one closes and opens again
    return _walk_quotes(data, quotes, bytes((delimiter,)))


def _is_edge(letters: npt.NDArray[np.uint8], delimiter: int) -> Flags:
    return (letters == delimiter) | (letters == _LF)


def _walk_quotes(data: bytes, quotes: Positions, delimiter: bytes) -> tuple[Positions, Positions]:
    """Return the same, quote by quote, for the rare block with quotes inside words."""
    edges = (delimiter, b"\n", b"")
    opens: list[int] = []
    closes: list[int] = []
    skip = -1
    for at in quotes.tolist():
        if at == skip:
            continue
        if len(opens) == len(closes):
            if data[max(at - 1, 0) : at] in edges:
                opens.append(at)
        elif data[at + 1 : at + 2] == b'"':
            skip = at + 1
        else:
            closes.append(at)
    return np.array(opens, np.int64), np.array(closes, np.int64)


def _refuse_swallowed(
    file: str,
    text: npt.NDArray[np.uint8],
    line: int,
    newlines: Positions,
    is_inside: Flags,
    opens: Positions,
    closes: Positions,
    delimiter: int,
    columns: int,
) -> None:
    """Raise where a quoted cell over several lines seems to contain a row.

    It has as many delimiters as a row, or it ends in the middle of a word.
    """
    inside = newlines[is_inside]
    span = np.searchsorted(opens, inside) - 1
    end = np.append(closes, len(text))[span]
    next_line = np.append(newlines, len(text))[np.searchsorted(newlines, inside, side="right")]
    delimiters = np.flatnonzero(text == delimiter)
    cells = np.searchsorted(delimiters, np.minimum(next_line, end)) - np.searchsorted(
        delimiters, inside
    )
    after = text[np.minimum(end + 1, len(text) - 1)]
    ends_badly = (
        (end + 1 < len(text)) & ~_is_edge(after, delimiter) & (after != _CR) & (after != _QUOTE)
    )
    bad = np.flatnonzero((cells >= columns - 1) | ends_badly)
    if len(bad):
        opened = line + int(np.searchsorted(newlines, opens[span[bad[0]]]))
        raise _never_closed(file, opened)


def _never_closed(file: str, line: int) -> DunningError:
    return DunningError(
        f'{file}, line {line}: a quote (") opens a cell there that is not closed before the next rows, which would be '
        "lost in it. Close the quote, or double it where it belongs to the text."
    )
