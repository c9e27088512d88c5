"""A tiny builder of ledgers: rows of the contract's tables in, CSV files out."""

import csv
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from random import Random

COLUMNS = {
    "premises": "premise_no service district route address settlement postcode meter_no disconnectable vulnerable "
    "life_support",
    "payers": "payer_code kind name national_id postal_address postal_settlement postal_postcode language vulnerable "
    "life_support",
    "tenancies": "premise_no payer_code valid_from valid_until share",
    "invoices": "invoice_no premise_no payer_code kind period_from period_to issued_on due_on amount currency "
    "refers_to",
    "payments": "payment_no premise_no payer_code invoice_no paid_on amount currency channel reverses",
    "contacts": "payer_code channel address registered_at revoked_at source",
    "agreements": "agreement_no premise_no payer_code applied_on contacted_on signed_on cancelled_on",
    "agreement_items": "agreement_no invoice_no",
    "instalments": "agreement_no seq due_on amount currency",
    "holds": "hold_no premise_no payer_code invoice_no reason valid_from valid_until author note",
    "notices": "notice_no premise_no payer_code stage channel sent_on served_on failed_on",
    "court_cases": "case_no premise_no payer_code filed_on stage stage_on outcome",
    "court_case_items": "case_no invoice_no",
}
VALID_PERSON_ID, VALID_COMPANY_ID = "0006181014", "999996305"

Cell = str | int | date | None


class Ledger:
    """Rows under way. What a row leaves out gets a plain default, or stays empty."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str]]] = {table: [] for table in COLUMNS}

    def add(self, table: str, **cells: Cell) -> "Ledger":
        """Add a row; amounts as printed (`12.50`), dates as dates or ISO text; None is an empty
        cell.
        """
        columns = COLUMNS[table].split()
        unknown = cells.keys() - set(columns)
        assert not unknown, f"{table} has no column {unknown}"
        self.rows[table].append({name: _text(cells.get(name)) for name in columns})
        return self

    def premise(self, premise_no: str, **cells: Cell) -> "Ledger":
        """Add an electricity premise of an invented address."""
        defaults: dict[str, Cell] = {
            "service": "electricity",
            "district": "Изток",
            "route": "03",
            "address": f"ул. Примерна {premise_no.lstrip('0')}",
            "settlement": "София",
            "postcode": "1000",
            "meter_no": f"M{premise_no}",
        }
        return self.add("premises", premise_no=premise_no, **(defaults | cells))

    def payer(self, payer_code: str, **cells: Cell) -> "Ledger":
        """Add a person of an invented name, or a company where `kind` says so, with a valid
        identifier.
        """
        is_company = cells.get("kind") == "company"
        defaults: dict[str, Cell] = {
            "kind": "person",
            "name": "„Примерна“ ООД" if is_company else "Росица Мнима",
            "national_id": VALID_COMPANY_ID if is_company else VALID_PERSON_ID,
            "language": "bg",
        }
        return self.add("payers", payer_code=payer_code, **(defaults | cells))

    def add_ledger(self, other: "Ledger") -> "Ledger":
        """Add all rows of another ledger."""
        for table, rows in other.rows.items():
            self.rows[table] += rows
        return self

    def shuffle(self, seed: int) -> "Ledger":
        """Put the rows of every table into another order, the same for the same seed."""
        for table in sorted(self.rows):
            Random(seed).shuffle(self.rows[table])
        return self

    def write(self, folder: Path, without: Iterable[str] = ()) -> Path:
        """Write every table as CSV (`;`, UTF-8), also empty ones, but those in `without`; return
        the folder.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for table, rows in self.rows.items():
            if table in without:
                continue
            with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(
                    file, COLUMNS[table].split(), delimiter=";", lineterminator="\n"
                )
                writer.writeheader()
                writer.writerows(rows)
        return folder


def _text(value: Cell) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)
