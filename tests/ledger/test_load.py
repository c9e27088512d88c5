"""The door as a whole: what stands in a snapshot, that it balances, and that the order of rows
changes nothing.
"""

import random
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dunning.core import words
from dunning.core.errors import DunningError
from dunning.core.frames import SCHEMAS
from dunning.core.ledger_tables import TABLES
from dunning.gateways.snapshots.snapshot_store import SnapshotStore
from dunning.ledger.load import load_ledger
from tests.ledger.extracts import Extract, Limits, flagged, read, refused


def rich() -> Extract:
    """A bit of everything; premises 1 and 2 lie in different buckets, payer B has accounts in
    two.
    """
    extract = Extract()
    extract.rows["premises"][0] |= {"vulnerable": "да", "disconnectable": ""}
    extract.rows["payers"][0] |= {
        "national_id": "7523169263",
        "language": "en",
        "life_support": "1",
    }
    extract.rows["payers"][1] |= {"kind": "company", "national_id": "831609047"}
    extract.add("payers", payer_code="C")
    season = {"kind": "equalisation", "period_from": "2025-05-01", "period_to": "2026-04-30"}
    extract.add("invoices", invoice_no="I2", premise_no="1").add(
        "invoices", invoice_no="I1", premise_no="1"
    )
    extract.add("invoices", invoice_no="I0", premise_no="1", issued_on="2026-04-06")
    extract.add("invoices", invoice_no="E1", premise_no="1", amount="-3", **season)
    extract.add("invoices", invoice_no="E2", premise_no="1", amount="3", **season)
    extract.add(
        "invoices",
        invoice_no="L1",
        premise_no="1",
        issued_on="2025-11-01",
        due_on="2025-12-01",
        amount="19,56",
        currency="BGN",
    )
    extract.add("invoices", invoice_no="I3", premise_no="2")
    extract.add("payments", payment_no="P2", premise_no="1", channel="bank")
    extract.add("payments", payment_no="P1", premise_no="1", invoice_no="I1", paid_on="2026-04-05")
    extract.add("payments", payment_no="R1", reverses="P2", amount="-1", paid_on="2026-06-09")
    extract.add("invoice_lines", invoice_no="I1", seq="2").add(
        "invoice_lines", invoice_no="I1", seq="1"
    )
    extract.add("contacts", payer_code="B", revoked_at="2026-05-01").add("contacts", payer_code="C")
    extract.add(
        "contacts", payer_code="B", channel="email", address="b@example.com", source="портал"
    )
    extract.add("agreements", agreement_no="G1", premise_no="1", payer_code="A")
    extract.add("agreement_items", agreement_no="G1", invoice_no="I1")
    extract.add("agreement_items", agreement_no="G1", invoice_no="E1")
    extract.add("instalments", agreement_no="G1", seq="2", amount="19.56", currency="BGN")
    extract.add("instalments", agreement_no="G1", seq="1")
    extract.add("court_cases", case_no="K1", premise_no="2", payer_code="B", outcome="paid")
    extract.add("court_case_items", case_no="K1", invoice_no="I3")
    extract.add("notices", notice_no="N1", premise_no="2", payer_code="B", served_on="2026-05-22")
    extract.add("notices", notice_no="N2", premise_no="1", payer_code="C")
    return extract


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return rich().load(tmp_path_factory.mktemp("rich"))


def test_nothing_is_refused(snapshot):
    assert {} == refused(snapshot)


def test_premises(snapshot):
    columns = ("premise_no", "service", "is_disconnectable", "is_vulnerable", "settlement")
    electricity = words.code(words.SERVICES, "electricity")
    assert [
        ("1", electricity, True, True, "София"),
        ("2", electricity, True, False, "София"),
        ("3", electricity, True, False, "София"),
    ] == read(snapshot, "premises", *columns)


def test_payers_stand_in_every_bucket_of_their_accounts_and_nowhere_else(snapshot):
    ok, wrong = words.IDENTIFIERS.index("ok"), words.IDENTIFIERS.index("wrong")
    rows = read(
        snapshot, "payers", "payer_code", "is_person", "identifier", "language", "is_life_support"
    )
    assert {("A", True, ok, "en", True), ("B", False, wrong, "bg", False)} == set(rows)
    assert len(snapshot.buckets()) == len(rows)
    assert 1 == snapshot.info["payers_without_account"]


