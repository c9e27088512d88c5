"""Process the large tables some buckets at a time: first attribute, then build.

Only small facts about all buckets stay in memory; everything as long as a table is in files.

pass 1  for each part: read → attribute → save decisions → payments without an account here: strays
        all parts done: the accounts of the extract are known → strays get their account
pass 2  for each part: read → add saved decisions and arrived strays → build the tables
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Flags, Places
from dunning.core.days import NEVER
from dunning.core.frames import BUCKETS, BucketedTable, Frame
from dunning.core.ledger_tables import LARGE_TABLES
from dunning.ledger.attribute.accounts import Accounts, Pairs
from dunning.ledger.attribute.attribution import attribute
from dunning.ledger.attribute.bucket_attribution import Settled, settle_part
from dunning.ledger.attribute.payments_without_premise import PAYER, PREMISE, Strays
from dunning.ledger.attribute.references import References
from dunning.ledger.attribute.register import Register
from dunning.ledger.bucket_files import UNKNOWN_BUCKET, BucketFile, sort_by_bucket
from dunning.ledger.build.build_context import BuildContext
from dunning.ledger.build.build_invoices_payments import (
    Payments,
    build_equalisations,
    build_invoice_lines,
    build_items,
    sort_items,
)
from dunning.ledger.check.control_totals import Amounts, EntryCounts, count_rows, sum_amounts
from dunning.ledger.check.duplicates import mark_duplicates
from dunning.ledger.check.row_checks import mark_other_currency
from dunning.ledger.large_tables import LargeTable
from dunning.ledger.side_by_side import do_all, map_in_order
from dunning.ledger.text_index import UNNAMED, TextIndex, find_places
from dunning.ledger.typed_tables import TypedTable, join_tables

# A part must fit into memory several times over: as read, as attributed and as built, per thread.
PART_BYTES = 48 << 20
_CODES = ("premise_no", "payer_code")


@dataclass(frozen=True)
class Refused:
    """Refused rows of a table in some buckets, with the premise and payer numbers of each row."""

    rows: TypedTable
    premise: Places
    payer: Places


@dataclass(frozen=True)
class Built:
    """Some consecutive buckets, ready to be written, with totals for the rest of the load.

    Attributes:
        tables: items, equalisations, payments, reversals and invoice_lines; empty outside of
            `buckets`.
        began_on: first day of each account, of its invoices and payments.
        refused: by table.
        rows, amounts: for the books.
        dropped: how many names of invoices were dropped, by table.
        newest: newest day of an invoice and of a payment; None where there is none.
    """

    buckets: range
    tables: dict[str, BucketedTable]
    began_on: npt.NDArray[np.int32]
    refused: dict[str, Refused]
    rows: dict[str, EntryCounts]
    amounts: Amounts
    dropped: dict[str, int]
    newest: dict[str, Any]


class _SetAside:
    """The decisions about a table's rows in some buckets, saved in a file."""

    def __init__(self, path: Path, settled: Settled) -> None:
        self._path = path
        np.save(path, np.array([settled.premise, settled.payer, settled.reasons], np.int32))

    def read(self) -> Settled:
        return Settled(*np.load(self._path))


@dataclass(frozen=True)
class _Part:
    """As SettledPart, but everything as long as a table is in files."""

    buckets: range
    invoices: _SetAside
    payments: _SetAside
    is_stray: Flags
    pairs: Pairs
    has_bgn: bool


