"""Page breaks of a notice, from the numbers of lines and rows alone, not from their texts."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from reportlab.lib.units import mm

from dunning.documents.notice import layout
from dunning.documents.notice.layout import Block

# Lines of the warning, rows of bills, lines of the overdue row, rows of items, lines of every note.
Shape = tuple[int, int, int, int, tuple[int, ...]]


@dataclass(frozen=True)
class Placed:
    """A block on a page: top and height in millimetres, and its rows or its note (first, count)."""

    block: Block
    top: float
    height: float
    first: int = 0
    count: int = 1


Page = tuple[Placed, ...]


# Many notices share a shape, so that nearly all page breaks come from the cache.
@lru_cache(maxsize=50_000)
def spread(shape: Shape) -> tuple[Page, ...]:
    """Return the flowing blocks of each page.

    The fixed blocks (head, addressee, payment, foot) are not included.
    """
    warning, bills, overdue, items, notes = shape
    pages = _Pages()
    pages.put(layout.SUBJECT, 1)
    if warning:
        pages.put(layout.WARNING, warning)
    pages.put_rows(layout.BILL_HEAD, layout.BILL_ROW, bills)
    if overdue:
        pages.put(layout.OVERDUE, overdue)
    if items:
        pages.put_rows(layout.ITEM_HEAD, layout.ITEM_ROW, items)
    for number, lines in enumerate(notes):
        pages.put(layout.NOTE, lines, first=number)
    return tuple(tuple(page) for page in pages.pages)


class _Pages:
    """Pages filled from the top; a block that does not fit begins the next page."""

    def __init__(self) -> None:
        self.pages: list[list[Placed]] = [[]]
        self.y, self.bottom = layout.FLOW_FIRST

    def put(self, block: Block, lines: int, first: int = 0) -> None:
        """Place a block below the last one, or at the top of a new page."""
        height = height_of(block, lines)
        self._make_room(height + self._gap(block))
        self.y += self._gap(block)
        self._place(Placed(block, self.y, height, first))

    def put_rows(self, head: Block, row: Block, rows: int) -> None:
        """Place a table; its head is repeated on each page, with at least one row below it."""
        for first, count in self._runs(head, row, rows):
            self.put(head, 1)
            self._place(Placed(row, self.y, count * row.height, first, count))

    def _runs(self, head: Block, row: Block, rows: int) -> Iterator[tuple[int, int]]:
        first = 0
        while first < rows:
            least = min(2, rows - first)  # a single row is not left alone under its head
            self._make_room(self._gap(head) + head.height + least * row.height)
            room = self.bottom - self.y - self._gap(head) - head.height
            # The small constant absorbs rounding errors: a row that fits exactly must fit.
            count = min(rows - first, int((room + 1e-6) // row.height))
            yield first, count
            first += count

    def _gap(self, block: Block) -> float:
        return block.gap if self.pages[-1] else 0.0

    def _make_room(self, height: float) -> None:
        top, bottom = layout.FLOW_NEXT
        if self.y + height > self.bottom + 1e-6 and self.pages[-1]:
            self.pages.append([])
            self.y, self.bottom = top, bottom

    def _place(self, placed: Placed) -> None:
        self.pages[-1].append(placed)
        self.y += placed.height


def height_of(block: Block, lines: int) -> float:
    """Return the height of a block in millimetres for `lines` lines of its growing text."""
    return block.height + (max(lines, 1) - 1) * _leading_of(block)


@lru_cache(maxsize=64)
def _leading_of(block: Block) -> float:
    parts = [
        part
        for part in block.parts
        if isinstance(part, layout.Lines) and part.name == block.grows_by
    ]
    return parts[0].style.leading / mm if parts else 0.0


def count_pages(shape: Shape, needs_card: bool) -> int:
    """Return the number of pages of a notice."""
    return len(spread(shape)) + needs_card