def test_accounts_know_their_premise_their_payer_and_their_first_day(snapshot):
    rows = read(snapshot, "accounts", "premise_no", "payer_code", "premise", "payer", "began_on")
    day = "2020-01-01"
    assert [("1", "A", "1", "A", day), ("2", "B", "2", "B", day), ("3", "B", "3", "B", day)] == rows


def test_items_in_their_order(snapshot):
    buckets = [snapshot.read_bucket(number) for number in snapshot.buckets()]
    bucket = next(b for b in buckets if "1" in b.premises.text("premise_no").to_pylist())
    items = bucket.items
    assert ["L1", "E2", "I1", "I2", "I0"] == items.text("invoice_no").to_pylist()
    assert [1956, 300, 1000, 1000, 1000] == items["amount_minor"].tolist()
    assert [True, False, False, False, False] == items["is_bgn"].tolist()
    assert [-1, 2025, -1, -1, -1] == items["season"].tolist()
    assert ["E1", "P1", "P2"] == bucket.payments.text("payment_no").to_pylist()


def test_equalisations_negative_ones_too(snapshot):
    expected = [("1A", 2025, "E1", "2026-05-15"), ("1A", 2025, "E2", "2026-05-15")]
    assert expected == read(snapshot, "equalisations", "account", "season", "invoice_no", "due_on")


def test_payments_credit_notes_and_reversals(snapshot):
    columns = (
        "account",
        "payment_no",
        "paid_on",
        "is_note",
        "amount_minor",
        "item",
        "channel",
        "reversed_on",
    )
    assert [
        ("1A", "E1", "2026-04-05", True, 300, None, None, None),
        ("1A", "P1", "2026-04-05", False, 100, "I1", None, None),
        ("1A", "P2", "2026-06-01", False, 100, None, "bank", "2026-06-09"),
    ] == read(snapshot, "payments", *columns)
    columns = ("account", "payment_no", "payment", "paid_on", "amount_minor", "is_bgn")
    assert [("1A", "R1", "P2", "2026-06-09", -100, False)] == read(snapshot, "reversals", *columns)


def test_lines_contacts_notices(snapshot):
    assert [("1A", "I1", 1, 100), ("1A", "I1", 2, 100)] == read(
        snapshot, "invoice_lines", "account", "invoice_no", "seq", "amount_minor"
    )
    sms, email = words.code(words.CHANNELS, "sms"), words.code(words.CHANNELS, "email")
    contacts = read(snapshot, "contacts", "payer", "channel", "address", "source")
    assert {("B", sms, "+359880000001", None), ("B", email, "b@example.com", "портал")} == set(
        contacts
    )
    assert [("2B", "N1", "2026-05-20", "2026-05-22", None)] == read(
        snapshot, "notices", "account", "notice_no", "sent_on", "served_on", "failed_on"
    )


def test_agreements_and_cases(snapshot):
    assert [("1A", "G1", "2026-05-25", None)] == read(
        snapshot, "agreements", "account", "agreement_no", "signed_on", "cancelled_on"
    )
    assert [("G1", "I1")] == read(snapshot, "agreement_items", "agreement", "item")
    assert [("G1", 1, 1000, False, 1000), ("G1", 2, 1956, True, 1000)] == read(
        snapshot, "instalments", "agreement", "seq", "amount_minor", "is_bgn", "amount_cents"
    )
    assert [("2B", "K1", 0, 3)] == read(snapshot, "cases", "account", "case_no", "stage", "outcome")
    assert [("K1", "I3")] == read(snapshot, "case_items", "case", "item")


def test_what_reaches_nothing_is_counted(snapshot):
    expected = {
        "agreements": 0,
        "agreement_items": 1,
        "instalments": 0,
        "court_cases": 0,
        "court_case_items": 0,
        "notices": 1,
    }
    assert expected == snapshot.info["without_effect"]


def test_books_and_days(snapshot):
    minor = snapshot.info["books"]["minor"]
    nothing = {"read": 0, "quarantined": 0, "repeated": 0, "taken": 0}
    assert {**nothing, "read": 4300, "taken": 4300} == minor["invoices"]["EUR"]
    assert {**nothing, "read": 1956, "taken": 1956} == minor["invoices"]["BGN"]
    assert {**nothing, "read": -300, "taken": -300} == minor["credit_notes"]["EUR"]
    assert {**nothing, "read": 100, "taken": 100} == minor["payments"]["EUR"]
    assert (None, "2026-04-06", "2026-06-01") == tuple(
        snapshot.info[key] for key in ("as_of", "newest_invoice_on", "newest_payment_on")
    )
    assert ["holds"] == snapshot.info["absent_tables"]
    assert "holds" not in snapshot.table_sizes()
    assert 7 == snapshot.table_sizes()["invoices"]


