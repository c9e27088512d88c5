"""Accounts that a refused row names, or could belong to, are marked."""

import pytest

from dunning.core.ledger_tables import TABLES
from dunning.gateways.snapshots.snapshot_store import SnapshotStore
from dunning.ledger.load import load_ledger
from tests.ledger.extracts import Extract, Limits, flagged, read


def known() -> Extract:
    """1A, 2B, 3B, 4C, and 2A by a bill; I1 of 1A, I2 of 2B; I3 of 4C is refused, so that 4C is
    always spoken of.
    """
    extract = Extract().add("premises", premise_no="4").add("payers", payer_code="C")
    extract.add("tenancies", premise_no="4", payer_code="C").add(
        "invoices", invoice_no="I1", premise_no="1"
    )
    extract.add("invoices", invoice_no="I2", premise_no="2")
    extract.add("invoices", invoice_no="I3", premise_no="4", kind="bil")
    extract.add("invoices", invoice_no="I4", premise_no="2", payer_code="A")
    extract.add("court_cases", case_no="C1", premise_no="1", payer_code="A")
    return extract.add("agreements", agreement_no="G1", premise_no="1", payer_code="A")


@pytest.mark.parametrize(
    ("table", "cells", "accounts"),
    [
        ("payments", {"premise_no": "2", "payer_code": "B", "amount": "x"}, ["2B"]),
        (
            "payments",
            {"premise_no": "1", "payer_code": "B", "amount": "x"},
            ["1A", "2B", "3B"],
        ),  # a slip
        ("payments", {"premise_no": "2", "payer_code": "Z"}, ["2A", "2B"]),
        ("payments", {"premise_no": "9", "payer_code": "B"}, ["2B", "3B"]),
        ("payments", {"payer_code": "B"}, ["2B", "3B"]),
        ("payments", {"premise_no": "2", "amount": "x"}, ["2A", "2B"]),
        ("payments", {"premise_no": "2", "paid_on": "x"}, ["2A", "2B"]),
        ("payments", {"invoice_no": "I2", "amount": "x"}, ["2B"]),
        ("payments", {"invoice_no": "I3"}, []),
        ("payments", {"payer_code": "B", "invoice_no": "I1"}, ["1A", "2B", "3B"]),
        (
            "payments",
            {"premise_no": "2", "payer_code": "B", "invoice_no": "I1", "amount": "x"},
            ["1A", "2B"],
        ),
        ("payments", {"payer_code": "Z", "invoice_no": "I2"}, ["2B"]),
        ("payments", {"payer_code": "A", "invoice_no": "nothing", "amount": "x"}, ["1A", "2A"]),
        ("payments", {"amount": "-1", "reverses": "P0"}, ["1A"]),
        (
            "payments",
            {"premise_no": "2", "payer_code": "B", "amount": "-1", "reverses": "P0"},
            ["1A", "2B"],
        ),
        ("payments", {}, []),
        ("payments", {"premise_no": "9"}, []),
        ("invoices", {"premise_no": "1", "amount": "x"}, ["1A"]),
        ("invoices", {"premise_no": "2", "amount": "-1"}, ["2A", "2B"]),
        ("invoices", {"premise_no": "2", "payer_code": "B", "due_on": "2020-01-01"}, ["2B"]),
        ("invoices", {"premise_no": "1", "kind": "credit_note", "amount": "1"}, ["1A"]),
        ("invoices", {"premise_no": "1", "kind": "bil", "amount": "-1"}, ["1A"]),
        ("invoices", {"premise_no": "1", "kind": "equalisation", "amount": "-1"}, ["1A"]),
        ("invoices", {"premise_no": "1", "kind": "equalisation", "amount": "1"}, ["1A"]),
        (
            "invoices",
            {"premise_no": "2", "payer_code": "Z", "kind": "credit_note", "amount": "-1"},
            ["2A", "2B"],
        ),
        (
            "invoices",
            {"premise_no": "9", "kind": "credit_note", "amount": "-1", "refers_to": "I1"},
            ["1A"],
        ),
        ("holds", {"payer_code": "B", "reason": "каприз"}, ["2B", "3B"]),
        ("holds", {"premise_no": "2", "valid_from": "x"}, ["2A", "2B"]),
        ("holds", {"invoice_no": "I3"}, []),
        ("holds", {"invoice_no": "I1", "payer_code": "Z"}, ["1A"]),
        ("holds", {"premise_no": "1", "payer_code": "B"}, ["1A", "2B", "3B"]),
        (
            "holds",
            {"premise_no": "3", "payer_code": "A", "invoice_no": "I2"},
            ["1A", "2A", "2B", "3B"],
        ),
        ("holds", {}, []),
        ("agreements", {"premise_no": "2", "payer_code": "B", "signed_on": "x"}, ["2B"]),
        ("agreements", {"premise_no": "1", "payer_code": "B"}, ["1A", "2B", "3B"]),
        ("agreement_items", {"agreement_no": "G1", "invoice_no": "I2"}, ["1A", "2B"]),
        ("agreement_items", {"agreement_no": "G1", "invoice_no": "nothing"}, ["1A"]),
        ("agreement_items", {"agreement_no": "NONE", "invoice_no": "I2"}, ["2B"]),
        ("instalments", {"agreement_no": "G1", "amount": "x"}, ["1A"]),
        ("notices", {"premise_no": "1", "payer_code": "A", "stage": "x"}, ["1A"]),
        (
            "notices",
            {"premise_no": "1", "payer_code": "B"},
            [],
        ),  # of no account: taken in, it protects nobody
        ("court_cases", {"premise_no": "2", "payer_code": "B", "stage": "x"}, ["2B"]),
        ("court_cases", {"premise_no": "3", "payer_code": "A"}, ["1A", "2A", "3B"]),
        ("court_case_items", {"case_no": "C1", "invoice_no": "I2"}, ["1A", "2B"]),
        ("court_case_items", {"case_no": "NONE", "invoice_no": "I2"}, ["2B"]),
        (
            "tenancies",
            {"premise_no": "2", "payer_code": "B", "valid_from": "2021-01-01", "share": "x"},
            ["2B"],
        ),
        ("tenancies", {"premise_no": "2", "payer_code": "Z"}, ["2A", "2B"]),
        ("tenancies", {"premise_no": "9", "payer_code": "B"}, ["2B", "3B"]),
        (
            "tenancies",
            {"premise_no": "3", "payer_code": "A", "share": "x"},
            [],
        ),  # only this row would make 3A
        ("invoice_lines", {"invoice_no": "I1", "amount": "x"}, []),
        ("contacts", {"payer_code": "A", "channel": "x"}, []),
    ],
)
def test_whom_a_refused_row_speaks_of(tmp_path, table, cells, accounts):
    key = {
        "payments": "payment_no",
        "invoices": "invoice_no",
        "holds": "hold_no",
        "agreements": "agreement_no",
        "notices": "notice_no",
        "court_cases": "case_no",
    }.get(table)
    extract = known().add("payments", payment_no="P0", premise_no="1", amount="5")
    extract.add(table, **({key: "X"} if key else {}), **cells)
    assert [*accounts, "4C"] == flagged(extract.load(tmp_path))


