"""What a run wrote, account by account, and how it differs from what a scenario expects."""

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from tests.scenarios.reading import SUMS, Scenario

LISTS = {
    "sms": "reminders/sms.csv",
    "email": "reminders/email.csv",
    "post": "reminders/post.csv",
    "disconnections": "disconnections.csv",
    "court": "court.csv",
}
PLAIN = (
    "stage",
    "next_stage",
    "next_on",
    "oldest_due_on",
    "days_overdue",
    "overdue_items",
    "limitation_on",
)
Account = tuple[str, str]
Cells = dict[str, Any]


@dataclass
class Outcome:
    """All that a run says of one account."""

    row: Cells
    items: list[Cells] = field(default_factory=list)
    pieces: list[Cells] = field(default_factory=list)
    lists: dict[str, dict[str, str]] = field(default_factory=dict)
    withheld: dict[str, str] = field(default_factory=dict)


def read_outcomes(folder: Path) -> dict[Account, Outcome]:
    """Return the outcomes of a run's folder by account; settlement pieces are found by their
    invoice's prefix.
    """
    outcomes = {_key(row): Outcome(row) for row in _parquet(folder / "classification.parquet")}
    for item in _parquet(folder / "open_items.parquet"):
        outcomes[_key(item)].items.append(item)
    pieces = _parquet(folder / "settlements.parquet")
    for key, outcome in outcomes.items():
        outcome.pieces = [p for p in pieces if p["invoice_no"][:3] == key[0][-3:]]
    for name, file in LISTS.items():
        for listed in _csv(folder / file):
            outcomes[_key(listed)].lists[name] = listed
    for held in _csv(folder / "withheld.csv"):
        outcomes[_key(held)].withheld[held["list"]] = held["reason"]
    return outcomes


def disagreements(scenario: Scenario, outcomes: dict[Account, Outcome]) -> list[str]:
    """Return one line per expectation of a scenario that a run does not meet."""
    found = []
    for payer, expected in scenario.expectations().items():
        outcome = outcomes.get((scenario.premise_no, scenario.payer_code(payer)))
        if outcome is None:
            found.append(f"{scenario.title}: no account of payer {payer}")
            continue
        actual = _actual(scenario, outcome, expected)
        for key, wanted in expected.items():
            if actual[key] != wanted:
                found.append(
                    f"{scenario.title} (payer {payer}): {key} is {actual[key]!r}, expected {wanted!r}"
                )
    return found


def _actual(scenario: Scenario, outcome: Outcome, expected: Cells) -> Cells:
    """Return what happened in the words of the expectations."""
    row, codes = outcome.row, set(outcome.row["reasons"].split())
    listed = next(
        (outcome.lists[name] for name in expected.get("on", []) if name in outcome.lists), {}
    )
    return {
        **{name: "" if row[name] is None else row[name] for name in PLAIN},
        **{name: amount(row[column]) for name, column in SUMS.items()},
        "reasons": [code for code in expected.get("reasons", []) if code in codes],
        "not_reasons": [code for code in expected.get("not_reasons", []) if code not in codes],
        "items": {i["invoice_no"][3:]: amount(i["open_cents"]) for i in outcome.items},
        "shields": {i["invoice_no"][3:]: i["shield"] for i in outcome.items if i["shield"]},
        "pieces": sorted(
            [
                p["invoice_no"][3:],
                p["payment_no"][3:],
                p["settled_on"],
                f"{amount(p['amount_minor'])} {p['currency']}",
            ]
            for p in outcome.pieces
        ),
        "on": [name for name in expected.get("on", []) if name in outcome.lists],
        "not_on": [name for name in expected.get("not_on", []) if name not in outcome.lists],
        "row": {name: listed.get(name) for name in expected.get("row", {})},
        "withheld": outcome.withheld,
    }


def amount(minor: int) -> str:
    """Return minor units as the scenarios print them.

    >>> amount(1250), amount(5)
    ('12.50', '0.05')
    """
    assert minor >= 0
    return f"{minor // 100}.{minor % 100:02d}"


def _key(row: Cells) -> Account:
    return row["premise_no"], row["payer_code"]


def _parquet(path: Path) -> list[Cells]:
    return pq.read_table(path).to_pylist()


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))