@pytest.mark.parametrize(
    ("cells", "reached", "without_effect"),
    [
        ({"invoice_no": "I1"}, [("1A", "I1")], 0),
        ({"invoice_no": "I1", "payer_code": "B"}, [("1A", "I1")], 0),
        ({"premise_no": "1"}, [("1A", None), ("1C", None)], 0),
        ({"payer_code": "B"}, [("2B", None), ("3B", None)], 0),
        ({"premise_no": "3", "payer_code": "B"}, [("3B", None)], 0),
        ({"premise_no": "3", "payer_code": "A"}, [], 0),  # no account: refused
        ({"invoice_no": "C1"}, [], 1),
    ],
)
def test_what_a_hold_reaches(tmp_path, cells, reached, without_effect):
    extract = (
        Extract().add("payers", payer_code="C").add("invoices", invoice_no="I1", premise_no="1")
    )
    extract.add("invoices", invoice_no="C1", premise_no="1", kind="credit_note", amount="-1")
    extract.add("payments", payment_no="P1", premise_no="1", payer_code="C").add(
        "holds", hold_no="H", **cells
    )
    snapshot = extract.load(tmp_path)
    assert reached == read(snapshot, "holds", "account", "item")
    assert without_effect == snapshot.info["holds_without_effect"]


def test_an_empty_interval_of_a_tenancy_is_refused_and_makes_no_account(tmp_path):
    extract = Extract().add("payers", payer_code="C")
    extract.add(
        "tenancies",
        premise_no="1",
        payer_code="C",
        valid_from="2026-01-01",
        valid_until="2026-01-01",
    )
    snapshot = extract.add(
        "invoices", invoice_no="I1", premise_no="1", issued_on="2026-01-01"
    ).load(tmp_path)
    assert [("1A",)] == read(snapshot, "items", "account")
    assert ["1A", "2B", "3B"] == [
        a + b for a, b in read(snapshot, "accounts", "premise_no", "payer_code")
    ]
    assert {"tenancies 1": "bad_value"} == refused(snapshot)


def test_a_ledger_without_accounts_is_refused(tmp_path):
    extract = Extract()
    extract.rows["tenancies"].clear()
    with pytest.raises(DunningError, match="has no account"):
        extract.load(tmp_path)
    assert not (tmp_path / "snapshots").exists()


def test_a_manifest_off_by_a_cent_is_refused(tmp_path):
    folder = rich().write(tmp_path / "ledger")
    told = '{"as_of": "2026-06-30", "tables": {"payments": {"rows": 3, "amount": {"EUR": "1.01"}}}}'
    (folder / "manifest.json").write_text(told)
    with pytest.raises(
        DunningError, match=r"payments\.csv should sum to 1\.01 EUR and sums to 1\.00 EUR"
    ):
        load_ledger(folder, SnapshotStore(tmp_path / "snapshots"), quarantine_limits=Limits())
    (folder / "manifest.json").write_text(told.replace("1.01", "1.00"))
    assert (
        "2026-06-30"
        == load_ledger(
            folder, SnapshotStore(tmp_path / "snapshots"), quarantine_limits=Limits()
        ).info["as_of"]
    )


def test_unknown_columns_and_files_are_told(tmp_path):
    extract = rich()
    folder = extract.write(tmp_path / "ledger")
    (folder / "tenancies.csv").write_text(
        "premise_no;payer_code;valid_from;ъгъл\n1;A;2020-01-01;x\n", encoding="utf-8"
    )
    (folder / "hold.csv").write_text("x\n")
    info = load_ledger(
        folder, SnapshotStore(tmp_path / "snapshots"), quarantine_limits=Limits()
    ).info
    assert {"tenancies": ["ъгъл"]} == info["unknown_columns"]
    assert 2 == len(info["warnings"])


def test_a_loaded_ledger_is_not_loaded_again_unless_it_was_harmed(tmp_path):
    extract, steps = rich(), []
    first = extract.load(tmp_path)
    again = load_ledger(
        tmp_path / "ledger",
        SnapshotStore(tmp_path / "snapshots"),
        quarantine_limits=Limits(),
        progress=steps.append,
    )
    assert (first.folder, "същото извлечение вече е заредено") == (again.folder, steps[-1])
    (first.folder / "items.parquet").write_bytes(b"harmed")
    load_ledger(
        tmp_path / "ledger", SnapshotStore(tmp_path / "snapshots"), quarantine_limits=Limits()
    ).verify()


