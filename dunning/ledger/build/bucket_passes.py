"""Process the large tables some buckets at a time: first attribute, then build.

Only small facts about all buckets stay in memory; everything as long as a table is in files.

pass 1  some buckets: read → attribute → save what was decided; set payments without premise aside
        at the end: all accounts are known → payments without premise get theirs
pass 2  some buckets: read → add what was decided and the payments that came → build the tables
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.arrays import Flags, Places
from dunning.core.frames import BUCKETS, Frame
from dunning.ledger.attribute.accounts import Accounts, Pairs
from dunning.ledger.attribute.attribution import attribute
from dunning.ledger.attribute.bucket_attribution import Attributed, attribute_buckets
from dunning.ledger.attribute.payments_without_premise import PAYER, PREMISE, PaymentsWithoutPremise
from dunning.ledger.attribute.references import References
from dunning.ledger.attribute.register import Register
from dunning.ledger.bucket_files import UNKNOWN_BUCKET, BucketFile, sort_by_bucket
from dunning.ledger.build.build_context import BuildContext
from dunning.ledger.build.build_invoices_payments import (
    Items,
    Payments,
    build_equalisations,
    build_invoice_lines,
    build_items,
    sort_items,
)
from dunning.ledger.build.built_buckets import Built, summarise
from dunning.ledger.check.duplicates import mark_duplicates
from dunning.ledger.check.row_checks import mark_other_currency
from dunning.ledger.large_tables import LargeTable
from dunning.ledger.side_by_side import do_all, map_in_order
from dunning.ledger.text_index import UNNAMED, TextIndex, find_places
from dunning.ledger.typed_tables import TypedTable, join_tables

# Buckets read at once must fit into memory several times over: as read, as attributed and as
# built, per thread.
RANGE_BYTES = 48 << 20
_CODES = ("premise_no", "payer_code")


class _SavedRows:
    """The decisions about a table's rows in some buckets, saved in a file."""

    def __init__(self, path: Path, attributed: Attributed) -> None:
        self._path = path
        np.save(
            path, np.array([attributed.premise, attributed.payer, attributed.reasons], np.int32)
        )

    def read(self) -> Attributed:
        return Attributed(*np.load(self._path))


@dataclass(frozen=True)
class _SavedBuckets:
    """As AttributedBuckets, but everything as long as a table is in files."""

    buckets: range
    invoices: _SavedRows
    payments: _SavedRows
    lacks_premise: Flags
    pairs: Pairs
    has_bgn: bool


