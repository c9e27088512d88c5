"""Frames of a snapshot: written by the loader, read by the decisions, never changed.

A snapshot is one Parquet file a table, one row group a bucket, always 64 of them. The bucket of a
row is a stable hash of its premise, so that all rows of an account are in one bucket; rows of a
payer (personal data, contacts) are in every bucket that needs them. Rows refer to each other by
their place within the bucket: `account` is a row of `accounts`, `item` a row of `items`, and so on;
-1 is none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.days import NEVER

BUCKETS = 64

_text = pa.string()
_code = pa.int8()
_place = pa.int32()
_day = pa.date32()
_money = pa.int64()
_flag = pa.bool_()
_instant = pa.timestamp("s")


_KEPT = {"premise_no", "payer_code", "invoice_no", "payment_no", "issued_on", "due_on", "paid_on"}


def _schema(**columns: pa.DataType) -> pa.Schema:
    """Return a schema in which numbers, codes, flags and the columns of _KEPT are not nullable.

    So Parquet need not record nulls row by row.
    """
    may_lack = (_text, _day, _instant)
    return pa.schema(
        [
            pa.field(name, kind, kind in may_lack and name not in _KEPT)
            for name, kind in columns.items()
        ]
    )


# The comment above each table begins with its sort order within a bucket. Text sorts by code
# point.
SCHEMAS: dict[str, pa.Schema] = {
    # premise_no; has_refused_evidence: a refused row could be about a tenancy or a protection of
    # the premise, so it is not disconnected
    "premises": _schema(
        premise_no=_text,
        service=_code,
        district=_text,
        route=_text,
        address=_text,
        settlement=_text,
        postcode=_text,
        meter_no=_text,
        is_disconnectable=_flag,
        is_vulnerable=_flag,
        is_life_support=_flag,
        has_refused_evidence=_flag,
    ),
    # payer_code; every payer of an account in this bucket
    "payers": _schema(
        payer_code=_text,
        is_person=_flag,
        name=_text,
        national_id=_text,
        identifier=_code,
        postal_address=_text,
        postal_settlement=_text,
        postal_postcode=_text,
        language=_text,
        is_vulnerable=_flag,
        is_life_support=_flag,
    ),
    # premise_no, payer_code; all pairs of tenancies, invoices and payments of any date; began_on:
    # the first such date
    "accounts": _schema(
        premise_no=_text,
        payer_code=_text,
        premise=_place,
        payer=_place,
        began_on=_day,
        has_refused_evidence=_flag,
    ),
    # account, valid_from
    "tenancies": _schema(account=_place, valid_from=_day, valid_until=_day, share=_text),
    # payer, valid_from, address; all tenancies, in any bucket, of payers who have left a premise
    # and named an address for letters: with the premise's address
    "homes": _schema(
        payer=_place,
        valid_from=_day,
        valid_until=_day,
        address=_text,
        settlement=_text,
        postcode=_text,
    ),
    # payer, channel, registered_at, address; channel: words.CHANNELS
    "contacts": _schema(
        payer=_place,
        channel=_code,
        address=_text,
        registered_at=_instant,
        revoked_at=_instant,
        source=_text,
    ),
    # account, due_on, issued_on, invoice_no; everything invoiced but credit notes and negative
    # equalisations. season: the year in which it begins (1 May), of forecast and equalisation; else
    # -1
    "items": _schema(
        account=_place,
        invoice_no=_text,
        kind=_code,
        season=pa.int16(),
        period_from=_day,
        period_to=_day,
        issued_on=_day,
        due_on=_day,
        amount_minor=_money,
        is_bgn=_flag,
    ),
    # account, season, due_on, invoice_no; every equalisation, also negative and zero ones
    "equalisations": _schema(
        account=_place, season=pa.int16(), invoice_no=_text, issued_on=_day, due_on=_day
    ),
    # account, paid_on, notes first, payment_no; payments and credit notes (is_note; paid_on is then
    # issued_on), never reversals; amount_minor >= 0. item: the invoice it may settle first.
    # named_no: the invoice it named, where that name was dropped. reversed_on: the day of its
    # reversal.
    "payments": _schema(
        account=_place,
        payment_no=_text,
        paid_on=_day,
        is_note=_flag,
        amount_minor=_money,
        is_bgn=_flag,
        item=_place,
        named_no=_text,
        channel=_text,
        reversed_on=_day,
    ),
    # account, paid_on, payment_no; amount_minor <= 0; payment: the row of payments that it cancels
    "reversals": _schema(
        account=_place,
        payment_no=_text,
        payment=_place,
        paid_on=_day,
        amount_minor=_money,
        is_bgn=_flag,
    ),
    # account, item, valid_from, hold_no; already spread: one row per account or item under the
    # hold. item -1: the whole account; reason: words.HOLD_REASONS
    "holds": _schema(
        account=_place,
        item=_place,
        hold_no=_text,
        reason=_code,
        valid_from=_day,
        valid_until=_day,
        author=_text,
        note=_text,
    ),
    # payer, premise, valid_from, reason; payers and premises named by holds of words.PROTECTING
    # reasons, whatever else these name, in every bucket that has them: a payer or a premise per
    # row, the other is -1
    "protections": _schema(
        payer=_place, premise=_place, reason=_code, valid_from=_day, valid_until=_day
    ),
    # account, applied_on, agreement_no
    "agreements": _schema(
        account=_place,
        agreement_no=_text,
        applied_on=_day,
        contacted_on=_day,
        signed_on=_day,
        cancelled_on=_day,
    ),
    # agreement, item
    "agreement_items": _schema(agreement=_place, item=_place),
    # agreement, due_on, seq; amount_cents: amount_minor in euro, converted one by one
    "instalments": _schema(
        agreement=_place,
        seq=pa.int32(),
        due_on=_day,
        amount_minor=_money,
        is_bgn=_flag,
        amount_cents=_money,
    ),
    # account, filed_on, case_no; stage: words.CASE_STAGES; outcome: words.CASE_OUTCOMES or -1
    "cases": _schema(
        account=_place, case_no=_text, filed_on=_day, stage=_code, stage_on=_day, outcome=_code
    ),
    # case, item
    "case_items": _schema(case=_place, item=_place),
    # account, sent_on, notice_no; stage: words.NOTICE_STAGES
    "notices": _schema(
        account=_place,
        notice_no=_text,
        stage=_code,
        channel=_text,
        sent_on=_day,
        served_on=_day,
        failed_on=_day,
    ),
    # account, invoice_no, seq; quantity and unit_price as read
    "invoice_lines": _schema(
        account=_place,
        invoice_no=_text,
        seq=pa.int32(),
        label=_text,
        unit=_text,
        quantity=_text,
        unit_price=_text,
        amount_minor=_money,
    ),
}


class Frame:
    """Columns of equal length: numpy arrays for numbers, days and flags, Arrow arrays for text.

    Days are int32 with `NEVER` for null. Immutable by convention; `with_columns` gives a new frame.
    """

    def __init__(self, columns: Mapping[str, npt.NDArray | pa.Array]) -> None:
        self.columns = columns

    def __getitem__(self, name: str) -> npt.NDArray:
        return self.columns[name]

    def text(self, name: str) -> pa.Array:
        """Return a column of text as an Arrow array."""
        return self.columns[name]

    def __len__(self) -> int:
        if isinstance(self.columns, _Taken):
            return len(self.columns.rows)
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __contains__(self, name: str) -> bool:
        return name in self.columns

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def take(self, rows: npt.NDArray) -> "Frame":
        """Return the rows at these places or under this mask.

        Each column is taken only when it is first read.
        """
        return Frame(_Taken(self, np.flatnonzero(rows) if rows.dtype == bool else rows))

    def with_columns(self, **columns: npt.NDArray | pa.Array) -> "Frame":
        """Return a frame with these columns added or replaced."""
        return Frame({**self.columns, **columns})


class _Taken(Mapping[str, npt.NDArray | pa.Array]):
    """Columns of some rows of a frame, each taken when it is first read; most never are."""

    def __init__(self, frame: Frame, rows: npt.NDArray) -> None:
        self.rows = rows
        self._frame = frame
        self._taken: dict[str, npt.NDArray | pa.Array] = {}

    def __getitem__(self, name: str) -> npt.NDArray | pa.Array:
        if name not in self._taken:
            column, rows = self._frame.columns[name], self.rows
            self._taken[name] = (
                column[rows] if isinstance(column, np.ndarray) else column.take(pa.array(rows))
            )
        return self._taken[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._frame.columns)

    def __len__(self) -> int:
        return len(self._frame.columns)


def frame_of(table: pa.Table) -> Frame:
    """Return an Arrow table as a frame.

    Dates become days (null is `NEVER`), instants int64 seconds (null is int64 max).
    """
    columns: dict[str, npt.NDArray | pa.Array] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
        if isinstance(values, pa.ChunkedArray):
            values = values.chunk(0) if values.num_chunks else pa.array([], column.type)
        if pa.types.is_string(values.type):
            columns[name] = values
        elif pa.types.is_date32(values.type):
            # A view, no copy: date32 is int32 days since 1970-01-01.
            days = values.view(pa.int32())
            columns[name] = (pc.fill_null(days, NEVER) if days.null_count else days).to_numpy()
        elif pa.types.is_timestamp(values.type):
            seconds = values.cast(_instant).cast(
                pa.int64()
            )  # Parquet keeps milliseconds at the least
            columns[name] = pc.fill_null(seconds, np.iinfo(np.int64).max).to_numpy(
                zero_copy_only=False
            )
        else:
            columns[name] = values.to_numpy(zero_copy_only=False)
    return Frame(columns)


def days_to_arrow(days: npt.NDArray) -> pa.Array:
    """Return day numbers as date32; `NEVER` becomes null."""
    days = np.asarray(days, np.int32)
    return pa.array(days, mask=days == NEVER).cast(pa.date32())


# Refused rows; `cells` are those that the reasons are about, each with its column.
QUARANTINE_SCHEMA = pa.schema(
    {
        "table": pa.string(),
        "file": pa.string(),
        "line": pa.int64(),
        "reasons": pa.string(),
        "row": pa.string(),
        "cells": pa.string(),
    }
)


@dataclass(frozen=True)
class BucketedTable:
    """The rows of one table, bucket after bucket.

    Bucket b is `rows[offsets[b]:offsets[b + 1]]`, of 65 `offsets`.
    """

    rows: pa.Table
    offsets: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Bucket:
    """One of the 64 parts of a snapshot: its tables as frames, all places resolved within it."""

    index: int
    tables: dict[str, Frame]

    def __getattr__(self, name: str) -> Frame:
        try:
            return self.tables[name]
        except KeyError:
            raise AttributeError(name) from None