def test_an_extract_that_changes_while_it_is_read_is_refused(tmp_path):
    folder = rich().write(tmp_path / "ledger")

    def disturb(step):
        if step == "чии са фактурите и плащанията":
            with (folder / "payments.csv").open("a", encoding="utf-8") as file:
                file.write("LATE;1;;;2026-06-02;1;EUR;;\n")

    with pytest.raises(DunningError, match="changed while they were read"):
        load_ledger(
            folder,
            SnapshotStore(tmp_path / "snapshots"),
            quarantine_limits=Limits(),
            progress=disturb,
        )
    assert not (tmp_path / "snapshots").exists()


def content(snapshot):
    """What must not depend on the order of rows: every table's bytes but the quarantine, whose
    lines move.
    """
    hashes = {
        name: told["sha256"]
        for name, told in snapshot.info["tables"].items()
        if name != "quarantine"
    }
    return (
        hashes,
        refused(snapshot),
        flagged(snapshot),
        snapshot.info["books"],
        snapshot.info["dropped_names"],
    )


def troubled() -> Extract:
    """`rich` with every trouble in which order could matter: copies, rivals, reversals, euro too
    early.
    """
    extract = rich()
    for amount in ("4", "5", "4"):
        extract.add("invoices", invoice_no="D1", premise_no="1", amount=amount)
        extract.add("payments", payment_no="S1", premise_no="1", amount="4,00")
    for number in ("R2", "R3"):
        extract.add("payments", payment_no=number, reverses="P1", amount="-1", paid_on="2026-06-05")
    extract.add("payments", payment_no="U1", payer_code="B").add(
        "payments", payment_no="P5", invoice_no="D1"
    )
    extract.add("invoices", invoice_no="X1", premise_no="2", issued_on="2025-12-31")
    extract.add(
        "invoices", invoice_no="X2", premise_no="2", payer_code="Z", kind="credit_note", amount="-1"
    )
    extract.add("holds", hold_no="H1", payer_code="B").add(
        "holds", hold_no="H2", premise_no="2", reason="x"
    )
    extract.add(
        "tenancies",
        premise_no="1",
        payer_code="B",
        valid_from="2026-04-10",
        valid_until="2026-05-10",
    )
    for number, reason in (("H3", "vulnerable"), ("H4", "life_support")):
        extract.add("holds", hold_no=number, payer_code="B", reason=reason)
    extract.add("contacts", payer_code="B", channel="post", address="ул. Друга 5")
    return extract


@pytest.fixture(scope="module")
def in_order(tmp_path_factory):
    return content(troubled().load(tmp_path_factory.mktemp("in_order")))


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**32))
def test_the_order_of_rows_changes_nothing(tmp_path_factory, in_order, seed):
    extract, dice = troubled(), random.Random(seed)
    for name in TABLES:
        dice.shuffle(extract.rows[name])
    assert in_order == content(extract.load(tmp_path_factory.mktemp("shuffled")))


def test_every_table_has_rows_to_shuffle(in_order, tmp_path):
    snapshot = troubled().load(tmp_path)
    assert [] == [name for name in SCHEMAS if not snapshot.info["tables"][name]["rows"]]


def test_the_newest_payment_is_money_up_to_the_night(tmp_path):
    extract = Extract().add("payments", payment_no="P1", premise_no="1", paid_on="2026-11-18")
    extract.add(
        "payments",
        payment_no="P2",
        premise_no="1",
        paid_on="2026-11-19",
        amount="-1",
        reverses="P1",
    )
    extract.add("payments", payment_no="P3", premise_no="1", paid_on="2026-11-23")
    extract.add(
        "invoices",
        invoice_no="N1",
        premise_no="1",
        kind="credit_note",
        issued_on="2026-11-20",
        due_on="2026-11-20",
        amount="-1",
    )
    snapshot = load_ledger(
        extract.write(tmp_path / "ledger"), SnapshotStore(tmp_path), quarantine_limits=Limits()
    )

    days = [date(2026, 11, day) for day in (17, 18, 20, 23)]
    assert [None, *(date(2026, 11, day) for day in (18, 19, 23))] == [
        snapshot.newest_paid_on(day) for day in days
    ]
