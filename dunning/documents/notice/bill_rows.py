"""The first table of a notice: each new document with its lines, and older sums to pay.

The column on its right, „За плащане“, holds what a row adds to the sum to pay and nothing else: a
document of which nothing is to be paid in its own row has no number there; a remark below it
explains why, or where it counts.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.frames import frame_of
from dunning.documents.notice import layout
from dunning.documents.notice.figures import Figures, cents_of, clean, offsets_of
from dunning.documents.notice.layout import Block, Value
from dunning.documents.notice.wording import Wording
from dunning.documents.notice.wrapping import wrap

Cells = tuple[str, tuple[str, ...]]
_OLDER = "older"  # the state of what was new on an earlier notice


@dataclass
class BillRows:
    """The table rows of all notices.

    Notice n has the rows `cells[at[n]:at[n + 1]]`; a row is (kind, texts).
    """

    cells: list[Cells] = field(default_factory=list)
    at: list[int] = field(default_factory=lambda: [0])


def write_bills(notices: pa.Table, figures: Figures, wording: Wording) -> BillRows:
    """Return a row per new document, with remark and lines, then the older documents to pay.

    Older wording, without remarks, prints each new document's own sum, and nothing of
    older ones.
    """
    lists, pending = notices["lines"].combine_chunks(), notices["pending"].combine_chunks()
    lines, at, older_at = lists.flatten(), offsets_of(lists), offsets_of(pending)
    is_first = _is_first(lines, at)
    # Lines are reduced to one per document (their first), so that both have the same order.
    has_credit = np.repeat(notices["credit_cents"].to_numpy() > 0, np.diff(at))[is_first]
    has_remarks = wording.has("bill_sum")
    documents = iter(
        _Documents(_new(lines.filter(pa.array(is_first))), figures, wording).write_rows(
            has_remarks, has_credit
        )
    )
    older = (
        _Documents(_older(pending.flatten()), figures, wording).write_rows() if has_remarks else []
    )
    rows, empty, below = BillRows(), wording.write_block("no_bill"), _line_cells(lines, figures)
    begins = is_first.tolist()
    for n in range(len(notices)):
        if at[n] == at[n + 1]:
            rows.cells.append(("bill", (empty, "")))
        for line in range(at[n], at[n + 1]):
            rows.cells += (next(documents) if begins[line] else []) + below[line]
        for bill_rows in older[older_at[n] : older_at[n + 1]]:
            rows.cells += bill_rows
        rows.at.append(len(rows.cells))
    return rows


def _is_first(lines: pa.StructArray, at: list[int]) -> npt.NDArray[np.bool_]:
    """Return a mask of the lines that are the first of their document."""
    # A document begins where its number differs from the line above, and with each notice:
    #   notice     | 0       | 1   |
    #   invoice_no | A A B B | B C |
    #   is_first   | 1 0 1 0 | 1 1 |
    numbers, is_first = lines.field("invoice_no"), np.ones(len(lines), np.bool_)
    is_first[1:] = pc.not_equal(numbers[1:], numbers[:-1]).to_numpy(zero_copy_only=False)
    is_first[[begin for begin in at if begin < len(lines)]] = True
    return is_first


def count_remarked(notices: pa.Table) -> npt.NDArray[np.int64]:
    """Return the number of new documents with a remark, per notice."""
    lists = notices["lines"].combine_chunks()
    lines, at = lists.flatten(), np.array(offsets_of(lists), np.int64)
    needs = _is_first(lines, at.tolist())
    # Write into the mask through itself: of the first lines only those stay that need a remark.
    needs[needs] = _needs_remark(_new(lines.filter(pa.array(needs))))
    total = np.r_[0, np.cumsum(needs)]
    return np.asarray(total[at[1:]] - total[at[:-1]], np.int64)


def _new(lines: pa.StructArray) -> pa.Table:
    columns = {each.name: lines.field(each.name) for each in lines.type}
    leva = pc.if_else(columns["is_bgn"], columns["bill_minor"], pa.scalar(None, pa.int64()))
    return pa.table({**columns, "original_minor": leva})


def _older(pending: pa.StructArray) -> pa.Table:
    columns = {each.name: pending.field(each.name) for each in pending.type}
    return pa.table({**columns, "standing": pa.repeat(_OLDER, len(pending))})


def _needs_remark(documents: pa.Table) -> npt.NDArray[np.bool_]:
    """Return a mask of the documents that are not simply a bill in euro, to be paid in full."""
    is_whole = pc.equal(documents["bill_cents"], documents["open_cents"])
    is_plain = pc.and_(
        pc.equal(documents["standing"], "to_pay"), pc.is_null(documents["original_minor"])
    )
    return ~pc.and_(is_whole, is_plain).to_numpy(zero_copy_only=False)


class _Documents:
    """Documents, one per row: the new ones, or the older ones that are still to pay."""

    def __init__(self, documents: pa.Table, figures: Figures, wording: Wording) -> None:
        self._documents, self._figures, self._wording = documents, figures, wording
        self._states: list[str] = documents["standing"].to_pylist()

    def write_rows(
        self, has_remarks: bool = True, has_credit: npt.NDArray[np.bool_] | None = None
    ) -> list[list[Cells]]:
        """Return the table rows of each document, without its lines.

        Args:
            has_remarks: else with its own sum, whatever of it is to pay.
            has_credit: whether its account has money left over; None: it does not matter.
        """
        heads = list(self._heads())
        if not has_remarks:
            return [
                [("bill", (head, amount))]
                for head, amount in zip(heads, self._own_sums(), strict=True)
            ]
        adds = self._figures.euro(self._cents("open_cents"))
        bill_rows: list[list[Cells]] = [
            [("bill", (head, cents if state in ("to_pay", _OLDER) else ""))]
            for head, cents, state in zip(heads, adds, self._states, strict=True)
        ]
        rows = np.flatnonzero(_needs_remark(self._documents))
        for row, remark in zip(rows.tolist(), self._remarks(rows, has_credit), strict=True):
            bill_rows[row] += [("remark", (text,)) for text in _wrap(layout.REMARK_ROW, remark)]
        return bill_rows

    def _cents(self, name: str) -> npt.NDArray[np.int64]:
        return self._documents[name].to_numpy().astype(np.int64)

    def _heads(self) -> Iterator[str]:
        frame = frame_of(self._documents.select(["period_from", "period_to"]))
        kinds = [self._wording.kinds[kind] for kind in self._documents["kind"].to_pylist()]
        numbers = clean(self._documents["invoice_no"]).to_pylist()
        periods = self._figures.periods(frame["period_from"], frame["period_to"])
        write_block = self._wording.block_writer("bill")
        for kind, number, period in zip(kinds, numbers, periods, strict=True):
            yield write_block({"kind": kind, "number": number, "period": period})

    def _own_sums(self) -> list[str]:
        """Return the sum of each document in the currency in which it was issued."""
        euro = self._figures.euro(self._cents("bill_cents"))
        leva = self._leva(np.arange(len(self._documents)))
        return [
            own if own is not None else converted for own, converted in zip(leva, euro, strict=True)
        ]

    def _leva(self, rows: npt.NDArray[np.int64], absolute: bool = False) -> list[str | None]:
        minor = self._documents["original_minor"].take(pa.array(rows))
        sums = pc.fill_null(minor, 0).to_numpy().astype(np.int64)
        texts = self._figures.leva(np.abs(sums) if absolute else sums)
        return [
            text if there else None
            for text, there in zip(texts, pc.is_valid(minor).to_pylist(), strict=True)
        ]

    def _remarks(
        self, rows: npt.NDArray[np.int64], has_credit: npt.NDArray[np.bool_] | None
    ) -> Iterator[str]:
        """Yield the remark of each given document: whole sum, settled part, and the rest."""
        bill, left = self._cents("bill_cents")[rows], self._cents("open_cents")[rows]
        named = {"sum", *(self._states[row] for row in rows.tolist())}
        write_rows = {name: self._wording.block_writer(f"bill_{name}") for name in named}
        columns = zip(
            rows.tolist(),
            self._figures.euro(np.abs(bill)),
            self._leva(rows, absolute=True),
            self._figures.euro(bill - left),
            ((left > 0) & (left != bill)).tolist(),
            self._figures.days(frame_of(self._documents.select(["pay_on"]))["pay_on"][rows]),
            strict=True,
        )
        for row, whole, leva, settled, is_part, due_on in columns:
            state = self._states[row]
            facts = {
                "bill": whole,
                "leva": leva,
                "settled": settled if is_part or state == "settled" else None,
                "is_part": is_part,
                "due_on": due_on,
                "has_credit": has_credit is not None and bool(has_credit[row]),
            }
            has_sum = state != _OLDER or is_part or leva
            yield f"{write_rows['sum'](facts) if has_sum else ''} {write_rows[state](facts)}".strip()


def _line_cells(lines: pa.StructArray, figures: Figures) -> list[list[Cells]]:
    """Return the table rows of each line; a label that is too long is continued in more rows."""
    labels, units = (clean(lines.field(name)).to_pylist() for name in ("label", "unit"))
    quantities, prices = (
        figures.quantities(lines.field(name)) for name in ("quantity", "unit_price")
    )
    minor, is_bgn = cents_of(lines, "amount_minor"), lines.field("is_bgn").to_pylist()
    euro = figures.euro(minor)
    leva = figures.leva(minor) if any(is_bgn) else euro
    made: list[list[Cells]] = []
    for row, label in enumerate(labels):
        # A document without lines has one here, without a label: it prints nothing.
        if label is None:
            made.append([])
            continue
        amount = leva[row] if is_bgn[row] else euro[row]
        # The first row has the figures, the others the rest of the label.
        first, *more = _wrap(layout.LINE_ROW, label)
        figures_row = ("line", (first, units[row] or "", quantities[row], prices[row], amount))
        made.append([figures_row, *(("line", (rest, "", "", "", "")) for rest in more)])
    return made


@lru_cache(maxsize=10_000)
def _wrap(block: Block, text: str) -> list[str]:
    """Return a text, wrapped to the width of the first column of a row."""
    part = next(part for part in block.parts if isinstance(part, Value))
    return wrap(text, False, part.style.size, part.width)