def test_all_rows_under_the_number_of_a_refused_invoice_count(tmp_path):
    extract = known().add("invoices", invoice_no="I3", premise_no="1", amount="3")
    assert ["1A", "4C"] == flagged(
        extract.add("holds", hold_no="H", invoice_no="I3").load(tmp_path)
    )


def test_a_refused_payer_row_speaks_of_the_accounts_that_remain(tmp_path):
    folder = known().write(tmp_path / "ledger")
    with (folder / "payers.csv").open("a", encoding="utf-8") as file:
        file.write("B;person;Милан;;;\n")
    assert ["2B", "3B", "4C"] == flagged(
        load_ledger(folder, SnapshotStore(tmp_path), quarantine_limits=Limits())
    )


@pytest.mark.parametrize(
    ("table", "row", "accounts"),
    [
        ("payments", "X;2;B;;2026-06-01;1", ["2B"]),
        ("payments", "X;;;I1;2026-06-01;1", ["1A"]),
        ("payments", "X;;;;2026-06-01;1.00", []),
        ("payments", "1;A;;2026-06-01;7.00;EUR", ["1A", "2A"]),
        ("payments", "x;y;1;A;;2026-06-01;7.00;EUR;;;", ["1A", "2A"]),
        ("invoices", "X;1;A;bill", ["1A"]),
        ("payments", "X;;;;2026-06-01;-5;EUR;;P0;", ["1A"]),
        ("tenancies", "2;B;2021-01-01", ["2B"]),
        ("holds", "X;;;I2;dispute", ["2B"]),
        ("notices", "X;1;A;overdue", ["1A"]),
        ("court_case_items", "C1;I2;", ["1A", "2B"]),
        ("invoices", "X;1;A;credit_note", ["1A"]),
        ("invoices", "X;1;A", ["1A"]),
        ("agreements", "X;1;A", ["1A"]),
    ],
)
def test_a_ragged_row_names_by_its_usual_cells_or_by_any(tmp_path, table, row, accounts):
    folder = known().add("payments", payment_no="P0", premise_no="1").write(tmp_path / "ledger")
    path = folder / f"{table}.csv"
    header = "" if path.exists() else ";".join(TABLES[table].names) + "\n"
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{header}{row}\n")
    assert [*accounts, "4C"] == flagged(
        load_ledger(folder, SnapshotStore(tmp_path), quarantine_limits=Limits())
    )


