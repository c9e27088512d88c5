"""Read a large table once as a stream, store it by bucket, and return it some buckets at a time."""

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.arrays import Flags, Places
from dunning.ledger.bucket_files import HOMELESS, HOMES, Spill, Stretch, sort_by_home
from dunning.ledger.buckets import buckets_of
from dunning.ledger.check.duplicates import mark_duplicates
from dunning.ledger.check.late_dates import count_days, no_days
from dunning.ledger.check.manifest import TableCounts, add_counts, count_table
from dunning.ledger.check.row_checks import is_euro_too_early
from dunning.ledger.read.parsing import encoded_columns, parse_batch
from dunning.ledger.side_by_side import map_in_order
from dunning.ledger.text_index import AMBIGUOUS, NOWHERE, Directory, Hashes, enter, find_places
from dunning.ledger.typed_tables import RawBatch, RawTable, TypedTable

FindHomes = Callable[[TypedTable], npt.NDArray]
_CODES = ("premise_no", "payer_code")


class Bulk:
    """One large table, with its rows by bucket.

    Attributes:
        raw: where it comes from.
        counts: rows and sums as read, for the manifest.
        ragged_lines: lines of the rows with a wrong number of cells.
        directory: in which bucket each key may be; empty where none was asked for.
        spill: its rows.
        has_early_euro: some row is in EUR and dated before the changeover.
        days: how many rows are dated on each day, of a dated table; see `late_dates`.
    """

    def __init__(self, raw: RawTable, folder: Path) -> None:
        self.raw = raw
        self.counts = TableCounts(0, {})
        self.ragged_lines = np.empty(0, np.int64)
        self.directory = Directory()
        self.has_early_euro = False
        self.days = no_days()
        self.spill = Spill(folder / f"{raw.table.name}.arrow", raw)

    def read(self, homes: range, leave_out: Iterable[str] = ()) -> TypedTable:
        """Return the rows of some buckets, with copies marked."""
        return self.spill.read(homes, leave_out)

    def find_homes(self, names: pa.Array) -> npt.NDArray[np.int16]:
        """Return the bucket of the row with each of these keys; NOWHERE where there is none."""
        homes = self.directory.find_homes(names)
        # Two keys with one hash, or one key in two buckets: only the texts decide.
        unsure = np.flatnonzero(homes == AMBIGUOUS)
        if not unsure.size:
            return homes
        wanted = names.take(pa.array(unsure))
        homes[unsure] = NOWHERE
        for home in sorted(self.directory.find_all_homes(wanted)):
            for rows in self.spill.slices(range(home, home + 1)):
                homes[unsure[find_places(wanted, rows[self.raw.table.key[0]]) >= 0]] = home
        return homes

    def find_copies(self) -> None:
        """Find the rows that share a key; from now on `read` marks them. See `duplicates`."""
        alike = self.directory.find_alike()
        found = []
        for rows in self.spill.slices(range(HOMES)) if len(alike.hashes) else ():
            places = alike.rows_of(rows[self.raw.table.key[0]])
            if places.size:
                found.append(rows.take(pa.array(places)))
        if found:
            # Copies of a row are in one bucket, so in the order of the file.
            suspects = self.spill.typed(found)
            before = suspects.reasons.copy()
            mark_duplicates(suspects)
            self.spill.mark_copies(
                suspects.lines[suspects.reasons != before], suspects.lines[suspects.is_repeated]
            )


def read_bulk(raw: RawTable, folder: Path, invoices: Bulk | None) -> Bulk:
    """Return a table that was read to its end, its rows stored by bucket.

    Args:
        folder: where what does not fit into memory goes.
        invoices: already read; None while these are read themselves.
    """
    bulk = Bulk(raw, folder)
    name, day = raw.table.name, _DAYS.get(raw.table.name)
    find_homes = _HOMES[name](invoices) if invoices else by_premise
    with_directory = day is not None

    def prepare(
        batch: RawBatch,
    ) -> tuple[Stretch, Places, Hashes | None, TableCounts, bool, Places]:
        rows = parse_batch(raw, batch)
        homes = find_homes(rows)
        entries = enter(rows.frame.text(raw.table.key[0]), homes) if with_directory else None
        is_early = day is not None and bool(is_euro_too_early(rows, day).any())
        days = count_days(rows) if day is not None else no_days()
        return (
            sort_by_home(rows, homes),
            rows.ragged_lines,
            entries,
            count_table(rows),
            is_early,
            days,
        )

    codes = {name for name in _CODES if name in raw.table.names}
    batches = raw.source.batches(encoded_columns(raw.table) | codes) if raw.source else ()
    ragged = [bulk.ragged_lines]
    # Parsing runs on several threads; results are added here in file order, by one thread.
    for stretch, ragged_lines, entries, counts, is_early, days in map_in_order(prepare, batches):
        bulk.spill.add(stretch)
        bulk.counts = add_counts(bulk.counts, counts)
        bulk.has_early_euro |= is_early
        bulk.days = bulk.days + days
        ragged.append(ragged_lines)
        if entries is not None:
            bulk.directory.add(entries)
    bulk.spill.close()
    bulk.directory.close()
    bulk.ragged_lines = np.concatenate(ragged)
    return bulk


def by_premise(rows: TypedTable) -> npt.NDArray:
    """Return the bucket of the premise that each row names; null counts as the empty text."""
    codes = rows.frame.text("premise_no").dictionary_encode()
    # Hash each different premise once; nulls point to one more place at the end.
    of_code = np.append(buckets_of(codes.dictionary), buckets_of(pa.array([""])))
    return of_code[codes.indices.fill_null(len(codes.dictionary)).to_numpy(zero_copy_only=False)]


def by_premise_or_invoice(invoices: Bulk) -> FindHomes:
    """Return a finder for payments: the premise's bucket, else the invoice's, else HOMELESS."""

    def find(rows: TypedTable) -> npt.NDArray:
        homes = by_premise(rows).astype(np.int16)
        nameless = np.flatnonzero(_is_null(rows.frame.text("premise_no")))
        homes[nameless] = HOMELESS
        names = rows.frame.text("invoice_no").take(pa.array(nameless))
        asks = ~_is_null(names)
        found = invoices.find_homes(names.filter(pa.array(asks)))
        homes[nameless[asks]] = np.where(found >= 0, found, HOMELESS)
        return homes

    return find


def by_invoice(invoices: Bulk) -> FindHomes:
    """Return a finder for bill lines: the bucket of the invoice.

    All lines of one invoice number come into one bucket, also where there is no such invoice.
    """

    def find(rows: TypedTable) -> npt.NDArray:
        names = rows.frame.text("invoice_no").dictionary_encode()
        some = np.append(invoices.find_homes(names.dictionary), -1)
        # No such invoice: a bucket by the invoice number itself, so that its lines stay together.
        elsewhere = np.append(buckets_of(names.dictionary), buckets_of(pa.array([""])))
        places = names.indices.fill_null(len(names.dictionary)).to_numpy(zero_copy_only=False)
        return np.where(some < 0, elsewhere, some)[places]

    return find


def _is_null(texts: pa.Array) -> Flags:
    return texts.is_null().to_numpy(zero_copy_only=False)


_DAYS = {"invoices": "issued_on", "payments": "paid_on"}
_HOMES = {"payments": by_premise_or_invoice, "invoice_lines": by_invoice}