class BucketPasses:
    """Reads, attributes and builds the large tables, some buckets at a time.

    Attributes:
        accounts: all accounts of the extract, once `attribute` has ended.
        without_account: payments without an account, and further copies of them.
    """

    accounts: Accounts

    def __init__(self, tables: dict[str, LargeTable], register: Register, folder: Path) -> None:
        self._tables, self._register, self._folder = tables, register, folder
        octets = np.sum([large.bucket_file.octets for large in tables.values()], axis=0)
        self.ranges = list(_cut(octets[:BUCKETS]))
        self._saved: list[_SavedBuckets] = []
        self._item_places: dict[int, Places] = {}
        self._without_premise: PaymentsWithoutPremise | None = None
        self._refuses_early_euro = False

    @property
    def without_account(self) -> list[TypedTable]:
        """Payments that belong to no account, and further copies of them."""
        assert self._without_premise is not None
        return self._without_premise.without_account

    def attribute(self, has_early_euro: bool) -> None:
        """Attribute all invoices and payments to accounts.

        Args:
            has_early_euro: some rows are in EUR and dated before the changeover; they are refused
                if any row in BGN is taken in.
        """
        # Early EUR rows are wrong only if any BGN row is taken in, and whether one is taken in is
        # known only at the end. So it is judged first as if no EUR row were early, and then
        # decided again.
        has_bgn = self._attribute_all(stop_at_bgn=has_early_euro)
        if has_early_euro and has_bgn:
            self._refuses_early_euro = True
            self._attribute_all(stop_at_bgn=False)

    def build(self) -> Iterator[Built]:
        """Yield all buckets in order, ready to be written."""
        yield from map_in_order(self._build, range(len(self.ranges)))

    def find_invoices(self, names: pa.Array) -> tuple[TypedTable, Attributed, Places]:
        """Return the invoices with these numbers, their premise and payer, and their item places.

        The place is the invoice's row among its bucket's items, or -1. Call it after `build` has
        ended.
        """
        large = self._tables["invoices"]
        buckets, asked = large.key_buckets.find_all_buckets(names), TextIndex(names)

        def find(number: int) -> tuple[TypedTable, Attributed, Places]:
            attributed = self._saved[number].invoices.read()
            invoices = self._read("invoices", self._saved[number].buckets, attributed)
            rows = np.flatnonzero(asked.find(invoices.frame.text("invoice_no")) >= 0)
            return invoices.take(rows), _take(attributed, rows), self._item_places[number][rows]

        found = do_all(
            find, [n for n, saved in enumerate(self._saved) if buckets.intersection(saved.buckets)]
        )
        if not found:
            nothing = self._read("invoices", range(0), None)
            return nothing, _unnamed(0), np.zeros(0, np.int32)
        return (
            join_tables(large.raw, [rows for rows, _, _ in found]),
            _join([of for _, of, _ in found]),
            np.concatenate([places for _, _, places in found]),
        )

    def find_payment_accounts(self, names: pa.Array) -> Places:
        """Return the account of each named payment, refused or not; below 0 where there is none."""
        assert self._without_premise is not None
        if not len(names):
            return np.zeros(0, np.int32)
        premise, payer = self._find_owners_of_payments(names)
        self._without_premise.find_owners(names, premise, payer)
        return self.accounts.find(premise, payer)

    def _attribute_all(self, *, stop_at_bgn: bool) -> bool:
        """Attribute all buckets; return whether a row in BGN is taken in.

        With `stop_at_bgn` it stops at the first such row, because that is all it was
        called for.
        """
        self._saved = []
        without_premise = BucketFile(
            self._folder / "without_premise.arrow", self._tables["payments"].raw
        )
        for saved, leaving in map_in_order(self._attribute_range, self.ranges):
            if stop_at_bgn and saved.has_bgn:
                without_premise.remove()
                return True
            self._saved.append(saved)
            if len(leaving):
                without_premise.add(sort_by_bucket(leaving, np.full(len(leaving), UNKNOWN_BUCKET)))
        without_premise.close()
        pairs = np.concatenate([saved.pairs for saved in self._saved])
        self.accounts = Accounts(self._register.numbering, pairs)
        # The second run replaces those of the first.
        if self._without_premise is not None:
            self._without_premise.remove()
        self._without_premise = PaymentsWithoutPremise(
            self._tables["payments"], without_premise, self.accounts, self._register, self._folder
        )
        self._without_premise.route(
            self._find_owners_of_payments, refuses_early_euro=self._refuses_early_euro
        )
        without_premise.remove()
        return self._without_premise.has_bgn or any(saved.has_bgn for saved in self._saved)

    def _attribute_range(self, buckets: range) -> tuple[_SavedBuckets, TypedTable]:
        invoices = self._tables["invoices"].read(buckets, ("kind", "due_on", "amount", "refers_to"))
        payments = self._tables["payments"].read(buckets)
        found = attribute_buckets(
            buckets, invoices, payments, self._register, refuses_early_euro=self._refuses_early_euro
        )
        billed, paid = (
            self._folder / f"{name}-{buckets.start}.npy" for name in ("invoices", "payments")
        )
        saved = _SavedBuckets(
            buckets,
            _SavedRows(billed, found.invoices),
            _SavedRows(paid, found.payments),
            found.lacks_premise,
            found.pairs,
            found.has_bgn,
        )
        return saved, payments.take(np.flatnonzero(found.lacks_premise))

    def _find_owners_of_payments(self, names: pa.Array) -> tuple[Places, Places]:
        """Return premise and payer of the named payments that name a premise or an invoice.

        UNNAMED where there is no such payment.
        """
        premise = np.full(len(names), UNNAMED, np.int32)
        payer = np.full(len(names), UNNAMED, np.int32)
        buckets = self._tables["payments"].key_buckets.find_all_buckets(names)
        for saved in self._saved:
            if buckets.intersection(saved.buckets):
                of = saved.payments.read()
                table = self._read("payments", saved.buckets, of)
                at = find_places(names, table.frame.text("payment_no"))
                hits = np.flatnonzero(at >= 0)
                # One without premise is still in its first bucket, without an account: not a hit.
                hits = hits[(of.premise[at[hits]] >= 0) & (of.payer[at[hits]] >= 0)]
                premise[hits], payer[hits] = of.premise[at[hits]], of.payer[at[hits]]
        return premise, payer

    def _read(self, name: str, buckets: range, attributed: Attributed | None) -> TypedTable:
        table = self._tables[name].read(buckets, _CODES)
        if attributed is not None:
            table.reasons |= attributed.reasons
        return table

    def _build(self, number: int) -> Built:
        saved = self._saved[number]
        tables, owners = self._read_tables(saved)
        context = self._decide(tables, owners, Accounts(self._register.numbering, saved.pairs))
        items = sort_items(context)
        # Kept for `find_invoices`: four bytes an invoice.
        self._item_places[number] = _find_item_places(context, items)
        payments = Payments(context, items)
        written = {
            "items": build_items(context, items),
            "equalisations": build_equalisations(context),
            "payments": payments.build_payments(),
            "reversals": payments.build_reversals(),
            "invoice_lines": build_invoice_lines(context),
        }
        return summarise(saved.buckets, context, owners, written, payments.dropped)

    def _read_tables(
        self, saved: _SavedBuckets
    ) -> tuple[dict[str, TypedTable], dict[str, Attributed]]:
        """Return the rows of the large tables in some buckets, and what is attributed to them."""
        billed = saved.invoices.read()
        invoices = self._read("invoices", saved.buckets, billed)
        payments, paid = self._read_payments(saved)
        lines = self._tables["invoice_lines"].read(saved.buckets)
        mark_duplicates(lines)
        return (
            {"invoices": invoices, "payments": payments, "invoice_lines": lines},
            {"invoices": billed, "payments": paid, "invoice_lines": _unnamed(len(lines))},
        )

    def _decide(
        self, tables: dict[str, TypedTable], owners: dict[str, Attributed], accounts: Accounts
    ) -> BuildContext:
        """Mark the last reasons of these rows; return the context to build from them."""
        references = References(tables)
        attribution = attribute(references, accounts, owners["invoices"], owners["payments"])
        # All invoices are decided now; a line is taken in only if its invoice is.
        references.mark_missing("invoice_lines", "invoice_no")
        billed = references.places("invoice_lines", "invoice_no")
        mark_other_currency(tables["invoice_lines"], billed, tables["invoices"])
        return BuildContext(references, self._register.numbering, attribution)

    def _read_payments(self, saved: _SavedBuckets) -> tuple[TypedTable, Attributed]:
        """Return the payments of some buckets: those that stayed and those that arrived."""
        assert self._without_premise is not None
        rows = np.flatnonzero(~saved.lacks_premise)
        known = saved.payments.read()
        stayed = self._read("payments", saved.buckets, known).take(rows)
        came = self._without_premise.read(saved.buckets)
        attributed = [_take(known, rows)]
        attributed += [
            Attributed(rows.frame[PREMISE], rows.frame[PAYER], rows.reasons) for rows in came
        ]
        # Those that came have two columns more and keep the codes; to be joined, tables need
        # equal columns.
        names = list(stayed.frame)
        for table in came:
            table.frame = Frame({name: table.frame.columns[name] for name in names})
        return join_tables(self._tables["payments"].raw, [stayed, *came]), _join(attributed)