class Parts:
    """Reads, attributes and builds the large tables part by part.

    Attributes:
        accounts: all accounts of the extract, once `settle` has ended.
        nowhere: payments without an account, and further copies of them.
    """

    accounts: Accounts

    def __init__(self, tables: dict[str, LargeTable], register: Register, folder: Path) -> None:
        self._tables, self._register, self._folder = tables, register, folder
        octets = np.sum([large.bucket_file.octets for large in tables.values()], axis=0)
        self.ranges = list(_cut(octets[:BUCKETS]))
        self._settled: list[_Part] = []
        self._item_places: dict[int, Places] = {}
        self._strays: Strays | None = None
        self._refuses_early_euro = False

    @property
    def nowhere(self) -> list[TypedTable]:
        """Payments that belong to no account, and further copies of them."""
        assert self._strays is not None
        return self._strays.nowhere

    def settle(self, has_early_euro: bool) -> None:
        """Attribute all invoices and payments to accounts.

        Args:
            has_early_euro: some rows are in EUR and dated before the changeover; they are refused
                if any row in BGN is taken in.
        """
        # Early EUR rows are wrong only if any BGN row is taken in, and whether one is taken in is
        # known only at the end. So it is judged first as if no EUR row were early, and then
        # decided again.
        has_bgn = self._settle(stop_at_bgn=has_early_euro)
        if has_early_euro and has_bgn:
            self._refuses_early_euro = True
            self._settle(stop_at_bgn=False)

    def build(self) -> Iterator[Built]:
        """Yield all buckets in order, ready to be written."""
        yield from map_in_order(self._build, range(len(self.ranges)))

    def find_invoices(self, names: pa.Array) -> tuple[TypedTable, Settled, Places]:
        """Return the invoices with these numbers, their premise and payer, and their item places.

        The place is the invoice's row among its bucket's items, or -1. Call it after `build` has
        ended.
        """
        large = self._tables["invoices"]
        buckets, asked = large.key_buckets.find_all_buckets(names), TextIndex(names)

        def find(number: int) -> tuple[TypedTable, Settled, Places]:
            settled = self._settled[number].invoices.read()
            invoices = self._read("invoices", self._settled[number].buckets, settled)
            rows = np.flatnonzero(asked.find(invoices.frame.text("invoice_no")) >= 0)
            return invoices.take(rows), _take(settled, rows), self._item_places[number][rows]

        found = do_all(
            find, [n for n, part in enumerate(self._settled) if buckets.intersection(part.buckets)]
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
        assert self._strays is not None
        if not len(names):
            return np.zeros(0, np.int32)
        premise, payer = self._find_owners_of_payments(names)
        self._strays.find_owners(names, premise, payer)
        return self.accounts.find(premise, payer)

    def _settle(self, *, stop_at_bgn: bool) -> bool:
        """Attribute all buckets; return whether a row in BGN is taken in.

        With `stop_at_bgn` it stops at the first part with such a row, because that is all it was
        called for.
        """
        self._settled = []
        strays = BucketFile(self._folder / "strays.arrow", self._tables["payments"].raw)
        for part, gone in map_in_order(self._settle_part, self.ranges):
            if stop_at_bgn and part.has_bgn:
                strays.remove()
                return True
            self._settled.append(part)
            if len(gone):
                strays.add(sort_by_bucket(gone, np.full(len(gone), UNKNOWN_BUCKET)))
        strays.close()
        pairs = np.concatenate([part.pairs for part in self._settled])
        self.accounts = Accounts(self._register.numbering, pairs)
        # The second run replaces the strays of the first.
        if self._strays is not None:
            self._strays.remove()
        self._strays = Strays(
            self._tables["payments"], strays, self.accounts, self._register, self._folder
        )
        self._strays.route(
            self._find_owners_of_payments, refuses_early_euro=self._refuses_early_euro
        )
        strays.remove()
        return self._strays.has_bgn or any(part.has_bgn for part in self._settled)

    def _settle_part(self, buckets: range) -> tuple[_Part, TypedTable]:
        invoices = self._tables["invoices"].read(buckets, ("kind", "due_on", "amount", "refers_to"))
        payments = self._tables["payments"].read(buckets)
        part = settle_part(
            buckets, invoices, payments, self._register, refuses_early_euro=self._refuses_early_euro
        )
        billed, paid = (
            self._folder / f"{name}-{buckets.start}.npy" for name in ("invoices", "payments")
        )
        kept = _Part(
            buckets,
            _SetAside(billed, part.invoices),
            _SetAside(paid, part.payments),
            part.is_stray,
            part.pairs,
            part.has_bgn,
        )
        return kept, payments.take(np.flatnonzero(part.is_stray))

    def _find_owners_of_payments(self, names: pa.Array) -> tuple[Places, Places]:
        """Return premise and payer of the named payments that are no strays.

        UNNAMED where there is no such payment.
        """
        premise = np.full(len(names), UNNAMED, np.int32)
        payer = np.full(len(names), UNNAMED, np.int32)
        buckets = self._tables["payments"].key_buckets.find_all_buckets(names)
        for part in self._settled:
            if buckets.intersection(part.buckets):
                of = part.payments.read()
                table = self._read("payments", part.buckets, of)
                at = find_places(names, table.frame.text("payment_no"))
                hits = np.flatnonzero(at >= 0)
                # A stray is still in the table of its first bucket, but without an account: not a
                # hit.
                hits = hits[(of.premise[at[hits]] >= 0) & (of.payer[at[hits]] >= 0)]
                premise[hits], payer[hits] = of.premise[at[hits]], of.payer[at[hits]]
        return premise, payer

    def _read(self, name: str, buckets: range, settled: Settled | None) -> TypedTable:
        table = self._tables[name].read(buckets, _CODES)
        if settled is not None:
            table.reasons |= settled.reasons
        return table

    def _build(self, number: int) -> Built:
        part = self._settled[number]
        billed = part.invoices.read()
        invoices = self._read("invoices", part.buckets, billed)
        payments, paid = self._read_payments(part)
        lines = self._tables["invoice_lines"].read(part.buckets)
        mark_duplicates(lines)
        tables = {"invoices": invoices, "payments": payments, "invoice_lines": lines}
        references = References(tables)
        accounts = Accounts(self._register.numbering, part.pairs)
        attribution = attribute(references, accounts, billed, paid)
        # All invoices are decided now; a line is taken in only if its invoice is.
        references.mark_missing("invoice_lines", "invoice_no")
        mark_other_currency(lines, references.places("invoice_lines", "invoice_no"), invoices)
        context = BuildContext(references, self._register.numbering, attribution)
        items = sort_items(context)
        # Kept for `find_invoices`: four bytes an invoice.
        self._item_places[number] = (
            # Account 0 is used for "none": an invoice without an account is no item, and its -1
            # stays.
            context.places(items.number, np.maximum(attribution.invoice_account, 0), items.offsets)
            if len(accounts)
            else np.full(len(invoices), -1, np.int32)
        )
        moved = Payments(context, items)
        written = {
            "items": build_items(context, items),
            "equalisations": build_equalisations(context),
            "payments": moved.build_payments(),
            "reversals": moved.build_reversals(),
            "invoice_lines": build_invoice_lines(context),
        }
        numbers = {"invoices": billed, "payments": paid, "invoice_lines": _unnamed(len(lines))}
        return Built(
            buckets=part.buckets,
            tables=written,
            began_on=_find_first_days(context),
            refused={name: _refused(tables[name], numbers[name]) for name in LARGE_TABLES},
            rows={name: count_rows(tables[name]) for name in LARGE_TABLES},
            amounts=sum_amounts(invoices, payments, written),
            dropped=moved.dropped,
            newest=_find_newest(written),
        )

    def _read_payments(self, part: _Part) -> tuple[TypedTable, Settled]:
        """Return the payments of some buckets: those that stayed and those that arrived."""
        assert self._strays is not None
        rows = np.flatnonzero(~part.is_stray)
        known = part.payments.read()
        stayed = self._read("payments", part.buckets, known).take(rows)
        came = self._strays.read(part.buckets)
        settled = [_take(known, rows)]
        settled += [Settled(rows.frame[PREMISE], rows.frame[PAYER], rows.reasons) for rows in came]
        # Strays carry two columns more and keep the codes; the tables to be joined need equal
        # columns.
        names = list(stayed.frame)
        for table in came:
            table.frame = Frame({name: table.frame.columns[name] for name in names})
        return join_tables(self._tables["payments"].raw, [stayed, *came]), _join(settled)


def _cut(octets: npt.NDArray) -> Iterator[range]:
    """Yield ranges of consecutive buckets of about PART_BYTES; every bucket is in one."""
    start, held = 0, 0
    for bucket, size in enumerate(octets.tolist()):
        # `bucket > start`: a bucket that is larger than a part is a part by itself.
        if bucket > start and held + size > PART_BYTES:
            yield range(start, bucket)
            start, held = bucket, 0
        held += size
    yield range(start, len(octets))


def _find_first_days(context: BuildContext) -> npt.NDArray[np.int32]:
    """Return the first day of each account's invoices and payments; NEVER where it has none."""
    began_on = np.full(len(context.accounts), NEVER, np.int32)
    dated = (
        (context.attribution.invoice_account, context.frame("invoices")["issued_on"]),
        (context.attribution.payment_account, context.frame("payments")["paid_on"]),
    )
    for account, day in dated:
        has = account >= 0
        # `minimum.at` also works where an account has several rows; plain indexing keeps only one.
        np.minimum.at(began_on, account[has], day[has])
    return began_on


def _find_newest(written: dict[str, BucketedTable]) -> dict[str, Any]:
    payments = written["payments"].rows
    return {
        "invoice": pc.max(written["items"].rows["issued_on"]).as_py(),
        "payment": pc.max(payments["paid_on"].filter(pc.invert(payments["is_note"]))).as_py(),
    }


def _refused(table: TypedTable, of: Settled) -> Refused:
    rows = np.flatnonzero(table.is_refused)
    return Refused(table.take(rows), of.premise[rows], of.payer[rows])


def _take(of: Settled, rows: Places) -> Settled:
    return Settled(of.premise[rows], of.payer[rows], of.reasons[rows])


def _join(parts: list[Settled]) -> Settled:
    columns = ([getattr(part, name) for part in parts] for name in ("premise", "payer", "reasons"))
    return Settled(*map(np.concatenate, columns))


def _unnamed(rows: int) -> Settled:
    none = np.full(rows, UNNAMED, np.int32)
    return Settled(none, none, np.zeros(rows, np.int32))