D_AT_2 = {"premise_no": "2", "payer_code": "D"}


def kept(snapshot):
    """Return the premises at which nothing is cut off."""
    return [
        premise
        for premise, is_kept in read(snapshot, "premises", "premise_no", "has_refused_evidence")
        if is_kept
    ]


@pytest.mark.parametrize(
    ("rows", "accounts", "premises"),
    [
        ([("payers", {"payer_code": "D", "kind": "x"}), ("tenancies", D_AT_2)], [], "2"),
        ([("payers", {"payer_code": "D"}), ("tenancies", {**D_AT_2, "share": "x"})], [], "2"),
        ([("tenancies", {"premise_no": "9", "payer_code": "B"})], ["2B", "3B"], "23"),
        ([("holds", {"hold_no": "H", "payer_code": "B", "reason": "x"})], ["2B", "3B"], "23"),
        (
            [("holds", {"hold_no": "H", "premise_no": "2", "payer_code": "A", "reason": "x"})],
            ["2A"],
            "12",
        ),
        ([("agreement_items", {"agreement_no": "G1", "invoice_no": "I2"})], ["1A", "2B"], "12"),
        ([("instalments", {"agreement_no": "G1", "amount": "x"})], ["1A"], "1"),
        (
            [
                (
                    "payments",
                    {"payment_no": "P", "premise_no": "2", "payer_code": "A", "amount": "x"},
                )
            ],
            ["2A"],
            "",
        ),
    ],
    ids=[
        "payer",
        "tenancy",
        "tenancy elsewhere",
        "hold of a payer",
        "hold of one",
        "item",
        "instalment",
        "payment",
    ],
)
def test_nothing_is_cut_off_where_a_refused_row_could_protect_somebody(
    tmp_path, rows, accounts, premises
):
    extract = known()
    for table, cells in rows:
        extract.add(table, **cells)
    snapshot = extract.load(tmp_path)
    assert ([*accounts, "4C"], list(premises)) == (flagged(snapshot), kept(snapshot))
