"""A small reader of well-formed ledgers (the acceptance cases without quarantine) into facts, apart
from the loader.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from tests.oracle.facts import Agreement, Case, Facts, Hold, Instalment, Invoice, Notice, Payment

Row = dict[str, str]
Account = tuple[str, str]


def read_facts(ledger: Path) -> list[Facts]:
    """Return the facts of every account of a ledger (ISO dates, decimal points) whose rows all name
    their account.
    """
    return to_facts({name: _rows(ledger, name) for name in _TABLES})


def to_facts(tables: Mapping[str, Sequence[Row]]) -> list[Facts]:
    """Return the same of rows that were read already."""
    kinds = {r["payer_code"]: r["kind"] for r in tables["payers"]}
    invoices = {r["invoice_no"]: r for r in tables["invoices"]}
    began: dict[Account, date] = {}
    for row in tables["tenancies"]:
        began[_account(row)] = min(_day(row["valid_from"]), began.get(_account(row), date.max))
    accounts = sorted(set(began) | {_account(r) for r in tables["invoices"] + tables["payments"]})
    return [
        Facts(
            premise_no=account[0],
            payer_code=account[1],
            is_person=kinds[account[1]] == "person",
            tenant_from=began.get(account),
            invoices=tuple(_invoice(r) for r in tables["invoices"] if _account(r) == account),
            payments=tuple(
                _payment(r, invoices) for r in tables["payments"] if _account(r) == account
            ),
            holds=tuple(_hold(r) for r in tables["holds"] if _reaches(r, account, invoices)),
            agreements=tuple(
                _agreement(r, tables) for r in tables["agreements"] if _account(r) == account
            ),
            cases=tuple(_case(r, tables) for r in tables["court_cases"] if _account(r) == account),
            notices=tuple(_notice(r) for r in tables["notices"] if _account(r) == account),
        )
        for account in accounts
    ]


_TABLES = (
    "premises payers tenancies invoices payments agreements agreement_items instalments holds notices court_cases "
    "court_case_items"
).split()


def _rows(ledger: Path, table: str) -> list[Row]:
    path = ledger / f"{table}.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [defaultdict(str, row) for row in csv.DictReader(file, delimiter=";")]


def _account(row: Row) -> Account:
    return row["premise_no"], row["payer_code"]


def _day(text: str) -> date:
    return date.fromisoformat(text)


def _day_or_none(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _minor(text: str) -> int:
    whole, _, rest = text.partition(".")
    return int(whole + (rest + "00")[:2])


def _invoice(row: Row) -> Invoice:
    return Invoice(
        row["invoice_no"],
        row["kind"],
        _day(row["issued_on"]),
        _day(row["due_on"]),
        _minor(row["amount"]),
        row["currency"],
        _day_or_none(row["period_from"]),
        _day_or_none(row["period_to"]),
        row["refers_to"] or None,
    )


def _payment(row: Row, invoices: dict[str, Row]) -> Payment:
    """A name of another account's bill or of none, or of a EUR bill by BGN of up to 2025, is
    dropped.
    """
    named = invoices.get(row["invoice_no"])
    is_kept = (
        named is not None
        and _account(named) == _account(row)
        and not (
            named["currency"] == "EUR" and row["currency"] == "BGN" and row["paid_on"] < "2026"
        )
    )
    return Payment(
        row["payment_no"],
        _day(row["paid_on"]),
        _minor(row["amount"]),
        row["currency"],
        row["invoice_no"] if is_kept else None,
        row["reverses"] or None,
    )


def _reaches(row: Row, account: Account, invoices: dict[str, Row]) -> bool:
    if row["invoice_no"]:
        return _account(invoices[row["invoice_no"]]) == account
    return row["premise_no"] in ("", account[0]) and row["payer_code"] in ("", account[1])


def _hold(row: Row) -> Hold:
    return Hold(
        row["hold_no"],
        _day(row["valid_from"]),
        _day_or_none(row["valid_until"]),
        row["invoice_no"] or None,
        row["reason"],
    )


def _members(
    tables: Mapping[str, Sequence[Row]], table: str, key: str, number: str
) -> tuple[str, ...]:
    return tuple(r["invoice_no"] for r in tables[table] if r[key] == number)


def _agreement(row: Row, tables: Mapping[str, Sequence[Row]]) -> Agreement:
    number = row["agreement_no"]
    plan = [r for r in tables["instalments"] if r["agreement_no"] == number]
    return Agreement(
        number,
        _day(row["applied_on"]),
        _day_or_none(row["signed_on"]),
        _day_or_none(row["cancelled_on"]),
        _members(tables, "agreement_items", "agreement_no", number),
        tuple(
            Instalment(int(r["seq"]), _day(r["due_on"]), _minor(r["amount"]), r["currency"])
            for r in plan
        ),
    )


def _case(row: Row, tables: Mapping[str, Sequence[Row]]) -> Case:
    items = _members(tables, "court_case_items", "case_no", row["case_no"])
    return Case(
        row["case_no"],
        _day(row["filed_on"]),
        row["stage"],
        _day(row["stage_on"]),
        row["outcome"] or None,
        items,
    )


def _notice(row: Row) -> Notice:
    days: Callable[[str], date | None] = _day_or_none
    return Notice(
        row["notice_no"],
        row["stage"],
        _day(row["sent_on"]),
        days(row["served_on"]),
        days(row["failed_on"]),
        row["channel"],
    )
