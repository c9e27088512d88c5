"""Why the contract refuses a row, row by row: the fuzz's oracle for rows that stand in a ledger of
known others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dunning.core.ledger_tables import TABLES, CellKind
from tests.oracle.door.cells import is_bad, is_filled, read_amount, read_cell

Cells = Mapping[str, str]
Account = tuple[str, str]
EURO, LAST_LEV = date(2026, 1, 1), date(2026, 2, 1)
_PARTIES = (
    "tenancies",
    "invoices",
    "payments",
    "agreements",
    "holds",
    "notices",
    "court_cases",
    "contacts",
)
_NEED_ACCOUNT = (
    "holds",
    "agreements",
    "court_cases",
)  # what they say of a pair that is no account would be lost
_NAMES = {
    "invoice_lines": ("invoice_no",),
    "holds": ("invoice_no",),
    "instalments": ("agreement_no",),
    "agreement_items": ("agreement_no", "invoice_no"),
    "court_case_items": ("case_no", "invoice_no"),
}


@dataclass
class KnownRows:
    """What stands in the ledger around a row; BGN rows stand there too, so that EUR rows of before
    2026 are refused.

    Attributes:
        accounts: account of each invoice, agreement and case that stands, by (key column, key).
        payments: account, minor units and currency of each payment that may be taken back.
        tenants: payer and first day of each premise with exactly one tenancy, which is open.
        lev_bills: the invoices in BGN; all others are in EUR.
    """

    premises: set[str] = field(default_factory=set)
    payers: set[str] = field(default_factory=set)
    accounts: dict[tuple[str, str], Account] = field(default_factory=dict)
    payments: dict[str, tuple[Account, int, str]] = field(default_factory=dict)
    tenants: dict[str, tuple[str, date]] = field(default_factory=dict)
    lev_bills: set[str] = field(default_factory=set)


def find_reasons(table: str, cells: Cells, world: KnownRows) -> set[str]:
    """Return every reason for which the row goes to quarantine; none where it is taken in."""
    cells = {name: cell.strip() if is_filled(cell.strip()) else "" for name, cell in cells.items()}
    reasons = find_cell_reasons(table, cells)
    if _names_nobody(table, cells, world):
        reasons.add("missing_reference")
    values = read_row(table, cells)
    if table == "invoices":
        reasons |= _invoice_reasons(cells, values, world, reasons)
    if table == "payments":
        reasons |= _payment_reasons(cells, values, world, reasons)
    if table in ("holds", "tenancies") and values["valid_from"] and values["valid_until"]:
        reasons |= {"bad_value"} if values["valid_until"] <= values["valid_from"] else set()
    if (
        table == "invoice_lines"
        and ("invoice_no", cells["invoice_no"]) in world.accounts
        and cells["amount"]
    ):
        currency = "BGN" if cells["invoice_no"] in world.lev_bills else "EUR"
        reasons |= {"bad_value"} if read_amount(cells["amount"], currency) is None else set()
    if table == "holds" and not (cells["premise_no"] or cells["payer_code"] or cells["invoice_no"]):
        reasons.add("missing_value")
    return reasons


def read_row(table: str, cells: Cells) -> dict[str, Any]:
    """Return the values of trimmed cells; None where one is empty or bad."""
    currency = cells.get("currency", "")
    return {
        column.name: read_cell(column, cells.get(column.name, ""), currency)
        for column in TABLES[table].columns
    }


def find_cell_reasons(table: str, cells: Cells) -> set[str]:
    """Return what is wrong with the row's cells each by itself."""
    reasons = set()
    currency = cells.get("currency", "").strip()
    for column in TABLES[table].columns:
        cell = cells.get(column.name, "").strip()
        if is_bad(column, cell, currency):
            reasons.add(
                "bad_date" if column.kind in (CellKind.DAY, CellKind.INSTANT) else "bad_value"
            )
        if column.is_required and not is_filled(cell):
            reasons.add("missing_value")
    return reasons


