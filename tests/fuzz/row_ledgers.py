"""Many damaged rows in one ledger, each under its own key; the ledger loaded, and held against what
must come of it.
"""

import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dunning.core.days import to_day
from dunning.core.ledger_tables import TABLES, CellKind
from dunning.gateways.snapshots.snapshot import Snapshot
from dunning.gateways.snapshots.snapshot_store import SnapshotStore
from dunning.ledger.load import load_ledger
from tests.fuzz.good_rows import Row, enter_beside, rows_beside, standing_rows, standing_world
from tests.fuzz.rows import DamagedRow
from tests.ledger.extracts import Limits
from tests.oracle.door.rows import find_reasons, read_row

Line = tuple[str, int]

# Where the snapshot keeps what a table's row says: table, its key there, and columns by their names
# there.
_KEPT: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "premises": (
        "premises",
        "premise_no",
        "premise_no",
        {
            "disconnectable": "is_disconnectable",
            "vulnerable": "is_vulnerable",
            "life_support": "is_life_support",
        },
    ),
    "invoices": (
        "items",
        "invoice_no",
        "invoice_no",
        {
            "amount": "amount_minor",
            "issued_on": "issued_on",
            "due_on": "due_on",
            "period_from": "period_from",
            "period_to": "period_to",
        },
    ),
    "payments": (
        "payments",
        "payment_no",
        "payment_no",
        {"amount": "amount_minor", "paid_on": "paid_on"},
    ),
    "invoice_lines": ("invoice_lines", "seq", "seq", {"amount": "amount_minor"}),
    "contacts": (
        "contacts",
        "address",
        "address",
        {"registered_at": "registered_at", "revoked_at": "revoked_at"},
    ),
    "agreements": (
        "agreements",
        "agreement_no",
        "agreement_no",
        {
            "applied_on": "applied_on",
            "contacted_on": "contacted_on",
            "signed_on": "signed_on",
            "cancelled_on": "cancelled_on",
        },
    ),
    "instalments": ("instalments", "seq", "seq", {"due_on": "due_on", "amount": "amount_minor"}),
    "notices": (
        "notices",
        "notice_no",
        "notice_no",
        {"sent_on": "sent_on", "served_on": "served_on", "failed_on": "failed_on"},
    ),
}


@dataclass(frozen=True)
class Form:
    """How the ledger's files are written."""

    name: str
    delimiter: str = ";"
    encoding: str = "utf-8"
    ending: str = ".csv"
    line_end: str = "\n"

    def can_say(self, cells: Iterable[str]) -> bool:
        """Say whether the encoding has all these letters."""
        try:
            "".join(cells).encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True


FORMS = (
    Form("plain"),
    Form("cp1251, tabs, CRLF", "\t", "cp1251", line_end="\r\n"),
    Form("BOM, commas", ",", "utf-8-sig"),
    Form("gzip", ending=".csv.gz"),
    Form("Parquet", ending=".parquet"),
)


@dataclass
class RowLedger:
    """The ledger under way: rows by table, and what must come of the damaged ones."""

    form: Form
    rows: dict[str, list[Row]] = field(default_factory=standing_rows)
    damaged: dict[Line, tuple[DamagedRow, set[str]]] = field(default_factory=dict)
    extra: dict[Line, int] = field(default_factory=dict)
    disagreements: list[str] = field(default_factory=list)

    def add(self, cases: Iterable[DamagedRow]) -> "RowLedger":
        """Add damaged rows and the good ones beside them; leaves out what the form cannot write."""
        world = standing_world()
        for case in cases:
            cells = case.cells
            if not self.form.can_say(cells.values()) or (
                case.extra_cells and self.form.ending == ".parquet"
            ):
                continue
            for table, row in rows_beside(case.table, case.variety, case.n):
                self.rows[table].append(row)
                enter_beside(world, table, row)
            self.rows[case.table].append(cells)
            at = (case.table, len(self.rows[case.table]) + 1)
            if case.extra_cells:
                self.extra[at] = case.extra_cells
            found = {"ragged_row"} if case.extra_cells else find_reasons(case.table, cells, world)
            if case.reasons is not None and not case.reasons <= found:
                self.disagreements.append(
                    f"{case}: by heart {sorted(case.reasons)}, by the oracle {sorted(found)}"
                )
            self.damaged[at] = case, found
        return self

    def write(self, folder: Path) -> Path:
        """Write all tables."""
        folder.mkdir(parents=True)
        for table, rows in self.rows.items():
            path = folder / f"{table}{self.form.ending}"
            if self.form.ending == ".parquet":
                columns = {
                    name: pa.array([row[name] for row in rows], pa.string())
                    for name in TABLES[table].names
                }
                pq.write_table(pa.table(columns), path)
                continue
            data = self._text(table, rows).encode(self.form.encoding)
            path.write_bytes(
                gzip.compress(data, 1, mtime=0) if self.form.ending.endswith(".gz") else data
            )
        return folder

    def _text(self, table: str, rows: list[Row]) -> str:
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=self.form.delimiter, lineterminator=self.form.line_end)
        writer.writerow(TABLES[table].names)
        for line, row in enumerate(rows, 2):
            cells, extra = list(row.values()), self.extra.get((table, line), 0)
            writer.writerow(cells[: len(cells) + extra] if extra < 0 else cells + ["x"] * extra)
        return out.getvalue()


