"""Fast renderer: each block is a template of PDF operators, filled in for all notices at once.

A right-aligned text begins as far left of its edge as it is wide, in thousandths of its size, so
that no position in a template depends on what is printed. What the small face does not have, or
what is too wide for its place, is left to the plain renderer: such a notice is `odd`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from isal import isal_zlib
from reportlab.lib.units import mm

from dunning.core.arrays import Flags
from dunning.documents.notice import layout
from dunning.documents.notice.bill_rows import BillRows
from dunning.documents.notice.constant_parts import Stationery
from dunning.documents.notice.content import Content
from dunning.documents.notice.flow import Page, Placed, spread
from dunning.documents.notice.fonts import face
from dunning.documents.notice.layout import Block
from dunning.documents.notice.templates import (
    Slot,
    Template,
    compile_block,
    draw_barcode,
    draw_qr,
    number_of,
)
from dunning.documents.notice.wrapping import Fitted

# A low level of isal, much faster than zlib's default.
_LEVEL = 2
_ARTIFACT = ""
_ROW_DOWN = b"1 0 0 1 0 %b cm\n" % number_of(-layout.ROW_HEIGHT * mm)

# A piece of a page: what it is to a screen reader (nothing: decoration), and its operators.
Piece = tuple[str, bytes]


class FastNotices:
    """All notices of a `Content`, rendered at once.

    odd: mask of the notices that only the plain renderer can draw.
    """

    def __init__(self, content: Content, stationery: Stationery, language: str) -> None:
        self.content, self._stationery = content, stationery
        self._is_tagged = stationery.is_tagged
        self._forms = stationery.forms(language)
        self._labels = tuple(content.wording.labels.items())
        # Every step below draws one kind of block for all notices, and marks the odd ones.
        self.odd: Flags = np.zeros(content.count, np.bool_)
        self._drawn = self._draw_blocks()
        self._rows = {
            "bill_row": self._draw_rows(content.bills),
            "item_row": self._draw_rows(content.items),
        }
        self._note = self._compile(layout.NOTE)
        self._notes = self._draw_notes()
        self._references = self._draw_references()
        # A foot is constant but for the reference: the text of "page n of m" is encoded once.
        self._page_texts: dict[tuple[int, int], tuple[int, bytes]] = {}

    def _draw_blocks(self) -> dict[str, list[bytes]]:
        """Return the operators of each block that a notice has once, by its name."""
        content = self.content
        every = np.arange(content.count)
        rows_of_blocks = (
            (layout.ADDRESSEE, every),
            (layout.SUBJECT, every),
            (layout.PAY, _where(content.tails)),
            (layout.PAY_NOTHING, _where(content.tails, False)),
            (layout.WARNING, _where(content.lines["warning"])),
            (layout.OVERDUE, _where(content.lines["overdue"])),
            (layout.CARD, _where(content.needs_card)),
        )
        return {block.name: self._draw(block, rows) for block, rows in rows_of_blocks}

    def _draw_notes(self) -> list[list[bytes]]:
        shown = [[_show(note) for note in notes] for notes in self.content.notes]
        self.odd |= np.array([None in notes for notes in shown], np.bool_)
        return [[note or b"" for note in notes] for notes in shown]

    def _draw_references(self) -> Sequence[object]:
        slot = compile_block(layout.FOOT).slots[0]
        (references,), bad = fill_slot(slot, self.content.values["reference"])
        self.odd[bad] = True
        return references

    def pages(self, n: int) -> list[list[Piece]]:
        """Return the pieces of each page of notice n, in reading order.

        The card of contact data, where needed, is the last page.
        """
        pages = spread(self.content.shape(n))
        # `bool` as a number: the card is one more page.
        count = len(pages) + self.content.needs_card[n]
        made = [self._page(n, number, count, page) for number, page in enumerate(pages)]
        if self.content.needs_card[n]:
            made.append(
                [*self._at(layout.CARD, 0, self._drawn["card"][n]), self._foot(n, count - 1, count)]
            )
        return made

    def streams(self, n: int) -> list[bytes]:
        """Return the compressed content stream of each page of notice n."""
        return [
            isal_zlib.compress(b"".join([piece for _, piece in page]), _LEVEL)
            for page in self.pages(n)
        ]

    def tagged_streams(self, n: int) -> list[tuple[bytes, list[str]]]:
        """Return the compressed content of each page with marked pieces, and their roles."""
        return [_mark(page) for page in self.pages(n)]

    def _page(self, n: int, number: int, count: int, page: Page) -> list[Piece]:
        pieces: list[Piece] = []
        if number == 0:
            pieces += self._at(layout.HEAD, 0, self._compile(layout.HEAD).operators)
            pieces += self._at(layout.ADDRESSEE, 0, self._drawn["addressee"][n])
        else:
            pieces += self._at(layout.NEXT_HEAD, 0, self._next_head(n))
        for placed in page:
            pieces += self._at(placed.block, placed.top, self._placed(n, placed))
        if number == 0:
            pay = layout.PAY if self.content.tails[n] else layout.PAY_NOTHING
            pieces += self._at(pay, 0, self._drawn[pay.name][n])
        pieces.append(self._foot(n, number, count))
        return pieces

    def _at(self, block: Block, top: float, operators: bytes) -> list[Piece]:
        """Return a block moved to its position: its constant parts, then its own operators."""
        # q … Q saves and restores the graphics state, so that a block cannot move the next one.
        begin = _begin(top)
        if not self._is_tagged:
            return [("", begin), ("", operators), ("", b"Q\n")]
        form = self._forms[block]
        shapes = [(_ARTIFACT, b"%b%bQ\n" % (begin, form))] if form else []
        return [*shapes, (block.role, b"%b%bQ\n" % (begin, operators))]

    def _placed(self, n: int, placed: Placed) -> bytes:
        name = placed.block.name
        if name in self._rows:
            rows = self.content.bills if name == "bill_row" else self.content.items
            start = rows.at[n] + placed.first
            # Each row is drawn from its own origin; `_ROW_DOWN` moves the origin one row down.
            return _ROW_DOWN.join(self._rows[name][start : start + placed.count])
        if name == "note":
            return self._note.operators % self._notes[n][placed.first]
        if name in self._drawn:
            return self._drawn[name][n]
        return self._compile(placed.block).operators

    def _foot(self, n: int, number: int, count: int) -> Piece:
        if (number, count) not in self._page_texts:
            text = self.content.wording.write_block("page", page=number + 1, pages=count)
            self._page_texts[number, count] = _encode(text)
        foot = compile_block(layout.FOOT).operators % (
            self._references[n],
            *self._page_texts[number, count],
        )
        return _ARTIFACT, b"%b%bQ\n" % (_begin(0), foot)

    def _next_head(self, n: int) -> bytes:
        values = self.content.values
        write_block = self.content.wording.write_block
        text = write_block(
            "numbers", premise_no=values["premise_no"][n], payer_code=values["payer_code"][n]
        )
        return self._compile(layout.NEXT_HEAD).operators % _encode(text)

    def _compile(self, block: Block, lines: int = 1) -> Template:
        if self._is_tagged:
            return compile_block(block, lines, self._labels)
        return compile_block(block, lines, form=self._forms[block])

    def _draw(self, block: Block, rows: npt.NDArray[np.int64]) -> list[bytes]:
        """Return the operators of a block per notice; empty bytes for notices without the block."""
        made = [b""] * self.content.count
        # One template per number of lines, then one `%` per notice: nothing is laid out again.
        #   template  "… [%d(%b)]TJ …"  +  (4120, b"84,20")  ->  "… [4120(84,20)]TJ …"
        for lines, some in self._by_lines(block, rows):
            template = self._compile(block, lines)
            columns = [column for slot in template.slots for column in self._columns(slot, some)]
            filled = zip(*columns, strict=True) if columns else [()] * len(some)
            for n, values in zip(some.tolist(), filled, strict=True):
                made[n] = template.operators % values
        return made

    def _by_lines(
        self, block: Block, rows: npt.NDArray[np.int64]
    ) -> Iterator[tuple[int, npt.NDArray[np.int64]]]:
        """Yield (number of lines, notices) of a block; a block that does not grow has one line."""
        if not block.grows_by:
            yield 1, rows
            return
        found = self.content.lines[block.grows_by]
        lines = np.array([len(found[n].lines) for n in rows.tolist()], np.int64)
        for count in np.unique(lines):
            yield int(count), rows[lines == count]

    def _columns(self, slot: Slot, rows: npt.NDArray[np.int64]) -> list[Sequence[object]]:
        """Return the columns that fill one slot: one column of texts, or widths and texts."""
        name, kind = slot.name, slot.kind
        if kind == "lines":
            return [self._line_column(slot, rows)]
        if kind == "qr":
            return [self._codes(rows)]
        if kind == "barcode":
            return [[draw_barcode(self.content.values["reference"][n]) for n in rows.tolist()]]
        texts = (
            self.content.values[name] if name in self.content.values else self.content.card[name]
        )
        columns, bad = fill_slot(slot, [texts[n] for n in rows.tolist()])
        self.odd[rows[bad]] = True
        return columns

    def _codes(self, rows: npt.NDArray[np.int64]) -> list[bytes]:
        made, qr = [], self._stationery.qr
        for n in rows.tolist():
            tail = self.content.tails[n].encode()
            self.odd[n] |= len(tail) > qr.tail_max or not tail.isascii()
            made.append(b"" if self.odd[n] else draw_qr(qr, tail))
        return made

    def _line_column(self, slot: Slot, rows: npt.NDArray[np.int64]) -> list[bytes]:
        made, found = [], self.content.lines[slot.name]
        for n in rows.tolist():
            fitted = found[n]
            shown = None
            # Lines that only fit in a smaller size are left to the plain renderer.
            if fitted is not None and fitted.size == slot.size:
                shown = _show(fitted, slot.is_bold)
            self.odd[n] |= shown is None
            made.append(shown or b"")
        return made

    def _draw_rows(self, rows: BillRows) -> list[bytes]:
        """Return the operators of each row of a table."""
        made = [b""] * len(rows.cells)
        # Row r belongs to notice owner[r]: a row that cannot be shown makes its whole notice odd.
        owner = np.repeat(np.arange(self.content.count), np.diff(rows.at))
        kinds = np.array([kind for kind, _ in rows.cells])
        # The rows of one kind have one template: their cells are filled in column by column.
        for kind in np.unique(kinds):
            template = compile_block(layout.ROWS[str(kind)])
            places = np.flatnonzero(kinds == kind)
            cells = zip(*(rows.cells[place][1] for place in places.tolist()), strict=True)
            columns: list[Sequence[object]] = []
            for slot, texts in zip(template.slots, cells, strict=True):
                filled, bad = fill_slot(slot, texts)
                columns += filled
                self.odd[owner[places[bad]]] = True
            for place, values in zip(places.tolist(), zip(*columns, strict=True), strict=True):
                made[place] = template.operators % values
        return made


def fill_slot(
    slot: Slot, texts: Sequence[str]
) -> tuple[list[Sequence[object]], npt.NDArray[np.int64]]:
    """Return the columns that fill a slot, and the rows that it cannot show.

    Such a row has a character that is not in the small face, or is too wide.
    """
    #   left   (84,20)Tj         one column: the texts' bytes
    #   right  [4120(84,20)]TJ   two: how far left of its edge each text begins, and its bytes
    own = face(slot.is_bold)
    if not texts:
        return [[]] if slot.kind == "left" else [[], []], np.zeros(0, np.int64)
    raw, unknown = own.encode_all(texts)
    bad = np.array(unknown, np.int64)
    kept = texts if not unknown else [text if own.knows(text) else "" for text in texts]
    # Cheap bound first: if even the widest letter repeated fits, no width must be measured.
    if slot.kind == "left" and slot.widest * max(map(len, kept), default=0) <= slot.width:
        return [raw], bad
    widths = own.measure_all(kept)
    bad = np.union1d(bad, np.flatnonzero(widths > slot.width)).astype(np.int64)
    if slot.kind == "left":
        return [raw], bad
    return [widths.tolist(), raw], bad


def _where(values: Sequence[object], is_there: bool = True) -> npt.NDArray[np.int64]:
    """Return the places of the values that are set; or not set."""
    return np.flatnonzero(np.array([bool(value) is is_there for value in values], np.bool_))


@lru_cache(maxsize=10_000)
def _begin(top: float) -> bytes:
    return b"q 1 0 0 1 0 %b cm\n" % number_of((layout.PAGE_HEIGHT - top) * mm)


def _show(fitted: Fitted, is_bold: bool = False) -> bytes | None:
    """Return the operators that show lines; None if the small face lacks a character."""
    (first, *more), unknown = face(is_bold).encode_all(fitted.lines or ("",))
    if unknown:
        return None
    # `Tj` shows the first line; `'` moves down by the leading and shows the next one.
    return b"(%b)Tj(%b)'" % (first, b")'(".join(more)) if more else b"(%b)Tj" % first


def _encode(text: str) -> tuple[int, bytes]:
    """Return the width and the bytes of a regular text; unknown characters become „?“."""
    own = face(False)
    known = "".join(char if char in own.widths else "?" for char in text)
    return own.measure(known), own.encode(known)


def _mark(page: Iterable[Piece]) -> tuple[bytes, list[str]]:
    roles: list[str] = []
    marked: list[bytes] = []
    for role, operators in page:
        if role == _ARTIFACT:
            marked.append(b"/Artifact BMC\n%bEMC\n" % operators)
        else:
            marked.append(b"/%b<</MCID %d>>BDC\n%bEMC\n" % (role.encode(), len(roles), operators))
            roles.append(role)
    return isal_zlib.compress(b"".join(marked), _LEVEL), roles


def separator_stream(stationery: Stationery, values: Mapping[str, str]) -> bytes | None:
    """Return the compressed content of a separator sheet.

    None where only the plain renderer can draw it.
    """
    template = compile_block(layout.SEPARATOR)
    columns: list[object] = []
    for slot in template.slots:
        filled, bad = fill_slot(slot, [values[slot.name]])
        if len(bad):
            return None
        columns += [column[0] for column in filled]
    form = stationery.forms("bg")[layout.SEPARATOR]
    return isal_zlib.compress(
        b"%b%b%bQ\n" % (_begin(0), form, template.operators % tuple(columns)), _LEVEL
    )
