"""What names something that is not there, or is refused, is refused itself, as far as that
reaches.
"""

import pyarrow as pa
import pytest

from dunning.ledger.text_index import are_few, find_places
from tests.ledger.extracts import Extract, read, refused

MISSING = "missing_reference"


@pytest.mark.parametrize("names", [["b", None, "x", "a"], ["b", None, "x", "a"] * 4])
def test_names_become_places_whichever_side_is_smaller(names):
    keys = pa.array(["a", None, "b", "b", *(f"k{n}" for n in range(40))])
    assert are_few(pa.array(names), keys) == (len(names) == 4)
    expected = {"a": 0, "b": 2, "x": -2, None: -1}
    assert [expected[n] for n in names] == find_places(pa.array(names), keys).tolist()
    assert [expected[n] for n in names] == find_places(pa.array(names), keys.slice(0, 4)).tolist()


def test_no_names_and_no_keys():
    none = pa.array([], pa.string())
    assert [] == find_places(none, pa.array(["a"])).tolist()
    assert [-2, -1] == find_places(pa.array(["a", None]), none).tolist()


@pytest.mark.parametrize(
    ("table", "cells"),
    [
        ("tenancies", {"premise_no": "9", "payer_code": "A"}),
        ("tenancies", {"premise_no": "1", "payer_code": "Z"}),
        ("invoices", {"invoice_no": "X", "premise_no": "9", "payer_code": "A"}),
        ("invoices", {"invoice_no": "X", "premise_no": "9"}),
        ("invoices", {"invoice_no": "X", "premise_no": "1", "payer_code": "Z"}),
        ("payments", {"payment_no": "X", "premise_no": "9", "payer_code": "A"}),
        ("payments", {"payment_no": "X", "premise_no": "9"}),
        ("payments", {"payment_no": "X", "payer_code": "Z"}),
        ("invoice_lines", {"invoice_no": "X"}),
        ("contacts", {"payer_code": "Z"}),
        ("agreements", {"agreement_no": "X", "premise_no": "1", "payer_code": "Z"}),
        ("agreement_items", {"agreement_no": "X", "invoice_no": "I1"}),
        ("agreement_items", {"agreement_no": "G1", "invoice_no": "X"}),
        ("agreement_items", {"agreement_no": "G1", "invoice_no": "I2"}),
        ("instalments", {"agreement_no": "X"}),
        ("holds", {"hold_no": "X", "premise_no": "9"}),
        ("holds", {"hold_no": "X", "payer_code": "Z"}),
        ("holds", {"hold_no": "X", "invoice_no": "X"}),
        ("notices", {"notice_no": "X", "premise_no": "9", "payer_code": "A"}),
        ("court_cases", {"case_no": "X", "premise_no": "1", "payer_code": "Z"}),
        ("court_case_items", {"case_no": "X", "invoice_no": "I1"}),
        ("court_case_items", {"case_no": "K1", "invoice_no": "I2"}),
    ],
)
def test_a_name_that_is_not_there(tmp_path, table, cells):
    extract = Extract()
    extract.add("invoices", invoice_no="I1", premise_no="1").add(
        "invoices", invoice_no="I2", premise_no="2"
    )
    extract.add("agreements", agreement_no="G1", premise_no="1", payer_code="A")
    extract.add("court_cases", case_no="K1", premise_no="1", payer_code="A")
    extract.add(table, **cells)
    assert [(table, MISSING)] == [
        (row["table"], row["reasons"]) for row in extract.load(tmp_path).quarantine().to_pylist()
    ]


def test_a_refused_payer_takes_all_of_his_with_him(tmp_path):
    extract = Extract()
    extract.rows["payers"][0]["kind"] = "robot"
    extract.add("invoices", invoice_no="I1", premise_no="1", payer_code="A")
    extract.add("invoices", invoice_no="I2", premise_no="1")
    extract.add("invoices", invoice_no="I3", premise_no="2")
    extract.add("invoice_lines", invoice_no="I1")
    extract.add("payments", payment_no="P1", payer_code="A").add(
        "payments", payment_no="P2", invoice_no="I1"
    )
    extract.add("payments", payment_no="P3", premise_no="2", invoice_no="I1")
    extract.add("payments", payment_no="P4", premise_no="2", amount="-1", reverses="P1")
    extract.add("contacts", payer_code="A")
    extract.add("agreements", agreement_no="G1", premise_no="1", payer_code="A")
    extract.add("agreement_items", agreement_no="G1", invoice_no="I1")
    extract.add("instalments", agreement_no="G1")
    extract.add("holds", hold_no="H1", invoice_no="I1")
    extract.add("notices", notice_no="N1", premise_no="1", payer_code="A")
    extract.add("court_cases", case_no="K1", premise_no="1", payer_code="A")
    extract.add("court_case_items", case_no="K1", invoice_no="I1")
    snapshot = extract.load(tmp_path)
    expected = {
        "payers A": "bad_value",
        "tenancies 1": MISSING,
        "invoices I1": MISSING,
        "invoices I2": "no_single_payer",
        "invoice_lines I1": MISSING,
        "payments P1": MISSING,
        "payments P2": "unmatched_payment",
        "payments P4": "bad_reversal",
        "contacts A": MISSING,
        "agreements G1": MISSING,
        "agreement_items G1": MISSING,
        "instalments G1": MISSING,
        "holds H1": MISSING,
        "notices N1": MISSING,
        "court_cases K1": MISSING,
        "court_case_items K1": MISSING,
    }
    assert expected == refused(snapshot)
    assert [("2B",), ("3B",)] == read(snapshot, "tenancies", "account")


def test_reasons_are_a_set(tmp_path):
    bad = {"premise_no": "9", "payer_code": "A", "kind": "bil", "due_on": "2026-01-01"}
    extract = Extract().add("invoices", invoice_no="I1", **bad)
    assert {"invoices I1": "bad_value due_before_issued missing_reference"} == refused(
        extract.load(tmp_path)
    )


def test_a_cell_that_is_missing_names_nothing(tmp_path):
    extract = (
        Extract()
        .add("agreement_items", agreement_no="", invoice_no="X")
        .add("instalments", agreement_no="")
    )
    expected = ["missing_reference missing_value", "missing_value"]
    assert expected == sorted(
        row["reasons"] for row in extract.load(tmp_path).quarantine().to_pylist()
    )


def test_names_of_invoices_by_payments_and_credit_notes_are_forgiven(tmp_path):
    extract = Extract().add("invoices", invoice_no="I1", premise_no="1")
    extract.add("invoices", invoice_no="I2", premise_no="2")
    extract.add("payments", payment_no="P1", premise_no="1", invoice_no="NOPE")
    extract.add("payments", payment_no="P2", premise_no="1", invoice_no="I2")
    extract.add("payments", payment_no="P3", premise_no="1", invoice_no="I1")
    extract.add(
        "invoices", invoice_no="C1", premise_no="1", kind="credit_note", amount="-1", refers_to="I2"
    )
    extract.add(
        "invoices", invoice_no="C2", premise_no="1", kind="credit_note", amount="-1", refers_to="I1"
    )
    snapshot = extract.load(tmp_path)
    assert {} == refused(snapshot)
    assert {"payments": 2, "credit_notes": 1} == snapshot.info["dropped_names"]
    expected = [
        ("C1", True, None, "I2"),
        ("C2", True, "I1", None),
        ("P1", False, None, "NOPE"),
        ("P2", False, None, "I2"),
        ("P3", False, "I1", None),
    ]
    assert expected == read(snapshot, "payments", "payment_no", "is_note", "item", "named_no")