def load_rows(ledger: RowLedger, folder: Path) -> Snapshot:
    """Write and load it; every row may be refused."""
    return load_ledger(
        ledger.write(folder / "ledger"),
        SnapshotStore(folder / "snapshots"),
        quarantine_limits=Limits(),
    )


def find_faults(ledger: RowLedger, snapshot: Snapshot) -> list[str]:
    """Return, one text each, what came otherwise than it must: rows, reasons, values, books."""
    found: dict[Line, set[str]] = {
        (row["table"], row["line"]): set(row["reasons"].split())
        for row in snapshot.quarantine().to_pylist()
    }
    wanted = {at: reasons for at, (_, reasons) in ledger.damaged.items() if reasons}
    faults = [
        f"{at}: {ledger.damaged[at][0] if at in ledger.damaged else 'a good row'}: "
        f"must be {sorted(wanted.get(at, set()))}, is {sorted(found.get(at, set()))}"
        for at in sorted(wanted.keys() | found.keys())
        if wanted.get(at) != found.get(at)
    ]
    return faults + _book_faults(ledger, snapshot, wanted) + _value_faults(ledger, snapshot)


def _book_faults(ledger: RowLedger, snapshot: Snapshot, wanted: dict[Line, set[str]]) -> list[str]:
    books, faults = snapshot.info["books"]["tables"], []
    for table, rows in ledger.rows.items():
        refused = sum(at[0] == table for at in wanted)
        due = {
            "read": len(rows),
            "quarantined": refused,
            "repeated": 0,
            "taken": len(rows) - refused,
        }
        if books[table] != due:
            faults.append(f"books of {table}: must be {due}, are {books[table]}")
    return faults


def _value_faults(ledger: RowLedger, snapshot: Snapshot) -> list[str]:
    """Return the rows taken in whose values in the snapshot are not those of the oracle."""
    kept = _read_kept(snapshot)
    refused = [
        case for case, reasons in ledger.damaged.values() if reasons and case.table == "contacts"
    ]
    faults = []
    for case, reasons in ledger.damaged.values():
        if reasons or case.table not in _KEPT:
            continue
        _, key, _, columns = _KEPT[case.table]
        values = _read_row(case)
        if case.table == "contacts":
            values["revoked_at"] = _end_of_contact(values, refused)
        found = kept[case.table].get(_plain(values[key]))
        if found is None:
            if not _may_be_elsewhere(case, values):
                faults.append(f"{case}: taken in, but not in the snapshot")
            continue
        for name, value in found.items():
            if name in columns and value != _kept_value(case, name, values):
                faults.append(
                    f"{case}: {name} must be {_kept_value(case, name, values)}, is {value}"
                )
    return faults


def _read_row(case: DamagedRow) -> dict[str, Any]:
    return read_row(case.table, {name: cell.strip() for name, cell in case.cells.items()})


def _end_of_contact(values: dict[str, Any], refused: list[DamagedRow]) -> datetime | None:
    """Return since when a good contact is out: revoked, or followed by a refused one of its payer
    and channel.
    """
    start, ends = values["registered_at"], [values["revoked_at"]]
    for case in refused:
        other = _read_row(case)
        if other["payer_code"] != values["payer_code"]:
            continue
        if case.extra_cells or (
            other["channel"] in (None, values["channel"]) and other["registered_at"] is None
        ):
            ends.append(start)
        elif other["channel"] in (None, values["channel"]) and other["registered_at"] >= start:
            ends.append(other["registered_at"])
    return min((end for end in ends if end), default=None)


def _may_be_elsewhere(case: DamagedRow, values: dict[str, Any]) -> bool:
    """Reversals and credit notes stand among payments; there they are counted by the books."""
    is_note = values.get("kind") == "credit_note" or (
        values.get("kind") == "equalisation" and values["amount"] < 0
    )
    return bool(values.get("reverses")) or is_note


def _kept_value(case: DamagedRow, name: str, values: dict[str, Any]) -> Any:
    if values[name] is None and TABLES[case.table][name].kind is CellKind.FLAG:
        return name == "disconnectable" and values["service"] == "electricity"
    return _plain(values[name])


def _read_kept(snapshot: Snapshot) -> dict[str, dict[Any, dict[str, Any]]]:
    kept: dict[str, dict[Any, dict[str, Any]]] = defaultdict(dict)
    for bucket in range(64):
        tables = snapshot.read_bucket(bucket, sorted({of[0] for of in _KEPT.values()})).tables
        for table, (place, _, key, columns) in _KEPT.items():
            frame = tables[place]
            shown = {name: frame.columns[column] for name, column in {"": key, **columns}.items()}
            rows = zip(
                *(
                    column.to_pylist() if isinstance(column, pa.Array) else column.tolist()
                    for column in shown.values()
                ),
                strict=True,
            )
            for number, *cells in rows:
                kept[table][number] = dict(zip(columns, map(_nothing_is_none, cells), strict=True))
    return kept


def _nothing_is_none(value: Any) -> Any:
    return None if not isinstance(value, bool) and value in (1 << 30, (1 << 63) - 1) else value


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return int((value - datetime(1970, 1, 1)).total_seconds())
    return to_day(value) if isinstance(value, date) else value
