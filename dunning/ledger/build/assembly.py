"""Write a snapshot from all tables read: large tables by bucket, then the rows that name them."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dunning.core.arrays import Places
from dunning.core.errors import DunningError
from dunning.core.frames import BUCKETS, Frame
from dunning.core.ledger_tables import LARGE_TABLES
from dunning.core.memory import give_back_memory
from dunning.core.progress import Progress
from dunning.ledger.attribute.attribution import Attribution
from dunning.ledger.attribute.incomplete_accounts import (
    find_incomplete,
    list_refused_notices,
    named_invoices,
    named_payments,
)
from dunning.ledger.attribute.payments_without_premise import PAYER, PREMISE
from dunning.ledger.attribute.references import References
from dunning.ledger.attribute.register import Register, make_register
from dunning.ledger.build.bucket_passes import BucketPasses
from dunning.ledger.build.build_accounts import AccountTables, add_first_tenancies
from dunning.ledger.build.build_agreements_cases import (
    AgreementTables,
    mark_missing_documents,
    mark_missing_parties,
)
from dunning.ledger.build.build_context import BuildContext
from dunning.ledger.build.build_dwellings import build_homes, build_protections
from dunning.ledger.build.build_holds import build_holds
from dunning.ledger.build.build_invoices_payments import Items
from dunning.ledger.build.built_buckets import Built, NewestDays, Refused
from dunning.ledger.check.control_totals import (
    ControlTotals,
    count_protections,
    count_rows,
    sum_payments,
)
from dunning.ledger.check.late_dates import Groups
from dunning.ledger.check.manifest import TableCounts, count_table
from dunning.ledger.check.quarantine import (
    Cells,
    QuarantineLimits,
    check_limits,
    count_refusals,
    read_refused,
)
from dunning.ledger.large_tables import LargeTable
from dunning.ledger.side_by_side import do_all
from dunning.ledger.snapshot_store import AssembledInfo, BucketSink
from dunning.ledger.typed_tables import TypedTable, join_tables

_NAMING = ("holds", "agreement_items", "court_case_items")


@dataclass(frozen=True)
class Extract:
    """All tables that were read: small ones whole, large ones by bucket.

    `behind_gaps` lists for each dated table the groups of rows after a long gap in its days.
    """

    tables: dict[str, TypedTable]
    large: dict[str, LargeTable]
    behind_gaps: dict[str, Groups]

    @property
    def counts(self) -> dict[str, TableCounts]:
        """Rows and sums that were read of each table, to compare with the manifest."""
        small = {name: count_table(table) for name, table in self.tables.items()}
        return small | {name: large.counts for name, large in self.large.items()}


@dataclass(frozen=True)
class Assembled:
    """Everything that belongs to a snapshot apart from its tables.

    Attributes:
        tables: every table, of the large ones only the rows that are refused or that something
            refers to.
        cells: the refused rows as read, by table and line.
        info: for `snapshot.json`.
    """

    tables: dict[str, TypedTable]
    cells: dict[str, Cells]
    info: AssembledInfo


def assemble(
    extract: Extract, writer: BucketSink[Any], limits: QuarantineLimits, progress: Progress
) -> Assembled:
    """Decide which rows are taken in, and write all tables of the snapshot.

    Raises:
        DunningError: there is not one account; a table has too many refused rows.
    """
    progress("проверки")
    # Order matters: a premise or payer that is missing refuses the rows that name it, and only
    # rows that are taken in may form accounts.
    mark_missing_parties(References(extract.tables))
    register = make_register(extract.tables)
    do_all(LargeTable.find_copies, [extract.large[name] for name in ("invoices", "payments")])
    give_back_memory()
    passes = BucketPasses(extract.large, register, writer.scratch)
    progress("чии са фактурите и плащанията")
    # Early EUR rows in one table are enough to ask: a BGN row taken in from either refuses them.
    passes.attribute(any(large.has_early_euro for large in extract.large.values()))
    _refuse_empty(len(passes.accounts))
    give_back_memory()
    progress("снимка")
    return _Assembly(extract, register, passes, limits).run(writer)


def _refuse_empty(accounts: int) -> None:
    if not accounts:
        raise DunningError(
            "The ledger has no account: no tenancy, invoice or payment of a known premise and payer was taken in. A "
            "run on it would say that nobody owes anything. Check that the extract is complete."
        )


@dataclass(frozen=True)
class _WithoutEffect:
    """How many rows are taken in and reach nothing: holds, documents by table, and payers."""

    holds: int
    documents: dict[str, int]
    payers: int


class _Assembly:
    """Collects from all buckets what the remaining tables need."""

    def __init__(
        self, extract: Extract, register: Register, passes: BucketPasses, limits: QuarantineLimits
    ) -> None:
        self.extract, self.register, self.passes, self.limits = extract, register, passes, limits
        self.totals = ControlTotals()
        self.began_on: list[npt.NDArray[np.int32]] = []
        self.refused: dict[str, list[Refused]] = {name: [] for name in LARGE_TABLES}
        self.dropped = {"payments": 0, "credit_notes": 0}
        self.newest = NewestDays()

    def run(self, writer: BucketSink[Any]) -> Assembled:
        self._write_buckets(writer)
        # All buckets are written and gone; from here on a few rows represent the large tables:
        # tables  [bucket 0..7][8..15] … [56..63]   written, then released
        # kept    refused rows + invoices that holds, agreements or cases name
        asked, places = self._gather()
        context, cells = self._refer(asked)
        without_effect = self._write_others(writer, context, cells, places)
        tables = dict(context.references.tables)
        for name, small in self.extract.tables.items():
            self.totals.add_rows(name, count_rows(small))
        refusals = count_refusals(tables)
        check_limits(refusals, self.limits, tables)
        gaps = self.extract.behind_gaps
        info: AssembledInfo = {
            "books": self.totals.close(),
            "dropped_names": self.dropped,
            "holds_without_effect": without_effect.holds,
            "without_effect": without_effect.documents,
            "payers_without_account": without_effect.payers,
            "protections": count_protections(tables),
            "refused_notices": list_refused_notices(context.references, cells),
            "refusals": {name: of.as_info() for name, of in refusals.items()},
            "behind_gaps": {name: groups for name, groups in gaps.items() if groups},
            "newest_invoice_on": _iso(self.newest.invoice),
            "newest_payment_on": _iso(self.newest.payment),
        }
        return Assembled(tables, cells, info)

    def _write_buckets(self, writer: BucketSink[Any]) -> None:
        """Write the large tables bucket by bucket, and collect what the others need of them."""
        for built in self.passes.build():
            for name, table in built.tables.items():
                writer.write(name, table, built.buckets)
            self._remember(built)
        give_back_memory()
        self._remember_without_account()

    def _write_others(
        self,
        writer: BucketSink[Any],
        context: BuildContext,
        cells: dict[str, Cells],
        places: Places,
    ) -> _WithoutEffect:
        """Write all other tables, and return what of them has no effect.

        Args:
            places: the item place of each kept invoice.
        """
        # Only `number` is used below; the items themselves are written.
        items = Items(
            np.zeros(0, np.int64), np.zeros(0, np.int64), places, np.zeros(BUCKETS + 1, np.int64)
        )
        account_tables, agreement_tables = AccountTables(context), AgreementTables(context, items)
        holds, holds_without_effect = build_holds(context, items)
        began_on = np.concatenate(self.began_on)
        # Before `account_tables.build`, which writes `began_on`.
        add_first_tenancies(context, began_on)
        payers_of = self.passes.find_payment_accounts(named_payments(context.references, cells))
        incomplete = find_incomplete(context.references, context.attribution, cells, payers_of)
        tables = account_tables.build(began_on, incomplete, cells["contacts"])
        tables |= {
            "holds": holds,
            "protections": build_protections(context, account_tables),
            "homes": build_homes(context, account_tables),
        }
        for name, table in (tables | agreement_tables.build()).items():
            writer.write(name, table)
        return _WithoutEffect(
            holds_without_effect, agreement_tables.without_effect, account_tables.payers_left_out
        )

    def _remember(self, built: Built) -> None:
        self.began_on.append(built.began_on)
        for name in LARGE_TABLES:
            self.refused[name].append(built.refused[name])
            self.totals.add_rows(name, built.rows[name])
        self.totals.add_amounts(built.amounts)
        self.dropped = {name: count + built.dropped[name] for name, count in self.dropped.items()}
        self.newest = self.newest.join(built.newest)

    def _remember_without_account(self) -> None:
        """Add the rows that are in no bucket: payments without an account, and ragged rows."""
        for rows in self.passes.without_account:
            self.totals.add_rows("payments", count_rows(rows))
            self.totals.add_amounts({"payments": sum_payments(rows)})
            refused = rows.take(np.flatnonzero(rows.is_refused))
            self.refused["payments"].append(
                Refused(refused, refused.frame[PREMISE], refused.frame[PAYER])
            )
        for name in LARGE_TABLES:
            ragged = len(self.extract.large[name].ragged_lines)
            self.totals.add_rows(
                name, {"read": ragged, "quarantined": ragged, "repeated": 0, "taken": 0}
            )

    def _gather(self) -> tuple[dict[str, Refused], Places]:
        """Return the rows of large tables that others name, and the item place of each invoice.

        The place is -1 for an invoice that is no item.
        """
        gathered = {name: self._join(name, self.refused[name]) for name in LARGE_TABLES}
        tables = self.extract.tables | {name: of.rows for name, of in gathered.items()}
        check_limits(
            count_refusals(tables), self.limits, tables
        )  # before all of them are held as text
        self.cells = read_refused(tables)
        names = [self.extract.tables[name].frame.text("invoice_no") for name in _NAMING]
        names.append(named_invoices(References(tables), self.cells))
        rows, attributed, places = self.passes.find_invoices(
            pa.concat_arrays(names).drop_null().unique()
        )
        # A refused invoice may also be named; it is already there.
        new = np.flatnonzero(~np.isin(rows.lines, gathered["invoices"].rows.lines))
        found = Refused(rows.take(new), attributed.premise[new], attributed.payer[new])
        refused = gathered["invoices"]
        gathered["invoices"] = self._join("invoices", [refused, found])
        # Refused invoices come first in the joined table and are no items: -1.
        return gathered, np.concatenate((np.full(len(refused.rows), -1, np.int32), places[new]))

    def _refer(self, gathered: dict[str, Refused]) -> tuple[BuildContext, dict[str, Cells]]:
        """Return the context for tables that name large tables, and the refused rows as read."""
        tables = self.extract.tables | {name: of.rows for name, of in gathered.items()}
        references = References(
            tables, {name: (of.premise, of.payer) for name, of in gathered.items()}
        )
        accounts = self.passes.accounts
        owners = {name: accounts.find(of.premise, of.payer) for name, of in gathered.items()}
        accepted = gathered["invoices"].rows.accepted
        attribution = Attribution(
            accounts,
            np.where(accepted, owners["invoices"], -1),
            np.full(len(owners["payments"]), -1),
            owners["payments"],
        )
        mark_missing_documents(references, attribution)
        changed = {
            name: tables[name] for name in (*_NAMING, "agreements", "instalments", "court_cases")
        }
        return BuildContext(
            references, self.register.numbering, attribution
        ), self.cells | read_refused(changed)

    def _join(self, name: str, tables: list[Refused]) -> Refused:
        large = self.extract.large[name]
        names = [column for column in tables[0].rows.frame]
        for one in tables:
            one.rows.frame = Frame({column: one.rows.frame.columns[column] for column in names})
        rows = join_tables(large.raw, [one.rows for one in tables])
        rows.ragged_lines = large.ragged_lines
        # So that `rows_read`, against which the limit is checked, counts the whole file.
        rows.rows_elsewhere = large.counts.rows - len(rows) - len(rows.ragged_lines)
        numbers = ((one.premise, one.payer) for one in tables)
        premise, payer = (np.concatenate(of) for of in zip(*numbers, strict=True))
        return Refused(rows, premise, payer)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
