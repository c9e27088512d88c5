"""Accounts that a refused row names, or could belong to, are marked."""

import pytest

from dunning.gateways.ledger.load import load_ledger
from tests.gateways.ledger.extracts import Extract, Limits, flagged


def known() -> Extract:
    """1A, 2B, 3B, and 2A by a bill; I1 of 1A, I2 of 2B, I3 refused (of premise 3)."""
    extract = Extract().add("invoices", invoice_no="I1", premise_no="1")
    extract.add("invoices", invoice_no="I2", premise_no="2")
    extract.add("invoices", invoice_no="I3", premise_no="3", kind="bil")
    extract.add("invoices", invoice_no="I4", premise_no="2", payer_code="A")
    return extract.add("agreements", agreement_no="G1", premise_no="1", payer_code="A")


@pytest.mark.parametrize(
    ("table", "cells", "accounts"),
    [
        ("payments", {"premise_no": "2", "payer_code": "B", "amount": "x"}, ["2B"]),
        ("payments", {"premise_no": "1", "payer_code": "B", "amount": "x"}, []),
        ("payments", {"premise_no": "2", "payer_code": "Z"}, ["2A", "2B"]),
        ("payments", {"premise_no": "9", "payer_code": "B"}, ["2B", "3B"]),
        ("payments", {"payer_code": "B"}, ["2B", "3B"]),
        ("payments", {"premise_no": "2", "amount": "x"}, ["2B"]),
        ("payments", {"premise_no": "2", "paid_on": "x"}, ["2A", "2B"]),
        ("payments", {"invoice_no": "I2", "amount": "x"}, ["2B"]),
        ("payments", {"invoice_no": "I3"}, ["3B"]),
        ("payments", {"payer_code": "B", "invoice_no": "I1"}, ["1A", "2B", "3B"]),
        ("payments", {"amount": "-1", "reverses": "P0"}, ["1A"]),
        ("payments", {}, []),
        ("payments", {"premise_no": "9"}, []),
        ("invoices", {"premise_no": "1", "amount": "x"}, []),
        ("invoices", {"premise_no": "1", "kind": "credit_note", "amount": "1"}, ["1A"]),
        ("invoices", {"premise_no": "1", "kind": "bil", "amount": "-1"}, ["1A"]),
        ("invoices", {"premise_no": "1", "kind": "equalisation", "amount": "-1"}, ["1A"]),
        ("invoices", {"premise_no": "1", "kind": "equalisation", "amount": "1"}, []),
        ("invoices", {"premise_no": "2", "payer_code": "Z", "kind": "credit_note", "amount": "-1"}, ["2A", "2B"]),
        ("invoices", {"premise_no": "9", "kind": "credit_note", "amount": "-1", "refers_to": "I1"}, ["1A"]),
        ("holds", {"payer_code": "B", "reason": "каприз"}, ["2B", "3B"]),
        ("holds", {"premise_no": "2", "valid_from": "x"}, ["2A", "2B"]),
        ("holds", {"invoice_no": "I3"}, ["3B"]),
        ("holds", {"invoice_no": "I1", "payer_code": "Z"}, ["1A"]),
        ("holds", {}, []),
        ("agreements", {"premise_no": "2", "payer_code": "B", "signed_on": "x"}, ["2B"]),
        ("agreement_items", {"agreement_no": "G1", "invoice_no": "I2"}, ["1A"]),
        ("agreement_items", {"agreement_no": "NONE", "invoice_no": "I2"}, ["2B"]),
        ("instalments", {"agreement_no": "G1", "amount": "x"}, ["1A"]),
        ("notices", {"premise_no": "1", "payer_code": "A", "stage": "x"}, []),
        ("contacts", {"payer_code": "A", "channel": "x"}, []),
    ],
)
def test_whom_a_refused_row_speaks_of(tmp_path, table, cells, accounts):
    key = {"payments": "payment_no", "invoices": "invoice_no", "holds": "hold_no", "agreements": "agreement_no",
           "notices": "notice_no"}.get(table)
    extract = known().add("payments", payment_no="P0", premise_no="1", amount="5")
    extract.add(table, **({key: "X"} if key else {}), **cells)
    assert accounts == flagged(extract.load(tmp_path))


def test_all_rows_under_the_number_of_a_refused_invoice_count(tmp_path):
    extract = known().add("invoices", invoice_no="I3", premise_no="1", amount="3")
    assert ["1A", "3B"] == flagged(extract.add("holds", hold_no="H", invoice_no="I3").load(tmp_path))


def test_a_refused_payer_row_speaks_of_the_accounts_that_remain(tmp_path):
    folder = known().write(tmp_path / "ledger")
    with (folder / "payers.csv").open("a", encoding="utf-8") as file:
        file.write("B;person;Милан;;;\n")
    assert ["2B", "3B"] == flagged(load_ledger(folder, tmp_path, quarantine_limits=Limits()))


@pytest.mark.parametrize(
    ("table", "row", "accounts"),
    [
        ("payments", "X;2;B;;2026-06-01;1", ["2B"]),
        ("payments", "X;;;I1;2026-06-01;1", ["1A"]),
        ("payments", "X;;;;2026-06-01;1.00", []),
            ("payments", "1;A;;2026-06-01;7.00;EUR", ["1A", "2A"]),
            ("payments", "x;y;1;A;;2026-06-01;7.00;EUR;;;", ["1A", "2A"]),
        ("invoices", "X;1;A;bill", []),
        ("invoices", "X;1;A;credit_note", ["1A"]),
        ("invoices", "X;1;A", ["1A"]),
        ("agreements", "X;1;A", ["1A"]),
    ],
)
def test_a_ragged_row_names_by_its_usual_cells_or_by_any(tmp_path, table, row, accounts):
    folder = known().add("payments", payment_no="P0", premise_no="1").write(tmp_path / "ledger")
    with (folder / f"{table}.csv").open("a", encoding="utf-8") as file:
        file.write(f"{row}\n")
    assert accounts == flagged(load_ledger(folder, tmp_path, quarantine_limits=Limits()))