def _names_nobody(table: str, cells: Cells, world: KnownRows) -> bool:
    if table in _PARTIES:
        premise, payer = cells.get("premise_no", ""), cells.get("payer_code", "")
        if (premise and premise not in world.premises) or (payer and payer not in world.payers):
            return True
        if table in _NEED_ACCOUNT and premise and payer and (premise, payer) not in _pairs(world):
            return True
    named = [(column, cells[column]) for column in _NAMES.get(table, ()) if cells[column]]
    if any(key not in world.accounts for key in named):
        return True
    return len(named) == 2 and world.accounts[named[0]] != world.accounts[named[1]]


def _pairs(world: KnownRows) -> set[Account]:
    return {
        *world.accounts.values(),
        *((premise, payer) for premise, (payer, _) in world.tenants.items()),
    }


def _invoice_reasons(
    cells: Cells, values: dict[str, Any], world: KnownRows, known: set[str]
) -> set[str]:
    reasons = _changeover(values["currency"], values["issued_on"], EURO)
    kind, amount, issued_on, due_on = (
        values[name] for name in ("kind", "amount", "issued_on", "due_on")
    )
    first, last = values["period_from"], values["period_to"]
    if kind == "payout" and issued_on and due_on and due_on != issued_on:
        reasons.add("bad_value")
    if issued_on and due_on and due_on < issued_on:
        reasons.add("due_before_issued")
    if (
        amount
        and kind
        and (amount > 0 if kind == "credit_note" else amount < 0 and kind != "equalisation")
    ):
        reasons.add("wrong_sign")
    is_read = all(values[name] or not cells[name] for name in ("period_from", "period_to"))
    if kind in ("forecast", "equalisation") and is_read and not _is_in_season(first, last):
        reasons.add("bad_value")
    if (
        not cells["payer_code"]
        and cells["premise_no"]
        and "missing_reference" not in known
        and issued_on
        and is_read
    ):
        days = (min(first, last), max(first, last)) if first and last else (issued_on, issued_on)
        tenant = world.tenants.get(cells["premise_no"])
        if not tenant or days[0] < tenant[1]:
            reasons.add("no_single_payer")
    return reasons


def _payment_reasons(
    cells: Cells, values: dict[str, Any], world: KnownRows, known: set[str]
) -> set[str]:
    reasons = _changeover(values["currency"], values["paid_on"], LAST_LEV)
    target = cells["reverses"]
    if not target and (values["amount"] or 0) < 0:
        reasons.add("wrong_sign")
    if "missing_reference" in known:
        return reasons
    account = _account_of(cells, values, world)
    is_bare = target and not cells["premise_no"] and not cells["payer_code"]
    if account is None and is_bare:
        account = world.payments[target][0] if target in world.payments else None
    elif account is None:
        is_unknown_day = cells["premise_no"] and not cells["payer_code"] and not values["paid_on"]
        return reasons if is_unknown_day else reasons | {"unmatched_payment"}
    if target and not _takes_back(values, account, world.payments.get(target)):
        reasons.add("bad_reversal")
    return reasons


def _account_of(cells: Cells, values: dict[str, Any], world: KnownRows) -> Account | None:
    premise, payer = cells["premise_no"], cells["payer_code"]
    if premise and payer:
        return premise, payer
    of_invoice = world.accounts.get(("invoice_no", cells["invoice_no"]))
    if of_invoice and premise in ("", of_invoice[0]) and payer in ("", of_invoice[1]):
        return of_invoice
    if payer:
        mine = {premise for premise, (tenant, _) in world.tenants.items() if tenant == payer}
        return (mine.pop(), payer) if len(mine) == 1 else None
    tenant, since = world.tenants.get(premise, ("", EURO))
    return (
        (premise, tenant) if tenant and values["paid_on"] and values["paid_on"] >= since else None
    )


def _takes_back(
    values: dict[str, Any], account: Account | None, target: tuple[Account, int, str] | None
) -> bool:
    if target is None or account != target[0]:
        return False
    if values["amount"] is None or values["currency"] is None:
        return True
    return (values["amount"], values["currency"]) == (-target[1], target[2])


def _changeover(currency: str | None, day: date | None, last: date) -> set[str]:
    if day and currency == "BGN" and day >= last:
        return {"bgn_after_changeover"}
    return {"eur_before_changeover"} if day and currency == "EUR" and day < EURO else set()


def _is_in_season(first: date | None, last: date | None) -> bool:
    if not first or not last or first > last:
        return False
    return first.year - (first.month < 5) == last.year - (last.month < 5)
