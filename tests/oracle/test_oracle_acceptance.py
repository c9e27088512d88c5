"""The oracle first has to earn its name: the acceptance cases 01 to 06, to the cent."""

import csv
from datetime import date
from pathlib import Path

import pytest

from tests.oracle import expected
from tests.oracle.facts import Policy
from tests.oracle.plain_csv import read_facts
from tests.oracle.stages import decide

CASES = Path(__file__).parents[1] / "acceptance" / "cases"
KEYS = {
    "classification": ("premise_no", "payer_code"),
    "open_items": ("invoice_no",),
    "settlements": ("invoice_no", "payment_no", "currency"),
}


def _expected_cells(case: str, table: str) -> expected.Cells:
    with (CASES / case / "expected" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    keys = KEYS[table]
    return {tuple(r[k] for k in keys): {c: v for c, v in r.items() if c not in keys} for r in rows}


@pytest.mark.parametrize(
    "case",
    ["01-allocation", "02-changeover", "03-interest", "04-shields", "05-limitation", "06-stages"],
)
def test_oracle_says_what_the_acceptance_case_says(case: str) -> None:
    as_of = date.fromisoformat((CASES / case / "as_of.txt").read_text().strip())
    decided = [decide(facts, Policy(), as_of) for facts in read_facts(CASES / case / "ledger")]
    decisions = [d for d in decided if d is not None]
    assert expected.classification_cells(decisions) == _expected_cells(case, "classification")
    assert expected.open_item_cells(decisions) == _expected_cells(case, "open_items")
    assert expected.settlement_cells(decisions) == _expected_cells(case, "settlements")
