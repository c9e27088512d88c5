"""Every damaged row is in quarantine under its line and reasons; every other row is taken in with
its values.
"""

import json

import pytest

from tests.fuzz.row_ledgers import FORMS, Form, RowLedger, find_faults, load_rows
from tests.fuzz.row_trials import rows_for, try_rows
from tests.fuzz.rows import DamagedRow

SEED = 20261122


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_damaged_rows(form: Form, record_property) -> None:
    rows = rows_for(form, SEED)
    counts, faults = try_rows(form, rows)
    record_property("fuzz", json.dumps([[*of, number] for of, number in counts.items()]))
    assert faults == []


def test_there_are_enough_of_them() -> None:
    damaged = RowLedger(FORMS[0]).add(rows_for(FORMS[0], SEED)).damaged
    assert (
        sum(bool(reasons) for _, reasons in damaged.values()) > 20_000
    )  # different ones: each in one form only


def test_what_passes_or_is_refused_wrongly_is_seen(tmp_path) -> None:
    ledger = RowLedger(FORMS[0]).add(
        [
            DamagedRow("payments", "euro", 1, "amount", "1e2", frozenset({"bad_value"})),
            DamagedRow("payments", "euro", 2, "amount", "1 234,50"),
        ]
    )
    snapshot = load_rows(ledger, tmp_path)
    assert find_faults(ledger, snapshot) == []
    for at, (row, reasons) in ledger.damaged.items():
        ledger.damaged[at] = row, set() if reasons else {"bad_value"}
    assert (
        len([fault for fault in find_faults(ledger, snapshot) if fault.startswith("('payments'")])
        == 2
    )
    ledger.damaged = {
        ("payments", 4): (DamagedRow("payments", "euro", 2, "amount", "1 234,51"), set())
    }
    assert "amount must be 123451, is 123450" in " ".join(find_faults(ledger, snapshot))