def _cut(octets: npt.NDArray) -> Iterator[range]:
    """Yield ranges of consecutive buckets of about RANGE_BYTES; every bucket is in one."""
    start, held = 0, 0
    for bucket, size in enumerate(octets.tolist()):
        # `bucket > start`: a larger bucket is a range by itself.
        if bucket > start and held + size > RANGE_BYTES:
            yield range(start, bucket)
            start, held = bucket, 0
        held += size
    yield range(start, len(octets))


def _find_item_places(context: BuildContext, items: Items) -> Places:
    """Return the place of each invoice among its bucket's items; -1 where it is none."""
    if not len(context.accounts):
        return np.full(len(items.number), -1, np.int32)
    # Account 0 is used for "none": an invoice without an account is no item, and its -1 stays.
    account = np.maximum(context.attribution.invoice_account, 0)
    return context.places(items.number, account, items.offsets)


def _take(of: Attributed, rows: Places) -> Attributed:
    return Attributed(of.premise[rows], of.payer[rows], of.reasons[rows])


def _join(tables: list[Attributed]) -> Attributed:
    columns = (
        [getattr(table, name) for table in tables] for name in ("premise", "payer", "reasons")
    )
    return Attributed(*map(np.concatenate, columns))


def _unnamed(rows: int) -> Attributed:
    none = np.full(rows, UNNAMED, np.int32)
    return Attributed(none, none, np.zeros(rows, np.int32))
