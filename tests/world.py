"""The tests' world: accounts with their invoices, payments, notices, holds and everything around them.

Every cell has a usual value, so that a test names only what it is about. The world comes as ledger
files (`write`), as the oracle's facts (`facts`), and out of the oracle's facts (`of`), which
`tests.oracle.bucket` turns into the bucket that decisions take.
"""

import csv
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Self

from tests.oracle.facts import Agreement, Case, Facts
from tests.oracle.plain_csv import to_facts

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
    "invoice_lines": "invoice_no seq label unit quantity unit_price amount",
}
# Written only where there are rows: most suppliers have no such file.
_RARE = ("invoice_lines",)
VALID_PERSON_ID, VALID_COMPANY_ID = "0006181014", "999996305"

Cell = str | int | date | None


class World:
    """Rows of the contract's tables, under way; what a row leaves out gets a usual value, or stays
    empty.

    An account has a number, and with it its premise and its payer: number 7 is premise 000007 of
    payer P7.
    """

    line_end = "\n"

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, str]]] = {table: [] for table in COLUMNS}

    @classmethod
    def of(cls, crowd: Iterable[Facts]) -> Self:
        """Return a world in which these accounts are as the oracle's facts have them."""
        world, premises = cls(), set()
        for facts in crowd:
            if facts.premise_no not in premises:
                world.premise(facts.premise_no)
                premises.add(facts.premise_no)
            world.payer(facts.payer_code, kind="person" if facts.is_person else "company")
            world._add_facts(facts)
        return world

    def add(self, table: str, **cells: Cell) -> Self:
        """Add any row; amounts as printed (`12.50`), dates as dates or ISO text; None is an empty
        cell.
        """
        columns = COLUMNS[table].split()
        unknown = cells.keys() - set(columns)
        assert not unknown, f"{table} has no column {unknown}"
        self.rows[table].append({name: _text(cells.get(name)) for name in columns})
        return self

    def premise(self, premise_no: str = "000001", **cells: Cell) -> Self:
        """Add a premise with electricity, at an invented address."""
        usual: dict[str, Cell] = {
            "service": "electricity",
            "district": "Изток",
            "route": "03",
            "address": f"ул. Примерна {premise_no.lstrip('0')}",
            "settlement": "София",
            "postcode": "1000",
            "meter_no": f"M{premise_no}",
        }
        return self.add("premises", premise_no=premise_no, **(usual | cells))

    def payer(self, payer_code: str = "P1", **cells: Cell) -> Self:
        """Add a person of an invented name, or a company where `kind` says so, with a valid
        identifier.
        """
        is_company = cells.get("kind") == "company"
        usual: dict[str, Cell] = {
            "kind": "person",
            "name": "„Примерна“ ООД" if is_company else "Росица Мнима",
            "national_id": VALID_COMPANY_ID if is_company else VALID_PERSON_ID,
            "language": "bg",
        }
        return self.add("payers", payer_code=payer_code, **(usual | cells))

    def account(
        self,
        number: int = 1,
        *bills: tuple[str, str],
        phone: bool = True,
        email: bool = False,
        **premise: str,
    ) -> Self:
        """Add an account since 2012, with bills of (due_on, amount) that are a month old when due.

        Its payer has a postal address, and a phone or e-mail as said.
        """
        payer_code = f"P{number}"
        self.premise(premise_of(number), **premise)
        self.payer(payer_code, postal_address="ул. Пощенска 1", postal_settlement="София")
        self.add("tenancies", **account_of(number), valid_from=date(2012, 1, 1))
        if phone:
            self.contact(number, "sms", f"+35988{number:07d}")
        if email:
            address = f"p{number}@example.com"
            self.contact(number, "email", address, registered_at="2026-01-02T08:00:00")
        for due_on, amount in bills:
            self.invoice(number, due_on, amount)
        return self

    def warned_of_disconnection(self, number: int) -> Self:
        """Add an account that may be disconnected on 2026-11-22: a reminder and a warning served."""
        self.account(number, ("2026-09-01", "150.00"), disconnectable="true")
        self.notice(number, "overdue", "2026-09-10", "2026-09-12")
        return self.notice(number, "disconnection", "2026-10-20", "2026-10-25")

    def contact(
        self, number: int = 1, channel: str = "sms", address: str = "+359880000001", **cells: Cell
    ) -> Self:
        """Add a contact of an account's payer, registered long ago."""
        usual: dict[str, Cell] = {"registered_at": "2020-01-02T08:00:00"}
        told = {"payer_code": f"P{number}", "channel": channel, "address": address}
        return self.add("contacts", **(told | usual | cells))

    def invoice(
        self,
        number: int = 1,
        due_on: str = "2026-10-01",
        amount: str = "100.00",
        *,
        line: str = "",
        **cells: Cell,
    ) -> Self:
        """Add a bill, or another document where `kind` says so, issued a month before it is due;
        with one line, where a label is given.
        """
        usual: dict[str, Cell] = {
            "invoice_no": self._next_no("F", "invoices"),
            "kind": "bill",
            "issued_on": date.fromisoformat(due_on) - timedelta(days=30),
            "currency": "EUR",
        }
        told = account_of(number) | usual | {"due_on": due_on, "amount": amount} | cells
        if line:
            told_of = {"invoice_no": told["invoice_no"], "seq": 1, "label": line}
            self.add("invoice_lines", **told_of, amount=amount)
        return self.add("invoices", **told)

    def payment(
        self, number: int = 1, paid_on: str = "2026-11-01", amount: str = "100.00", **cells: Cell
    ) -> Self:
        """Add a payment in a bank that names its account only."""
        usual: dict[str, Cell] = {
            "payment_no": self._next_no("Z", "payments"),
            "currency": "EUR",
            "channel": "bank",
        }
        told = account_of(number) | usual | {"paid_on": paid_on, "amount": amount} | cells
        return self.add("payments", **told)

    def notice(
        self,
        number: int = 1,
        stage: str = "overdue",
        sent_on: str = "2026-10-10",
        served_on: str = "",
        **cells: Cell,
    ) -> Self:
        """Add a notice by post."""
        usual: dict[str, Cell] = {
            "notice_no": self._next_no("N", "notices"),
            "channel": "post",
            "stage": stage,
            "sent_on": sent_on,
            "served_on": served_on,
        }
        return self.add("notices", **(account_of(number) | usual | cells))

    def hold(self, number: int = 1, **cells: Cell) -> Self:
        """Add a hold for a dispute on an account, without an end."""
        usual: dict[str, Cell] = {
            "hold_no": self._next_no("H", "holds"),
            "reason": "dispute",
            "valid_from": "2026-01-01",
            "author": "рекламации",
            "note": "проверка",
        }
        return self.add("holds", **(account_of(number) | usual | cells))

    def agreement(self, number: int = 1) -> Self:
        """Add an agreement that is kept for a long time on the account's first bill."""
        agreement_no, account = self._next_no("S", "agreements"), account_of(number)
        premise_no = account["premise_no"]
        bill = next(row for row in self.rows["invoices"] if row["premise_no"] == premise_no)
        days = {"applied_on": "2026-11-01", "signed_on": "2026-11-02"}
        self.add("agreements", agreement_no=agreement_no, **account, **days)
        self.add("agreement_items", agreement_no=agreement_no, invoice_no=bill["invoice_no"])
        owed = {"due_on": "2027-12-31", "amount": bill["amount"], "currency": "EUR"}
        return self.add("instalments", agreement_no=agreement_no, seq=1, **owed)

    def add_world(self, other: "World") -> Self:
        """Add all rows of another world."""
        for table, rows in other.rows.items():
            self.rows[table] += rows
        return self

    def shuffle(self, seed: int) -> Self:
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
            if table in without or (table in _RARE and not rows):
                continue
            with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(
                    file, COLUMNS[table].split(), delimiter=";", lineterminator=self.line_end
                )
                writer.writeheader()
                writer.writerows(rows)
        return folder

    def facts(self) -> list[Facts]:
        """Return the facts of every account, for the oracle; every row must name its account."""
        return to_facts(self.rows)

    def _next_no(self, letter: str, table: str) -> str:
        return f"{letter}{len(self.rows[table]) + 1:06d}"

    def _add_facts(self, facts: Facts) -> None:
        account = {"premise_no": facts.premise_no, "payer_code": facts.payer_code}
        if facts.tenant_from:
            self.add("tenancies", **account, valid_from=facts.tenant_from)
        for invoice in facts.invoices:
            self.add("invoices", **account, **_cells(invoice))
        for payment in facts.payments:
            self.add("payments", **account, **_cells(payment))
        for hold in facts.holds:
            self.add("holds", **account, **_cells(hold))
        for agreement in facts.agreements:
            self._add_agreement(account, agreement)
        for case in facts.cases:
            self._add_case(account, case)
        for notice in facts.notices:
            self.add("notices", **account, **_cells(notice))

    def _add_agreement(self, account: dict[str, str], agreement: Agreement) -> None:
        number = agreement.agreement_no
        self.add("agreements", **account, **_cells(agreement, "invoice_nos", "instalments"))
        for invoice_no in agreement.invoice_nos:
            self.add("agreement_items", agreement_no=number, invoice_no=invoice_no)
        for instalment in agreement.instalments:
            self.add("instalments", agreement_no=number, **_cells(instalment))

    def _add_case(self, account: dict[str, str], case: Case) -> None:
        self.add("court_cases", **account, **_cells(case, "invoice_nos"))
        for invoice_no in case.invoice_nos:
            self.add("court_case_items", case_no=case.case_no, invoice_no=invoice_no)


def premise_of(number: int) -> str:
    """Return the number of an account's premise.

    >>> premise_of(7)
    '000007'
    """
    return f"{number:06d}"


def account_of(number: int) -> dict[str, Cell]:
    """Return premise and payer of an account."""
    return {"premise_no": premise_of(number), "payer_code": f"P{number}"}


def _cells(fact: object, *without: str) -> dict[str, Cell]:
    """Return the cells of a fact's row: its fields, the amount as printed."""
    cells = {name: value for name, value in vars(fact).items() if name not in without}
    if "amount_minor" in cells:
        cells["amount"] = _decimal(cells.pop("amount_minor"))
    return cells


def _decimal(minor: int) -> str:
    sign, size = ("-", -minor) if minor < 0 else ("", minor)
    return f"{sign}{size // 100}.{size % 100:02d}"


def _text(value: Cell) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)
