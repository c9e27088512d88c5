"""A small good extract to which a test adds rows, and what came of it, readable."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa

from dunning.core.days import NEVER, to_date
from dunning.core.ledger_tables import TABLES
from dunning.core.words import PROTECTING_TABLES
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.gateways.snapshots.snapshot_store import SnapshotStore
from dunning.ledger.load import load_ledger
from tests.world import Cell, World

Cells = dict[str, str]

_GIVEN: dict[str, dict[str, Cell]] = {
    "premises": {
        "service": "electricity",
        "district": "Изток",
        "address": "ул. Примерна 1",
        "settlement": "София",
    },
    "payers": {"kind": "person", "name": "Здравка Образцова"},
    "tenancies": {"valid_from": "2020-01-01"},
    "invoices": {
        "kind": "bill",
        "issued_on": "2026-04-05",
        "due_on": "2026-05-15",
        "amount": "10",
        "currency": "EUR",
    },
    "payments": {"paid_on": "2026-06-01", "amount": "1", "currency": "EUR"},
    "invoice_lines": {"seq": "1", "label": "Енергия", "amount": "1"},
    "contacts": {
        "channel": "sms",
        "address": "+359880000001",
        "registered_at": "2026-01-01 10:00:00",
    },
    "agreements": {"applied_on": "2026-05-20", "signed_on": "2026-05-25"},
    "instalments": {"seq": "1", "due_on": "2026-06-20", "amount": "10", "currency": "EUR"},
    "holds": {"reason": "dispute", "valid_from": "2026-05-01"},
    "notices": {"stage": "overdue", "channel": "post", "sent_on": "2026-05-20"},
    "court_cases": {"filed_on": "2026-05-20", "stage": "filed", "stage_on": "2026-05-20"},
}


@dataclass(frozen=True)
class Limits:
    """Quarantine limits; by default every row may be refused."""

    quarantine_share_max: Decimal = Decimal(1)
    quarantine_share_max_strict: Decimal = Decimal(1)
    tables_strict: tuple[str, ...] = PROTECTING_TABLES

    def share_max_of(self, table: str) -> Decimal:
        """Return the limit of a table."""
        return (
            self.quarantine_share_max_strict
            if table in self.tables_strict
            else self.quarantine_share_max
        )


class Extract(World):
    """Two tenants, A of premise 1 and B of premises 2 and 3; rows are added with what every row
    needs filled in.
    """

    line_end = "\r\n"

    def __init__(self) -> None:
        super().__init__()
        for number in "123":
            self.add("premises", premise_no=number)
        for letter in "AB":
            self.add("payers", payer_code=letter)
        for premise, payer in ("1A", "2B", "3B"):
            self.add("tenancies", premise_no=premise, payer_code=payer)

    def add(self, table: str, **cells: Cell) -> Self:
        """Add a row; cells that are not given take the usual value."""
        return super().add(table, **(_GIVEN.get(table, {}) | cells))

    def write(self, folder: Path, without: Iterable[str] = ()) -> Path:
        """Write all tables that have rows (the required ones always) as CSV."""
        empty = [name for name, table in TABLES.items() if not table.is_required]
        empty = [name for name in empty if not self.rows[name]]
        return super().write(folder, [*without, *empty])

    def load(self, tmp_path: Path, limits: Limits = Limits()) -> Snapshot:
        """Write and load it."""
        return load_ledger(
            self.write(tmp_path / "ledger"),
            SnapshotStore(tmp_path / "snapshots"),
            quarantine_limits=limits,
        )


def refused(snapshot: Snapshot) -> dict[str, str]:
    """Return the reasons of every refused row by `table first-cell`, as `payments P1`."""
    return {
        f"{row['table']} {row['row'].split(';')[0]}": row["reasons"]
        for row in snapshot.quarantine().to_pylist()
    }


def read(snapshot: Snapshot, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Return rows of all buckets, sorted; `account`, `item`, `payer`, ... by number, as `1A`, days
    as text.
    """
    return sorted(
        (row for b in snapshot.buckets() for row in _read_bucket(snapshot, b, table, columns)),
        key=str,
    )


def _read_bucket(
    snapshot: Snapshot, number: int, table: str, columns: tuple[str, ...]
) -> list[tuple[Any, ...]]:
    bucket = snapshot.read_bucket(number)
    accounts = bucket.accounts
    pairs = [
        f"{a}{b}"
        for a, b in zip(
            accounts.text("premise_no").to_pylist(),
            accounts.text("payer_code").to_pylist(),
            strict=True,
        )
    ]
    names = {
        "account": pairs,
        "item": bucket.items.text("invoice_no").to_pylist(),
        "payer": bucket.payers.text("payer_code").to_pylist(),
        "premise": bucket.premises.text("premise_no").to_pylist(),
        "payment": bucket.payments.text("payment_no").to_pylist(),
        "agreement": bucket.agreements.text("agreement_no").to_pylist(),
        "case": bucket.cases.text("case_no").to_pylist(),
    }
    frame = bucket.tables[table]
    shown = [_show(column, frame.columns[column], names) for column in columns]
    return list(zip(*shown, strict=True))


def _show(column: str, values: np.ndarray | pa.Array, names: dict[str, list[str]]) -> list[Any]:
    if isinstance(values, pa.Array):
        return values.to_pylist()
    if column in names:
        return [names[column][place] if place >= 0 else None for place in values.tolist()]
    if column.endswith("_on") or column in (
        "valid_from",
        "valid_until",
        "period_from",
        "period_to",
    ):
        return [None if day == NEVER else to_date(day).isoformat() for day in values.tolist()]
    return values.tolist()


def flagged(snapshot: Snapshot) -> list[str]:
    """Return the accounts that refused evidence speaks of, as `1A`."""
    return [
        f"{a}{b}"
        for a, b, is_flagged in read(
            snapshot, "accounts", "premise_no", "payer_code", "has_refused_evidence"
        )
        if is_flagged
    ]
