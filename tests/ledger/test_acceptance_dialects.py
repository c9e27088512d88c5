"""The acceptance ledger of dialects: six ways to write a file, all read to the cent, bad rows with
their lines.
"""

from pathlib import Path

import numpy as np

from dunning.core.ledger_tables import names_of
from dunning.ledger.check.duplicates import mark_duplicates
from dunning.ledger.read.parsing import parse_table
from dunning.ledger.read.sources import read_ledger
from dunning.ledger.typed_tables import TypedTable

LEDGER = (
    Path(__file__).parents[1] / "acceptance" / "cases" / "08-dialects-and-quarantine" / "ledger"
)


def read(name: str) -> TypedTable:
    typed = parse_table(read_ledger(LEDGER)[name])
    mark_duplicates(typed)
    return typed


def refused(typed: TypedTable) -> dict[int, str]:
    return {
        int(typed.lines[i]): names_of(typed.reasons[i]) for i in np.flatnonzero(typed.is_refused)
    }


def test_cp1251_with_nbsp_and_dotted_dates() -> None:
    invoices = read("invoices")
    assert invoices.frame["amount"].tolist()[:9] == [
        *(123450 + 100_000 * i for i in range(6)),
        195583,
        195583,
        -3450,
    ]
    assert invoices.lines[invoices.is_repeated].tolist() == [9]
    assert invoices.ragged_lines.tolist() == [23]
    assert refused(invoices) == {
        11: "bad_value",
        12: "bad_value",
        13: "missing_value",
        14: "bad_date",
        15: "due_before_issued",
        16: "wrong_sign",
        19: "bgn_after_changeover",
        20: "duplicate_key",
        21: "duplicate_key",
        24: "bad_value",
        25: "bad_value",
    }


def test_gzip_with_bom_and_grouped_thousands() -> None:
    payments = read("payments")
    assert payments.frame["amount"].tolist() == [
        95583,
        10000,
        123450,
        -123450,
        1000,
        1000,
        2000,
        -1900,
        500,
        -500,
    ]
    assert refused(payments) == {10: "bgn_after_changeover", 11: "wrong_sign"}


def test_the_other_dialects() -> None:
    premises = read("premises")
    assert set(premises.frame.text("district").to_pylist()) == {"Изток"}
    assert premises.raw.source is not None and premises.raw.source.unknown == ("район",)
    payers = read("payers")
    assert refused(payers) == {8: "bad_value"}
    assert payers.frame.text("name").to_pylist()[3] == "„Пример 804“ ООД"
    assert read("tenancies").frame["valid_from"].tolist() == [15340] * 6 + [18262]
    assert refused(read("holds")) == {3: "bad_value", 4: "missing_value"}
