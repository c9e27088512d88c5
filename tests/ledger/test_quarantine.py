"""Refused rows: every reason, how many a load may have, and what the list shows of them."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from dunning.core.errors import DunningError
from dunning.core.ledger_tables import REASONS, TABLES
from dunning.gateways.snapshots.snapshot_store import SnapshotStore
from dunning.ledger.load import load_ledger
from tests.ledger.extracts import Extract, Limits, read, refused

CASES = Path(__file__).parents[1] / "acceptance" / "cases"
SEASON = {"kind": "forecast", "period_from": "2025-10-01", "period_to": "2025-10-31"}


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir() if path.is_dir()))
def test_acceptance_cases(tmp_path, case):
    snapshot = load_ledger(
        CASES / case / "ledger", SnapshotStore(tmp_path), quarantine_limits=Limits()
    )
    told = CASES / case / "expected" / "quarantine.csv"
    rows = (
        list(csv.DictReader(told.open(encoding="utf-8-sig"), delimiter=";"))
        if told.exists()
        else []
    )
    expected = {
        (row["table"], row["file"], int(row["line"])): set(row["reasons"].split()) for row in rows
    }
    found = {
        (r["table"], r["file"], r["line"]): set(r["reasons"].split())
        for r in snapshot.quarantine().to_pylist()
    }
    assert expected == found
    classified = csv.DictReader(
        (CASES / case / "expected" / "classification.csv").open(encoding="utf-8-sig"), delimiter=";"
    )
    accounts = read(snapshot, "accounts", "premise_no", "payer_code")
    assert sorted((row["premise_no"], row["payer_code"]) for row in classified) == accounts


@pytest.mark.parametrize(
    ("table", "cells", "reason"),
    [
        ("invoices", {"kind": "bil"}, "bad_value"),
        ("invoices", {"amount": "1,234"}, "bad_value"),
        ("invoices", {"amount": "1e9"}, "bad_value"),
        ("invoices", {"kind": "forecast"}, "bad_value"),
        ("invoices", {**SEASON, "period_to": ""}, "bad_value"),
        ("invoices", {**SEASON, "period_to": "2025-09-30"}, "bad_value"),
        ("invoices", {**SEASON, "period_from": "2025-04-30"}, "bad_value"),
        ("invoices", {**SEASON, "period_to": "2026-05-01"}, "bad_value"),
        ("invoices", {**SEASON, "period_from": "2025-05-01", "period_to": "2026-04-30"}, None),
        ("invoices", {**SEASON, "period_from": "2025-10-32"}, "bad_date"),
        ("invoices", {"kind": "equalisation", "amount": "-5"}, "bad_value"),
        ("invoices", {"amount": ""}, "missing_value"),
        ("invoices", {"due_on": "31.02.2026"}, "bad_date"),
        ("invoices", {"due_on": "2100-01-02"}, "bad_date"),
        ("invoices", {"due_on": "2026-04-04"}, "due_before_issued"),
        ("invoices", {"due_on": "2026-04-05"}, None),
        ("invoices", {"premise_no": "9"}, "missing_reference"),
        ("invoices", {"amount": "-0.01"}, "wrong_sign"),
        ("invoices", {"amount": "0"}, None),
        ("invoices", {"kind": "credit_note"}, "wrong_sign"),
        ("invoices", {"kind": "credit_note", "amount": "0"}, None),
        ("invoices", {**SEASON, "kind": "equalisation", "amount": "-5"}, None),
        ("invoices", {**SEASON, "amount": "-5"}, "wrong_sign"),
        ("invoices", {"currency": "BGN"}, "bgn_after_changeover"),
        ("invoices", {"currency": "BGN", "issued_on": "2026-01-01"}, "bgn_after_changeover"),
        ("invoices", {"currency": "BGN", "issued_on": "2025-12-31"}, None),
        ("invoices", {"payer_code": "", "issued_on": "2019-01-01"}, "no_single_payer"),
        ("payments", {"currency": "BGN", "paid_on": "2026-02-01"}, "bgn_after_changeover"),
        ("payments", {"currency": "BGN", "paid_on": "2026-01-31"}, None),
        ("payments", {"amount": "-1"}, "wrong_sign"),
        ("payments", {"premise_no": "", "payer_code": "B"}, "unmatched_payment"),
        ("payments", {"reverses": "X"}, "bad_reversal"),
        ("holds", {"premise_no": "", "payer_code": ""}, "missing_value"),
        ("holds", {"premise_no": ""}, None),
        ("holds", {"reason": "каприз"}, "bad_value"),
    ],
)
def test_reasons_one_by_one(tmp_path, table, cells, reason):
    key = TABLES[table].key[0]
    snapshot = (
        Extract()
        .add(table, **{key: "X", "premise_no": "1", "payer_code": "A", **cells})
        .load(tmp_path)
    )
    assert ({f"{table} X": reason} if reason else {}) == refused(snapshot)


def test_different_rows_under_one_key_are_all_refused_and_the_same_row_is_kept_once(tmp_path):
    extract = Extract()
    for amount in ("1", "2", "1.00"):
        extract.add("invoices", invoice_no="D", premise_no="1", amount=amount)
        extract.add("invoices", invoice_no="S", premise_no="1", amount="7,00")
    snapshot = extract.load(tmp_path)
    assert [("duplicate_key", "D")] * 3 == [
        (r["reasons"], r["row"][0]) for r in snapshot.quarantine().to_pylist()
    ]
    assert [("S",)] == read(snapshot, "items", "invoice_no")
    assert {"read": 6, "quarantined": 3, "repeated": 2, "taken": 1} == snapshot.info["books"][
        "tables"
    ]["invoices"]
    expected = {"read": 2500, "quarantined": 400, "repeated": 1400, "taken": 700}
    assert expected == snapshot.info["books"]["minor"]["invoices"]["EUR"]


def test_every_reason_of_the_contract_has_been_seen():
    """Whoever adds a reason adds a row above."""
    assert 13 == len(REASONS)


def bad_share(rows: int, bad: int) -> Extract:
    extract = Extract()
    for i in range(rows):
        stage = "gone" if i < bad else "overdue"
        extract.add("notices", notice_no=f"N{i}", premise_no="1", payer_code="A", stage=stage)
    return extract


def test_a_share_up_to_the_limit_is_let_through(tmp_path):
    limits = Limits(Decimal("0.01"), Decimal(0))
    assert 1 == len(bad_share(100, 1).load(tmp_path, limits).quarantine())


def test_more_than_the_limit_stops_the_load_and_leaves_nothing(tmp_path):
    with pytest.raises(DunningError) as error:
        bad_share(99, 1).load(tmp_path, Limits(Decimal("0.01"), Decimal(0)))
    expected = (
        "notices 1 of 99 rows (1.01 %, the limit is 1 %), the first at notices.csv:2 (bad_value)"
    )
    assert expected in str(error.value)
    assert "load again with --quarantine-limit notices=0.02: it holds for this table alone" in str(
        error.value
    )
    assert not (tmp_path / "snapshots").exists()


def test_no_hold_may_be_refused_whatever_the_share(tmp_path):
    extract = bad_share(100, 0).add("holds", hold_no="H1")
    for i in range(300):
        extract.add("holds", hold_no=f"G{i}", premise_no="1")
    message = r"holds 1 of 301 rows \(0.33 %, the limit is 0 %\), .* holds.csv:2 \(missing"
    with pytest.raises(DunningError, match=message):
        extract.load(tmp_path, Limits(Decimal("0.01"), Decimal(0)))


def test_a_row_refused_only_because_another_was_does_not_count(tmp_path):
    """The agreement's payer is refused: so are agreement, item and instalment; beside them one
    fault of its own.
    """
    extract = (
        bad_share(100, 0)
        .add("payers", payer_code="C", kind="x")
        .add("invoices", invoice_no="I1", premise_no="1")
    )
    extract.add("agreements", agreement_no="G1", premise_no="1", payer_code="C")
    extract.add("agreement_items", agreement_no="G1", invoice_no="I1").add(
        "instalments", agreement_no="G1"
    )
    extract.add("court_cases", case_no="C1", premise_no="1", payer_code="B")
    extract.add("court_case_items", case_no="C1", invoice_no="I1").add(
        "holds", hold_no="H1", payer_code="C"
    )
    with pytest.raises(DunningError) as error:
        extract.load(tmp_path, Limits(Decimal(1), Decimal(0)))
    told = "Too many rows are refused: court_cases 1 of 1 rows (100.00 %, the limit is 0 %), the first at"
    assert str(error.value).startswith(
        f"{told} court_cases.csv:2 (missing_reference). Nothing was loaded."
    )
    assert "--quarantine-limit court_cases=1.00: it holds for this table alone" in str(error.value)
    extract.rows["court_cases"][0]["payer_code"] = "A"
    snapshot = extract.load(tmp_path / "again", Limits(Decimal(1), Decimal(0)))
    assert refused(snapshot) == {
        "payers C": "bad_value",
        "agreements G1": "missing_reference",
        "agreement_items G1": "missing_reference",
        "instalments G1": "missing_reference",
        "holds H1": "missing_reference",
    }


def test_whoever_names_a_ragged_row_does_not_count_either(tmp_path):
    folder = bad_share(100, 0).add("holds", hold_no="H1", payer_code="C").write(tmp_path / "ledger")
    limits = Limits(Decimal(1), Decimal(0))
    with pytest.raises(DunningError, match="holds 1 of 1 rows"):
        load_ledger(folder, SnapshotStore(tmp_path / "snapshots"), quarantine_limits=limits)
    with (folder / "payers.csv").open("a", encoding="utf-8") as file:
        file.write("C;person;Милан\n")
    found = refused(
        load_ledger(folder, SnapshotStore(tmp_path / "snapshots"), quarantine_limits=limits)
    )
    assert found == {"payers C": "ragged_row", "holds H1": "missing_reference"}


@pytest.mark.parametrize(
    ("table", "key"),
    [("holds", "hold_no"), ("agreements", "agreement_no"), ("court_cases", "case_no")],
)
def test_a_pair_that_is_no_account_whatever_the_day_is_missing(tmp_path, table, key):
    extract = Extract().add(table, **{key: "X1", "premise_no": "1", "payer_code": "B"})
    extract.add(table, **{key: "X2", "premise_no": "2", "payer_code": "B"})
    extract.add("tenancies", premise_no="1", payer_code="A", valid_from="2099-01-01")
    extract.add(table, **{key: "X3", "premise_no": "3", "payer_code": "A"})
    later = {"issued_on": "2099-01-01", "due_on": "2099-02-01"}
    extract.add("invoices", invoice_no="I1", premise_no="3", payer_code="A", **later)
    assert refused(extract.load(tmp_path)) == {f"{table} X1": "missing_reference"}


def test_a_snapshot_that_is_there_is_held_against_the_limits_of_this_run(tmp_path):
    extract = bad_share(10, 5)
    extract.load(tmp_path)
    with pytest.raises(DunningError, match=r"notices 5 of 10 rows \(50.00 %, the limit is 1 %\)"):
        extract.load(tmp_path, Limits(Decimal("0.01")))


def test_the_list_is_sorted_and_masks_identifiers(tmp_path):
    folder = Extract().add("holds", hold_no="H1").write(tmp_path / "ledger")
    (folder / "payers.csv").write_text(
        "payer_code;kind;name;national_id;postal_address\nA;person;Здравка;;\nB;person;Милан;;\n"
        "1234567890;robot;Калина 0012208032;0012208032;\nZ;person;Росица;0002228052;;;\nY;robot;Явора;1234;\n",
        encoding="utf-8",
    )
    snapshot = load_ledger(
        folder, SnapshotStore(tmp_path / "snapshots"), quarantine_limits=Limits()
    )
    expected = [
        (
            "payers",
            "payers.csv",
            4,
            "bad_value",
            "1234567890;robot;Калина ******8032;******8032;",
            'kind="robot"',
        ),
        ("payers", "payers.csv", 5, "ragged_row", "Z;person;Росица;******8052;;;", ""),
        ("payers", "payers.csv", 6, "bad_value", "Y;robot;Явора;****;", 'kind="robot"'),
        (
            "holds",
            "holds.csv",
            2,
            "missing_value",
            "H1;;;;dispute;2026-05-01;;;",
            'premise_no=""; payer_code=""; invoice_no=""',
        ),
    ]
    assert expected == [tuple(row.values()) for row in snapshot.quarantine().to_pylist()]


def test_whatever_has_the_form_of_an_identifier_is_masked_in_every_column_of_every_table(tmp_path):
    extract = (
        Extract()
        .add(
            "holds",
            hold_no="H1",
            premise_no="NOPE",
            note="ЕГН 7523169263, Иван; тел. 0888123456; 752316 9263",
        )
        .add(
            "holds",
            hold_no="7523169263",
            premise_no="1234567890",
            author="ЕИК175074752",
            reason="x7523169263",
        )
        .add(
            "payments",
            payment_no="P1",
            payer_code="7523169263",
            premise_no="9000000001",
            amount="7523169263",
        )
        .add(
            "payments", payment_no="P2", payer_code="9", channel="BG80BNBG96611020345678 / 12345678"
        )
    )
    assert [row["row"] for row in extract.load(tmp_path).quarantine().to_pylist()] == [
        "P1;9000000001;******9263;;2026-06-01;******9263;EUR;;",
        "P2;;9;;2026-06-01;1;EUR;BG80BNBG96611020345678 / 12345678;",
        'H1;NOPE;;;dispute;2026-05-01;;;"ЕГН ******9263, Иван; тел. ******3456; *******9263"',
        "******9263;1234567890;;;x******9263;2026-05-01;;ЕИК*****4752;",
    ]


FAULTS = [
    ("invoices", {"issued_on": "31.02.2026"}, 'issued_on="31.02.2026"'),
    ("invoices", {"amount": "1,234", "kind": "сметка"}, 'kind="сметка"; amount="1,234"'),
    ("invoices", {"due_on": "", "amount": "NULL"}, 'due_on=""; amount="NULL"'),
    ("invoices", {"due_on": "2026-01-01"}, 'issued_on="2026-04-05"; due_on="2026-01-01"'),
    ("invoices", {"amount": "-5"}, 'amount="-5"'),
    ("invoices", {"currency": "BGN"}, 'issued_on="2026-04-05"; currency="BGN"'),
    (
        "invoices",
        {"kind": "forecast", "period_to": "2026-03-31"},
        'period_from=""; period_to="2026-03-31"',
    ),
    ("invoices", {"kind": "payout"}, 'issued_on="2026-04-05"; due_on="2026-05-15"'),
    ("invoices", {"premise_no": "01"}, 'premise_no="01"'),
    ("invoices", {"payer_code": "7523169263"}, 'payer_code="******9263"'),
    ("invoices", {"premise_no": "9"}, 'premise_no="9"'),
    (
        "payments",
        {"premise_no": "", "payer_code": "B"},
        'premise_no=""; payer_code="B"; invoice_no=""',
    ),
    ("payments", {"premise_no": "1", "reverses": "P9", "amount": "-1"}, 'reverses="P9"'),
    (
        "payments",
        {"paid_on": "2026-06-01", "currency": "BGN"},
        'paid_on="2026-06-01"; currency="BGN"',
    ),
    (
        "holds",
        {"valid_from": "2026-05-01", "valid_until": "2026-05-01"},
        'valid_from="2026-05-01"; valid_until="2026-05-01"',
    ),
    ("holds", {"note": "x", "invoice_no": "I9"}, 'invoice_no="I9"'),
    ("agreements", {"payer_code": "B"}, 'premise_no="1"; payer_code="B"'),
    ("instalments", {"agreement_no": "G9"}, 'agreement_no="G9"'),
]


@pytest.mark.parametrize(("table", "cells", "told"), FAULTS)
def test_a_refused_row_says_which_cell_and_what_stands_in_it(tmp_path, table, cells, told):
    given = {TABLES[table].key[0]: "X"}
    if "premise_no" in TABLES[table].names:
        given |= {"premise_no": "1", "payer_code": "A"}
    (row,) = Extract().add(table, **{**given, **cells}).load(tmp_path).quarantine().to_pylist()
    assert row["cells"] == told


def test_all_rows_of_a_key_name_it_and_what_follows_names_the_row_that_is_refused(tmp_path):
    extract = (
        Extract()
        .add("payers", payer_code="C", kind="robot")
        .add("holds", hold_no="H1", payer_code="C")
    )
    for amount in "12":
        extract.add("invoices", invoice_no="D", premise_no="1", payer_code="A", amount=amount)
    told = [(row["table"], row["cells"]) for row in extract.load(tmp_path).quarantine().to_pylist()]
    assert told == [
        ("payers", 'kind="robot"'),
        *[("invoices", 'invoice_no="D"')] * 2,
        ("holds", 'payer_code="C"'),
    ]


@pytest.mark.parametrize(
    ("table", "cells", "words"),
    [
        ("invoices", {"issued_on": "04/05/2026"}, ["bad_date", "mapping", 'date = "%d/%m/%Y"']),
        ("payments", {"amount": "-5"}, ["wrong_sign", "kind payout", "own-ledger.md"]),
        (
            "payments",
            {"premise_no": "7"},
            [
                "1 of 1 values of premise_no in payments.csv",
                "not in premises.csv",
                "leading zeros",
                "as text",
            ],
        ),
        (
            "holds",
            {"payer_code": "7523169263"},
            ["1 of 1 values of payer_code in holds.csv", "leading zeros"],
        ),
    ],
)
def test_the_refusal_of_a_load_names_the_cure(tmp_path, table, cells, words):
    extract = Extract().add("premises", premise_no="007").add("payers", payer_code="07523169263")
    extract.add(table, **{TABLES[table].key[0]: "X", "premise_no": "1", "payer_code": "A", **cells})
    with pytest.raises(DunningError) as error:
        extract.load(tmp_path, Limits(Decimal("0.01"), Decimal(0)))
    assert [word for word in words if word not in str(error.value)] == []
    if "zeros" not in str(error.value):
        extract.load(tmp_path)
        with pytest.raises(
            DunningError
        ) as again:  # of a snapshot that is there only counts are known
            extract.load(tmp_path, Limits(Decimal("0.01"), Decimal(0)))
        assert str(again.value) == str(error.value)


def test_a_mapped_file_shows_no_identifier_in_any_table(tmp_path):
    folder = tmp_path / "ledger"
    folder.mkdir()
    (folder / "all.csv").write_text(
        "who,egn,bill,sum\nA,7523169263,1111111111,5\nB,8032056031,2222222222,x\nB,8032056031\n",
        encoding="utf-8",
    )
    mapping = tmp_path / "mapping.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    snapshot = load_ledger(
        folder, SnapshotStore(tmp_path / "snapshots"), mapping=mapping, quarantine_limits=Limits()
    )
    rows = {(row["table"], row["line"]): row["row"] for row in snapshot.quarantine().to_pylist()}
    assert "B,******6031,2222222222,x" == rows["invoices", 3]
    told = {(row["table"], row["line"]): row["cells"] for row in snapshot.quarantine().to_pylist()}
    assert 'amount="x"' == told["invoices", 3]
    assert {"B,******6031"} == {row for (_, line), row in rows.items() if line == 4}


MAPPING = """
[files."all.csv"]
encoding = "utf-8"
delimiter = ","
date = "%Y-%m-%d"
decimal = "."

[tables.premises]
file = "all.csv"
distinct = true
columns = { premise_no = "who", service = { value = "heat" }, district = { value = "1" }, address = { value = "1" }, \
settlement = { value = "1" } }

[tables.payers]
file = "all.csv"
distinct = true
columns = { payer_code = "who", kind = { value = "person" }, name = { value = "1" }, national_id = "egn" }

[tables.tenancies]
file = "all.csv"
distinct = true
columns = { premise_no = "who", payer_code = "who", valid_from = { value = "2020-01-01" } }

[tables.invoices]
file = "all.csv"
columns = { invoice_no = "bill", premise_no = "who", kind = { value = "bill" }, issued_on = { value = "2026-01-01" }, \
due_on = { value = "2026-01-31" }, amount = "sum", currency = { value = "EUR" } }

[tables.payments]
file = "all.csv"
where = [{ column = "who", equals = "nobody" }]
columns = { payment_no = "who", paid_on = { value = "2026-01-01" }, amount = "sum", currency = { value = "EUR" } }
"""
