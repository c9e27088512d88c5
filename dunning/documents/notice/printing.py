"""Notices as PDF files: print batches by route with separator sheets, single files for e-mail."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from reportlab.lib.units import mm

from dunning.core.words import LANGUAGES
from dunning.documents.lists.list_columns import PRINT_INDEX
from dunning.documents.notice import layout
from dunning.documents.notice.bill_rows import count_remarked
from dunning.documents.notice.canvas_renderer import PlainNotice, open_canvas
from dunning.documents.notice.constant_parts import Stationery
from dunning.documents.notice.content import Content, write_contents
from dunning.documents.notice.drawing import Pen, draw_constants, draw_values
from dunning.documents.notice.figures import clean
from dunning.documents.notice.flow import count_pages
from dunning.documents.notice.fonts import face
from dunning.documents.notice.pdf_file import PdfFile, TextField
from dunning.documents.notice.run_constants import Press, write_day
from dunning.documents.notice.template_renderer import FastNotices, separator_stream
from dunning.documents.notice.templates import number_of

# The print index, and whether the notice was drawn by the canvas: one row per separator sheet and
# notice, in the order of the pages; page_from counts from 1.
INDEX = PRINT_INDEX.schema.append(pa.field("is_plain", pa.bool_()))
# Lines that a warning and the overdue row take at most, as a rule: for estimates only.
_WARNING_LINES, _OVERDUE_LINES, _NOTE_LINES, _REMARK_ROWS = 5, 4, 2, 2
_NOTES = ("plan", "held", "expired", "paid")


@dataclass(frozen=True)
class Batch:
    """A print file: its name, its number of pages, and the notice of each page (`INDEX`)."""

    file: str
    pages: int
    index: pa.Table


@dataclass(frozen=True)
class Single:
    """A notice as a file of its own. is_plain: drawn by the plain renderer."""

    reference: str
    content: bytes
    is_plain: bool


@dataclass(frozen=True)
class _Sheet:
    """A drawn notice: its account and route, and its pages.

    streams: compressed pages of the fast renderer. foreign: the document of the plain renderer,
    else empty.
    """

    facts: dict[str, str | None]
    streams: list[bytes]
    foreign: bytes
    pages: int


def estimate_pages(notices: pa.Table) -> npt.NDArray[np.int64]:
    """Return the estimated number of pages of each notice; a long text may take one more."""
    lines = pc.fill_null(pc.list_value_length(notices["lines"]), 0).to_numpy().astype(np.int64)
    items = pc.fill_null(pc.list_value_length(notices["items"]), 0).to_numpy().astype(np.int64)
    has = {name: notices[f"{name}_cents"].to_numpy() > 0 for name in ("warned", "overdue", *_NOTES)}
    notes = sum((has[name].astype(np.int64) for name in _NOTES), np.ones_like(lines))
    older = pc.fill_null(pc.list_value_length(notices["pending"]), 0).to_numpy().astype(np.int64)
    bills = (
        np.maximum(lines + notices["new_items"].to_numpy(), 1)
        + count_remarked(notices) * _REMARK_ROWS
    )
    bills += older * (1 + _REMARK_ROWS)
    card = notices["needs_card"].to_numpy(zero_copy_only=False).astype(np.int64)
    boxes = (has["warned"] * _WARNING_LINES, bills, has["overdue"] * _OVERDUE_LINES)
    shapes = np.column_stack([*boxes, items, notes, card])
    if not len(shapes):
        return np.zeros(0, np.int64)
    # Few different shapes occur: pages are counted once for each of them.
    different, which = np.unique(shapes, axis=0, return_inverse=True)
    pages = [
        count_pages((warning, rows, overdue, owed, (_NOTE_LINES,) * count), bool(has_card))
        for warning, rows, overdue, owed, count, has_card in different.tolist()
    ]
    return np.array(pages, np.int64)[which.reshape(-1)]


def print_batches(
    chunks: Iterable[pa.Table], press: Press, pages_max: int, name: str, folder: Path
) -> list[Batch]:
    """Write notices into print files of at most `pages_max` pages, in the given order.

    Returns the content of each file.

    A separator sheet comes before every route and at the beginning of a file. What one file cannot
    hold goes on in `<name>-2.pdf`.

    Raises:
        OSError: a file cannot be written.
    """
    batches: list[Batch] = []
    sheets = _draw_all(chunks, press)
    pending = [list(route) for _, route in groupby(sheets, key=_route_of)]
    if not pending:
        return []
    stationery = _stationery(press, str(pending[0][0].facts["service"]))
    while pending:
        file = f"{name}.pdf" if not batches else f"{name}-{len(batches) + 1}.pdf"
        with (folder / file).open("wb") as target:
            batches.append(_write_batch(target, file, stationery, pending, pages_max))
    return batches


def _write_batch(
    target: BinaryIO, file: str, stationery: Stationery, pending: list[list[_Sheet]], pages_max: int
) -> Batch:
    """Write one file with as many routes as fit, and remove them from `pending`.

    A route may be split.
    """
    title = f"{stationery.wordings['bg'].labels['title']}: {file}"
    pdf = PdfFile(target, stationery.objects, title, "bg")
    rows: list[dict[str, object]] = []
    while pending:
        # One page less: the separator sheet before the route.
        route = _that_fit(pending[0], pages_max - pdf.pages - 1, is_first=pdf.pages == 0)
        if not route:
            break
        _write_separator(pdf, file, stationery, route)
        rows.append(_index_row(file, pdf.pages, 1, "separator", route[0], named=False))
        # The index counts pages from what is written: a sheet ends on the last page so far.
        for sheet in route:
            _write_sheet(pdf, sheet)
            rows.append(_index_row(file, pdf.pages, sheet.pages, "notice", sheet))
        # What did not fit begins the next file, under a separator of its own.
        pending[0] = pending[0][len(route) :]
        if not pending[0]:
            pending.pop(0)
    pdf.finish()
    return Batch(file, pdf.pages, pa.Table.from_pylist(rows, schema=INDEX))


def _that_fit(route: list[_Sheet], room: int, is_first: bool) -> list[_Sheet]:
    """Return the first sheets of a route that fit into `room` pages.

    The first sheet of a file is always taken.
    """
    # Running sum of pages; `right` keeps a sheet that fills the room exactly.
    #   pages 2 3 2 4   total 2 5 7 11   room 7  ->  3 sheets
    total = np.cumsum([sheet.pages for sheet in route])
    count = int(np.searchsorted(total, room, side="right"))
    return route[: max(count, 1 if is_first else 0)]


def print_singles(notices: pa.Table, press: Press) -> Iterator[Single]:
    """Yield each notice as a file of its own, tagged for screen readers.

    Its card of contact data has form fields.
    """
    for n, (drawn, at, language, stationery) in enumerate(_each(notices, press, is_tagged=True)):
        is_plain = bool(drawn.odd[at])
        title = f"{drawn.content.wording.labels['title']} {drawn.content.values['reference'][at]}"
        target = BytesIO()
        pdf = PdfFile(target, stationery.objects, title, language, is_tagged=not is_plain)
        if is_plain:
            pdf.add_foreign(PlainNotice(drawn.content, at, press).render())
        else:
            _write_tagged(pdf, drawn, at)
        pdf.finish()
        yield Single(notices["reference"][n].as_py(), target.getvalue(), is_plain)


def _write_tagged(pdf: PdfFile, drawn: FastNotices, n: int) -> None:
    streams = drawn.tagged_streams(n)
    has_card = drawn.content.needs_card[n]
    for number, (stream, roles) in enumerate(streams):
        is_card = has_card and number == len(streams) - 1
        pdf.add_page(stream, roles, _fields(drawn.content, n) if is_card else ())


def _fields(content: Content, n: int) -> Iterator[TextField]:
    for name, y in layout.CARD_ROWS.items():
        left = layout.CARD_FIELD_X * mm
        bottom = (layout.PAGE_HEIGHT - y - layout.CARD_FIELD_HEIGHT) * mm
        place = (
            left,
            bottom,
            left + layout.CARD_FIELD_WIDTH * mm,
            bottom + layout.CARD_FIELD_HEIGHT * mm,
        )
        value = content.card[name][n] if name in content.card else ""
        shown = b"/Tx BMC q BT /F2+0 9 Tf %b 8 Td (%b)Tj ET Q EMC" % (
            number_of(2 * mm),
            face(False).encode(value),
        )
        yield TextField(name, content.wording.labels[f"{name}_label"], place, value, shown)


def _each(
    notices: pa.Table, press: Press, is_tagged: bool = False
) -> Iterator[tuple[FastNotices, int, str, Stationery]]:
    """Yield each notice of a table, in its order, with the drawn notices that contain it.

    Notices are drawn together by language and service.
    """
    service, language = (
        notices[name].to_numpy(zero_copy_only=False) for name in ("service", "language")
    )
    # A language without templates is printed in Bulgarian.
    language = np.where(np.isin(language, LANGUAGES), language, LANGUAGES[0])
    # Drawn by group, given in the order of the table: each row remembers its place in its group.
    places: list[tuple[FastNotices, int, str, Stationery] | None] = [None] * len(notices)
    for kind, speech in sorted(set(zip(service.tolist(), language.tolist(), strict=True))):
        rows = np.flatnonzero((service == kind) & (language == speech))
        stationery = _stationery(press, kind, is_tagged)
        content = write_contents(notices.take(pa.array(rows)), press, speech, kind)
        drawn = FastNotices(content, stationery, speech)
        for at, row in enumerate(rows.tolist()):
            places[row] = (drawn, at, speech, stationery)
    yield from (place for place in places if place is not None)


def _route_of(sheet: _Sheet) -> tuple[str | None, str | None]:
    return sheet.facts["district"], sheet.facts["route"]


@lru_cache(maxsize=8)
def _stationery(press: Press, service: str, is_tagged: bool = False) -> Stationery:
    """Return the constant parts of a run's notices; made once per process."""
    return Stationery(press, service, is_tagged)


