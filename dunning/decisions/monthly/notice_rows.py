"""Rows of a notice: lines of new documents, other items to pay, periods of overdue items."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Flags, Places
from dunning.core.days import NEVER, to_day
from dunning.core.frames import Bucket, Frame
from dunning.core.words import CREDIT_NOTE, ITEM_KINDS, PAYOUT, code
from dunning.decisions.frames import Decision
from dunning.decisions.lists.proposals import to_arrays
from dunning.decisions.monthly.document_states import DOCUMENT_STATES
from dunning.decisions.segments import bounds_of, index_rows
from dunning.decisions.tables import word_column

_text = pa.string()
_day = pa.date32()
_cents = pa.int64()
_count = pa.int32()
_flag = pa.bool_()
_KINDS = (*ITEM_KINDS, CREDIT_NOTE)
_NOTE, _PAYOUT = len(ITEM_KINDS), code(ITEM_KINDS, PAYOUT)
# Columns of a document that each of its lines repeats.
_OF_DOCUMENT = (
    "invoice_no",
    "period_from",
    "period_to",
    "is_bgn",
    "bill_cents",
    "open_cents",
    "pay_on",
)


def _rows(**columns: pa.DataType) -> pa.ListType:
    return pa.list_(pa.struct(list(columns.items())))


# Service periods of overdue items, both days inclusive, ascending, not touching each other.
PERIODS = _rows(**{"from": _day, "to": _day})
# One line of a new document, by issued_on, invoice_no, seq. bill_minor: the document's own amount,
# bill_cents: in euro; quantity and unit_price: as read; amount_minor: the line's. A credit note,
# and a bill without lines, is one row without label. standing: where what is open of the document
# counts; open_cents: what that is; pay_on: until when it is to be paid, where it counts in the
# document's own row.
LINES = _rows(
    invoice_no=_text,
    kind=_text,
    period_from=_day,
    period_to=_day,
    bill_minor=_cents,
    label=_text,
    unit=_text,
    quantity=_text,
    unit_price=_text,
    amount_minor=_cents,
    is_bgn=_flag,
    standing=_text,
    bill_cents=_cents,
    open_cents=_cents,
    pay_on=_day,
)
# One overdue item, by due_on, issued_on, invoice_no. original_minor: stotinki; null for an invoice
# in euro.
ITEMS = _rows(
    invoice_no=_text,
    kind=_text,
    period_from=_day,
    period_to=_day,
    due_on=_day,
    days_overdue=_count,
    open_cents=_cents,
    original_minor=_cents,
)
# One item that is to pay, neither overdue nor of a new document. The same order. bill_cents: the
# whole amount in euro; pay_on: null for money paid back, which is no bill with a day to pay it by.
PENDING = _rows(
    invoice_no=_text,
    kind=_text,
    period_from=_day,
    period_to=_day,
    pay_on=_day,
    bill_cents=_cents,
    open_cents=_cents,
    original_minor=_cents,
)


@dataclass(frozen=True)
class Shown:
    """Documents that a group's notices have shown as new before.

    until: all that were issued up to this day. numbers: further ones.
    """

    until: date
    numbers: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))


def find_documents(bucket: Bucket, accounts: Places, shown: Shown, as_of: int) -> Frame:
    """Return the bills and credit notes of some accounts that were not shown yet.

    By account, issued_on, invoice_no.

    Columns: account, item (-1 for a credit note), invoice_no, kind (of `_KINDS`), period_from,
    period_to, issued_on, due_on (`NEVER` for a credit note, and for money paid back: neither is a
    bill with a day to pay it by), amount_minor (negative for a credit note), is_bgn.
    """
    is_asked = np.zeros(len(bucket.accounts), np.bool_)
    is_asked[accounts] = True
    item = _find_new(bucket.items, "issued_on", "invoice_no", is_asked, shown, as_of)
    bills = bucket.items.take(item)
    notes = bucket.payments.take(bucket.payments["is_note"])
    notes = notes.take(_find_new(notes, "paid_on", "payment_no", is_asked, shown, as_of))
    numbers = pa.concat_arrays([bills.text("invoice_no"), notes.text("payment_no")])
    columns = {
        name: np.concatenate((bills[name], values))
        for name, values in _describe_notes(notes).items()
    }
    order = pa.table(
        {"account": columns["account"], "issued_on": columns["issued_on"], "invoice_no": numbers}
    )
    ascending = [(name, "ascending") for name in order.column_names]
    columns["due_on"] = np.where(columns["kind"] == _PAYOUT, NEVER, columns["due_on"]).astype(
        np.int32
    )
    documents = Frame(
        {**columns, "invoice_no": numbers, "item": np.r_[item, np.full(len(notes), -1, np.int64)]}
    )
    return documents.take(pc.sort_indices(order, ascending).to_numpy().astype(np.int64))


def _find_new(
    table: Frame, dated: str, numbered: str, is_asked: Flags, shown: Shown, as_of: int
) -> Places:
    """Return the rows of some accounts dated after what was shown, up to a day, and not shown."""
    is_new = (table[dated] > to_day(shown.until)) & (table[dated] <= as_of)
    rows = np.flatnonzero(is_new & is_asked[table["account"]])
    return rows[_is_unknown(table.text(numbered).take(pa.array(rows)), shown)]


def _describe_notes(notes: Frame) -> dict[str, npt.NDArray]:
    """Return credit notes with the columns of bills: without period and day to pay, negative."""
    never = np.full(len(notes), NEVER, np.int32)
    return {
        "account": notes["account"],
        "kind": np.full(len(notes), _NOTE, np.int8),
        "period_from": never,
        "period_to": never,
        "issued_on": notes["paid_on"],
        "due_on": never,
        "amount_minor": -notes["amount_minor"],
        "is_bgn": notes["is_bgn"],
    }


def _is_unknown(numbers: pa.Array, shown: Shown) -> Flags:
    return ~pc.is_in(numbers, value_set=shown.numbers).to_numpy(zero_copy_only=False)


def list_lines(bucket: Bucket, documents: Frame, accounts: Places) -> pa.Array:
    """Return the LINES of each account.

    Args:
        documents: as `find_document_states` gives them.
    """
    lines = bucket.invoice_lines
    is_bill = documents["kind"] != _NOTE
    bills = pc.if_else(
        pa.array(is_bill), documents.text("invoice_no"), pa.scalar(None, pa.string())
    )
    document = pc.fill_null(
        pc.index_in(lines.text("invoice_no"), value_set=bills, skip_nulls=True), -1
    )
    document = document.to_numpy(zero_copy_only=False).astype(np.int64)
    line = np.flatnonzero(document >= 0)
    has_lines = np.zeros(len(documents), np.bool_)
    has_lines[document[line]] = True
    # Credit notes, and bills without lines: one row each.
    lone = np.flatnonzero(~has_lines)
    document = np.r_[document[line], lone]
    order = np.argsort(document, kind="stable")  # lines of one invoice keep the order of seq
    of = documents.take(document[order])
    line = np.r_[line, np.full(len(lone), -1, np.int64)][order]
    place = pa.array(line, mask=line < 0)
    # The appended 0 is what line -1 reads.
    amounts = np.r_[lines["amount_minor"], np.int64(0)][line]
    columns = {
        **{name: of.columns[name] for name in _OF_DOCUMENT},
        **{
            name: lines.text(name).take(place)
            for name in ("label", "unit", "quantity", "unit_price")
        },
        "kind": word_column(_KINDS, of["kind"]),
        "bill_minor": of["amount_minor"],
        "amount_minor": np.where(line < 0, of["amount_minor"], amounts),
        "standing": word_column(DOCUMENT_STATES, of["standing"]),
    }
    return _nest(LINES, columns, _row_of(bucket, accounts)[of["account"]], len(accounts))


def list_items(bucket: Bucket, decision: Decision, accounts: Places) -> pa.Array:
    """Return the ITEMS of each account: items that are overdue and have not expired."""
    row, demanded = _demanded(bucket, decision, accounts)
    items = bucket.items.take(demanded["item"])
    columns = {
        **{
            name: items.columns[name]
            for name in ("invoice_no", "period_from", "period_to", "due_on")
        },
        "kind": word_column(ITEM_KINDS, items["kind"]),
        "days_overdue": demanded["days_overdue"],
        "open_cents": demanded["open_cents"],
        "original_minor": pa.array(items["amount_minor"], mask=~items["is_bgn"]),
    }
    return _nest(ITEMS, columns, row, len(accounts))


def list_pending(
    bucket: Bucket, decision: Decision, documents: Frame, accounts: Places
) -> pa.Array:
    """Return the PENDING of each account: items to pay, neither overdue nor new.

    Together ITEMS, LINES and PENDING name everything in the sum to pay.
    """
    opened = decision.open_items
    row, place = _row_of(bucket, accounts)[opened["account"]], opened["item"]
    is_new = np.zeros(len(bucket.items), np.bool_)
    is_new[documents["item"][documents["item"] >= 0]] = True
    is_to_pay = (row >= 0) & (opened["shield"] == 0) & ~opened["is_expired"]
    chosen = is_to_pay & ~opened["is_overdue"] & ~is_new[place]
    items = bucket.items.take(place[chosen])
    columns = {
        **{name: items.columns[name] for name in ("invoice_no", "period_from", "period_to")},
        "kind": word_column(ITEM_KINDS, items["kind"]),
        "pay_on": np.where(items["kind"] == _PAYOUT, NEVER, items["due_on"]).astype(np.int32),
        "bill_cents": opened["amount_cents"][chosen],
        "open_cents": opened["open_cents"][chosen],
        "original_minor": pa.array(items["amount_minor"], mask=~items["is_bgn"]),
    }
    return _nest(PENDING, columns, row[chosen], len(accounts))


def list_periods(bucket: Bucket, decision: Decision, accounts: Places) -> pa.Array:
    """Return the PERIODS of each account: those of its ITEMS, merged where they touch.

    A period that lacks a day, or ends before it starts, is none.
    """
    row, demanded = _demanded(bucket, decision, accounts)
    items = bucket.items.take(demanded["item"])
    first = items["period_from"].astype(np.int64)
    last = items["period_to"].astype(np.int64)
    is_full = (last < NEVER) & (first <= last)
    row = row[is_full]
    first = first[is_full]
    last = last[is_full]
    order = np.lexsort((first, row))
    row = row[order]
    first = first[order]
    last = last[order]
    # periods   |------|
    #               |-------||---|
    #                              |-----|
    # merged    |----------------|  |-----|     a new one starts after a whole free day
    #
    # `reached`: the latest day so far. An offset per account keeps accounts apart.
    reached = np.maximum.accumulate(row * 2 * NEVER + last) - row * 2 * NEVER
    is_apart = np.r_[True, (row[1:] != row[:-1]) | (first[1:] > reached[:-1] + 1)][: len(row)]
    is_end = np.r_[is_apart[1:], True][: len(row)]
    columns = {"from": first[is_apart].astype(np.int32), "to": reached[is_end].astype(np.int32)}
    return _nest(PERIODS, columns, row[is_apart], len(accounts))


def _demanded(bucket: Bucket, decision: Decision, accounts: Places) -> tuple[Places, Frame]:
    """Return the overdue, unexpired open items of these accounts and the row of each.

    The row first, then the items.
    """
    items = decision.open_items
    row = _row_of(bucket, accounts)[items["account"]]
    chosen = (row >= 0) & items["is_overdue"] & ~items["is_expired"]
    return row[chosen], items.take(chosen)


def _row_of(bucket: Bucket, accounts: Places) -> Places:
    return index_rows(accounts, len(bucket.accounts))


def _nest(
    kind: pa.ListType, columns: Mapping[str, npt.NDArray | pa.Array], row: Places, rows: int
) -> pa.Array:
    """Return columns, ascending by row, as one list of structs per row."""
    fields = list(kind.value_type)
    structs = pa.StructArray.from_arrays(to_arrays(fields, columns), fields=fields)
    return pa.ListArray.from_arrays(pa.array(bounds_of(row, rows), pa.int32()), structs, type=kind)
