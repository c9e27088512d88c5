"""Read a large table once as a stream, store it by bucket, and return it some buckets at a time."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.arrays import Flags, Places
from dunning.ledger.bucket_files import (
    STORED_BUCKETS,
    UNKNOWN_BUCKET,
    BucketFile,
    SortedRows,
    sort_by_bucket,
)
from dunning.ledger.buckets import buckets_of
from dunning.ledger.check.duplicates import mark_duplicates
from dunning.ledger.check.late_dates import DayCounts, count_days, no_days
from dunning.ledger.check.manifest import TableCounts, add_counts, count_table
from dunning.ledger.check.row_checks import is_euro_too_early
from dunning.ledger.read.parsing import encoded_columns, parse_batch
from dunning.ledger.side_by_side import map_in_order
from dunning.ledger.text_index import (
    AMBIGUOUS,
    NOWHERE,
    Hashes,
    KeyBuckets,
    find_places,
    make_entries,
)
from dunning.ledger.typed_tables import RawBatch, RawTable, TypedTable

FindBuckets = Callable[[TypedTable], npt.NDArray]
_CODES = ("premise_no", "payer_code")


@dataclass(frozen=True)
class PreparedBatch:
    """Some rows of a large table, ready to be added to it.

    Attributes:
        entries: buckets of their keys; None where the table's rows have no day: bill lines.
        has_early_euro, days: as in LargeTable.
    """

    rows: SortedRows
    ragged_lines: Places
    counts: TableCounts
    entries: Hashes | None
    has_early_euro: bool
    days: DayCounts


class LargeTable:
    """One large table, with its rows by bucket.

    Attributes:
        raw: where it comes from.
        counts: rows and sums as read, for the manifest.
        ragged_lines: lines of the rows with a wrong number of cells.
        key_buckets: in which bucket each key may be; empty where it was not asked for.
        bucket_file: its rows.
        has_early_euro: some row is in EUR and dated before the changeover.
        days: how many rows are dated on each day, of a dated table; see `late_dates`.
    """

    def __init__(self, raw: RawTable, folder: Path) -> None:
        self.raw = raw
        self.counts = TableCounts(0, {})
        self.ragged_lines = np.empty(0, np.int64)
        self.key_buckets = KeyBuckets()
        self.has_early_euro = False
        self.days = no_days()
        self.bucket_file = BucketFile(folder / f"{raw.table.name}.arrow", raw)

    def add(self, batch: PreparedBatch) -> None:
        """Add some rows; in the order of the file."""
        self.bucket_file.add(batch.rows)
        self.counts = add_counts(self.counts, batch.counts)
        self.has_early_euro |= batch.has_early_euro
        self.days = self.days + batch.days
        self.ragged_lines = np.concatenate((self.ragged_lines, batch.ragged_lines))
        if batch.entries is not None:
            self.key_buckets.add(batch.entries)

    def close(self) -> None:
        """Finish after the last rows; after this, rows and keys can be read."""
        self.bucket_file.close()
        self.key_buckets.close()

    def read(self, buckets: range, leave_out: Iterable[str] = ()) -> TypedTable:
        """Return the rows of some buckets, with copies marked."""
        return self.bucket_file.read(buckets, leave_out)

    def find_buckets(self, names: pa.Array) -> npt.NDArray[np.int16]:
        """Return the bucket of the row with each of these keys; NOWHERE where there is none."""
        buckets = self.key_buckets.find_buckets(names)
        # Two keys with one hash, or one key in two buckets: only the texts decide.
        unsure = np.flatnonzero(buckets == AMBIGUOUS)
        if not unsure.size:
            return buckets
        wanted = names.take(pa.array(unsure))
        buckets[unsure] = NOWHERE
        for bucket in sorted(self.key_buckets.find_all_buckets(wanted)):
            for rows in self.bucket_file.stretches(range(bucket, bucket + 1)):
                buckets[unsure[find_places(wanted, rows[self.raw.table.key[0]]) >= 0]] = bucket
        return buckets

    def find_copies(self) -> None:
        """Find the rows that share a key; from now on `read` marks them. See `duplicates`."""
        repeated = self.key_buckets.find_repeated()
        found = []
        is_any = len(repeated.hashes) > 0
        for rows in self.bucket_file.stretches(range(STORED_BUCKETS if is_any else 0)):
            places = repeated.rows_of(rows[self.raw.table.key[0]])
            if places.size:
                found.append(rows.take(pa.array(places)))
        if found:
            # Copies of a row are in one bucket, so in the order of the file.
            suspects = self.bucket_file.typed(found)
            before = suspects.reasons.copy()
            mark_duplicates(suspects)
            self.bucket_file.mark_copies(
                suspects.lines[suspects.reasons != before], suspects.lines[suspects.is_repeated]
            )


def read_large_table(raw: RawTable, folder: Path, invoices: LargeTable | None) -> LargeTable:
    """Return a table that was read to its end, its rows stored by bucket.

    Args:
        folder: where what does not fit into memory goes.
        invoices: already read; None while these are read themselves.
    """
    table = LargeTable(raw, folder)
    find_buckets = _FINDERS[raw.table.name](invoices) if invoices else by_premise
    codes = {name for name in _CODES if name in raw.table.names}
    batches = raw.source.batches(encoded_columns(raw.table) | codes) if raw.source else ()
    # Parsing runs on several threads; results are added here in file order, by one thread.
    for batch in map_in_order(partial(_prepare, raw, find_buckets), batches):
        table.add(batch)
    table.close()
    return table


def _prepare(raw: RawTable, find_buckets: FindBuckets, batch: RawBatch) -> PreparedBatch:
    rows, day = parse_batch(raw, batch), _DAYS.get(raw.table.name)
    buckets, keys = find_buckets(rows), rows.frame.text(raw.table.key[0])
    return PreparedBatch(
        sort_by_bucket(rows, buckets),
        rows.ragged_lines,
        count_table(rows),
        make_entries(keys, buckets) if day else None,
        bool(is_euro_too_early(rows, day).any()) if day else False,
        count_days(rows) if day else no_days(),
    )


def by_premise(rows: TypedTable) -> npt.NDArray:
    """Return the bucket of the premise that each row names; null counts as the empty text."""
    codes = rows.frame.text("premise_no").dictionary_encode()
    # Hash each different premise once; nulls point to one more place at the end.
    of_code = np.append(buckets_of(codes.dictionary), buckets_of(pa.array([""])))
    return of_code[codes.indices.fill_null(len(codes.dictionary)).to_numpy(zero_copy_only=False)]


def by_premise_or_invoice(invoices: LargeTable) -> FindBuckets:
    """Return a finder for payments: the premise's bucket, else the invoice's, else UNKNOWN_BUCKET."""

    def find(rows: TypedTable) -> npt.NDArray:
        buckets = by_premise(rows).astype(np.int16)
        nameless = np.flatnonzero(_is_null(rows.frame.text("premise_no")))
        buckets[nameless] = UNKNOWN_BUCKET
        names = rows.frame.text("invoice_no").take(pa.array(nameless))
        asks = ~_is_null(names)
        found = invoices.find_buckets(names.filter(pa.array(asks)))
        buckets[nameless[asks]] = np.where(found >= 0, found, UNKNOWN_BUCKET)
        return buckets

    return find


def by_invoice(invoices: LargeTable) -> FindBuckets:
    """Return a finder for bill lines: the bucket of the invoice.

    All lines of one invoice number come into one bucket, also where there is no such invoice.
    """

    def find(rows: TypedTable) -> npt.NDArray:
        names = rows.frame.text("invoice_no").dictionary_encode()
        some = np.append(invoices.find_buckets(names.dictionary), -1)
        # No such invoice: a bucket by the invoice number itself, so that its lines stay together.
        elsewhere = np.append(buckets_of(names.dictionary), buckets_of(pa.array([""])))
        places = names.indices.fill_null(len(names.dictionary)).to_numpy(zero_copy_only=False)
        return np.where(some < 0, elsewhere, some)[places]

    return find


def _is_null(texts: pa.Array) -> Flags:
    return texts.is_null().to_numpy(zero_copy_only=False)


_DAYS = {"invoices": "issued_on", "payments": "paid_on"}
_FINDERS = {"payments": by_premise_or_invoice, "invoice_lines": by_invoice}