def _draw_all(chunks: Iterable[pa.Table], press: Press) -> Iterator[_Sheet]:
    for chunk in chunks:
        columns = ("reference", "premise_no", "payer_code", "district", "route", "service")
        facts = chunk.select(list(columns)).to_pylist()
        for (drawn, at, _, _), notice_facts in zip(_each(chunk, press), facts, strict=True):
            if drawn.odd[at]:
                document = PlainNotice(drawn.content, at, press).render()
                pages = count_pages(drawn.content.shape(at), drawn.content.needs_card[at])
                yield _Sheet(notice_facts, [], document, pages)
            else:
                streams = drawn.streams(at)
                yield _Sheet(notice_facts, streams, b"", len(streams))


def _write_sheet(pdf: PdfFile, sheet: _Sheet) -> None:
    if sheet.foreign:
        pdf.add_foreign(sheet.foreign)
    for stream in sheet.streams:
        pdf.add_page(stream)


def _write_separator(pdf: PdfFile, file: str, stationery: Stationery, route: list[_Sheet]) -> None:
    facts = route[0].facts
    district, route_no = clean(
        pa.array([facts["district"], facts["route"]], pa.string())
    ).to_pylist()
    values = {
        "district": district or "—",
        "route": route_no or "—",
        "count": f"{len(route)} / {sum(sheet.pages for sheet in route)}",
        "file": file,
        "date": write_day(stationery.press.as_of, "bg"),
    }
    stream = separator_stream(stationery, values)
    if stream is not None:
        pdf.add_page(stream)
        return
    target = BytesIO()
    canvas = open_canvas(target)
    draw_constants(Pen(canvas), layout.SEPARATOR, stationery.wordings["bg"].labels, "")
    draw_values(Pen(canvas), layout.SEPARATOR, values, {})
    canvas.showPage()
    canvas.save()
    pdf.add_foreign(target.getvalue())


def _index_row(
    file: str, pages: int, count: int, kind: str, sheet: _Sheet, named: bool = True
) -> dict[str, object]:
    notice_facts = {
        name: sheet.facts[name] if named else None
        for name in ("reference", "premise_no", "payer_code")
    }
    where = {name: sheet.facts[name] for name in ("district", "route")}
    return {
        "file": file,
        "page_from": pages - count + 1,
        "page_to": pages,
        "kind": kind,
        **notice_facts,
        **where,
        "is_plain": bool(sheet.foreign) and named,
    }
