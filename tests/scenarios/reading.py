"""Scenarios out of their TOML files: what is known, and what is expected."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from tests.world import World

FOLDER = Path(__file__).parent
SUMS = {
    "open": "open_cents",
    "overdue": "overdue_cents",
    "interest": "interest_cents",
    "credit": "credit_cents",
    "shielded": "shielded_cents",
}
Row = list[Any]


@dataclass(frozen=True)
class Scenario:
    """One scenario: its number makes every number in its rows its own; `place`: which one of its
    file.
    """

    number: int
    file: str
    place: int
    body: dict[str, Any]

    @property
    def title(self) -> str:
        """The sentence, with the file it stands in."""
        return f"{self} {self.body['title']}"

    def __str__(self) -> str:
        return f"{self.file}-{self.place}"

    @property
    def as_of(self) -> date:
        """The night."""
        return self.body["as_of"]

    @property
    def premise_no(self) -> str:
        """The one premise of the scenario."""
        return f"{self.number:06d}"

    @property
    def is_attributed(self) -> bool:
        """Whether every invoice and payment names its payer, so that a reader without attribution
        can follow.
        """
        rows = self.body.get("invoices", []) + self.body.get("payments", [])
        return all(_extras(row).get("payer", "a") for row in rows)

    def payer_code(self, name: str = "a") -> str:
        """Return the code of a payer of the scenario; no name, no code."""
        return f"{self.number:05d}{'' if name == 'a' else name}" if name else ""

    def no(self, short: str) -> str:
        """Return the number in the ledger for a short one; empty stays empty."""
        return f"{self.number:03d}{short}" if short else ""

    def expectations(self) -> dict[str, dict[str, Any]]:
        """Return what is expected, by payer."""
        found = {"a": self.body["expect"]} if "expect" in self.body else {}
        return found | {
            k.removeprefix("expect_"): v for k, v in self.body.items() if k.startswith("expect_")
        }

    def ledger(self) -> World:
        """Return the scenario's rows of all tables."""
        ledger = World()
        ledger.premise(self.premise_no, **self.body.get("premise", {}))
        tenants = self.body.get("tenants", [["a", date(2012, 1, 1), ""]])
        for name in dict.fromkeys(t[0] for t in tenants):
            ledger.payer(
                self.payer_code(name),
                **self.body.get("payer" if name == "a" else f"payer_{name}", {}),
            )
        for name, valid_from, valid_until, *more in tenants:
            ledger.add(
                "tenancies",
                premise_no=self.premise_no,
                payer_code=self.payer_code(name),
                valid_from=valid_from,
                valid_until=valid_until,
                **(more[0] if more else {}),
            )
        for table, add in _ADD.items():
            for place, row in enumerate(self.body.get(table, [])):
                add(self, ledger, place + 1, row)
        return ledger


@cache
def read_scenarios() -> tuple[Scenario, ...]:
    """Return all scenarios of all files, numbered from 1."""
    bodies = [
        (path.stem, place + 1, body)
        for path in sorted(FOLDER.glob("*.toml"))
        for place, body in enumerate(tomllib.loads(path.read_text(encoding="utf-8"))["scenario"])
    ]
    return tuple(Scenario(number + 1, *body) for number, body in enumerate(bodies))


def cents(amount: str) -> int:
    """Return minor units of an amount as printed.

    >>> cents("12.50"), cents("3")
    (1250, 300)
    """
    whole, _, rest = amount.partition(".")
    return int(whole + (rest + "00")[:2])


def _extras(row: Row) -> dict[str, Any]:
    return row[-1] if isinstance(row[-1], dict) else {}


def _cells(row: Row, names: str) -> dict[str, Any]:
    values = row[:-1] if isinstance(row[-1], dict) else row
    return dict(zip(names.split(), values, strict=False)) | _extras(row)


def _account(scenario: Scenario, cells: dict[str, Any]) -> dict[str, str]:
    premise_no = cells.pop("premise_no", scenario.premise_no)
    return {"premise_no": premise_no, "payer_code": scenario.payer_code(cells.pop("payer", "a"))}


def _money(cells: dict[str, Any]) -> dict[str, str]:
    amount, currency = cells.pop("amount").split()
    return {"amount": amount, "currency": currency}


def _numbers(scenario: Scenario, cells: dict[str, Any], *names: str) -> dict[str, str]:
    return {name: scenario.no(cells.pop(name, "")) for name in names}


def _add_invoice(scenario: Scenario, ledger: World, _: int, row: Row) -> None:
    cells = _cells(row, "invoice_no kind issued_on due_on amount")
    if season := cells.pop("season", None):
        cells |= {"period_from": date(season, 5, 1), "period_to": date(season + 1, 4, 30)}
    numbers = _numbers(scenario, cells, "invoice_no", "refers_to")
    ledger.add("invoices", **_account(scenario, cells), **_money(cells), **numbers, **cells)


def _add_payment(scenario: Scenario, ledger: World, _: int, row: Row) -> None:
    cells = _cells(row, "payment_no paid_on amount invoice_no")
    numbers = _numbers(scenario, cells, "payment_no", "invoice_no", "reverses")
    ledger.add("payments", **_account(scenario, cells), **_money(cells), **numbers, **cells)


def _add_notice(scenario: Scenario, ledger: World, place: int, row: Row) -> None:
    cells = _cells(row, "stage channel sent_on served_on")
    ledger.add("notices", notice_no=scenario.no(f"N{place}"), **_account(scenario, cells), **cells)


def _add_hold(scenario: Scenario, ledger: World, place: int, row: Row) -> None:
    cells = _cells(row, "reason valid_from valid_until invoice_no")
    numbers = _numbers(scenario, cells, "invoice_no")
    ledger.add(
        "holds", hold_no=scenario.no(f"H{place}"), **_account(scenario, cells), **numbers, **cells
    )


def _add_agreement(scenario: Scenario, ledger: World, _: int, row: Row) -> None:
    cells = _cells(row, "agreement_no signed_on invoices instalments")
    number = scenario.no(cells.pop("agreement_no"))
    for invoice in cells.pop("invoices"):
        ledger.add("agreement_items", agreement_no=number, invoice_no=scenario.no(invoice))
    for place, (due_on, amount) in enumerate(cells.pop("instalments")):
        ledger.add(
            "instalments",
            agreement_no=number,
            seq=place + 1,
            due_on=due_on,
            **_money({"amount": amount}),
        )
    cells.setdefault("applied_on", cells["signed_on"])
    ledger.add("agreements", agreement_no=number, **_account(scenario, cells), **cells)


def _add_case(scenario: Scenario, ledger: World, _: int, row: Row) -> None:
    cells = _cells(row, "case_no filed_on stage stage_on invoices")
    number = scenario.no(cells.pop("case_no"))
    for invoice in cells.pop("invoices"):
        ledger.add("court_case_items", case_no=number, invoice_no=scenario.no(invoice))
    ledger.add("court_cases", case_no=number, **_account(scenario, cells), **cells)


def _add_contact(scenario: Scenario, ledger: World, _: int, row: Row) -> None:
    cells = {"registered_at": "2020-01-02T08:00:00"} | _cells(row, "channel address")
    ledger.add("contacts", payer_code=scenario.payer_code(cells.pop("payer", "a")), **cells)


_ADD: dict[str, Callable[[Scenario, World, int, Row], None]] = {
    "invoices": _add_invoice,
    "payments": _add_payment,
    "notices": _add_notice,
    "holds": _add_hold,
    "agreements": _add_agreement,
    "cases": _add_case,
    "contacts": _add_contact,
}
