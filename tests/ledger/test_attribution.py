"""Who owes an invoice without a payer, and whose is a payment (contract, section 2)."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dunning.core.days import NEVER
from dunning.ledger.attribute.tenancy_periods import (
    NONE,
    SEVERAL,
    find_single_payers,
    merge_tenancies,
)
from tests.ledger.extracts import Extract, read, refused

OPEN = NEVER
tenancies = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 12),
        st.one_of(st.integers(0, 12), st.just(OPEN)),
    ),
    max_size=8,
)
periods = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 12), st.integers(0, 4)), min_size=1, max_size=8
)


def plain_single_payer(rows, premise, first, last):
    """Day by day: who answers for the premise on all days from first through last."""
    covering = []
    for payer in range(3):
        mine = [(a, b) for q, p, a, b in rows if (q, p) == (premise, payer)]
        if all(any(a <= day < b for a, b in mine) for day in range(first, last + 1)):
            covering.append(payer)
    return covering[0] if len(covering) == 1 else SEVERAL if covering else NONE


@given(tenancies, periods)
def test_the_single_payer_is_who_answers_on_every_day(rows, asked):
    premise, payer, start, end = (
        np.array(c, np.int32) for c in (zip(*rows, strict=True) if rows else [[]] * 4)
    )
    tenures = merge_tenancies(premise, payer, start, end, premises=3)
    found = find_single_payers(
        tenures,
        np.array([q for q, _, _ in asked]),
        np.array([a for _, a, _ in asked], np.int32),
        np.array([a + n for _, a, n in asked], np.int32),
    )
    assert [plain_single_payer(rows, q, a, a + n) for q, a, n in asked] == found.tolist()


def change_of_tenant() -> Extract:
    """Premise 1: A until 2026-03-01, then B."""
    extract = Extract()
    extract.rows["tenancies"][0]["valid_until"] = "2026-03-01"
    return extract.add("tenancies", premise_no="1", payer_code="B", valid_from="2026-03-01")


@pytest.mark.parametrize(
    ("cells", "owner"),
    [
        ({"period_from": "2026-02-01", "period_to": "2026-02-28"}, "1A"),
        ({"period_from": "2026-02-01", "period_to": "2026-03-01"}, None),
        ({"period_from": "2026-03-01", "period_to": "2026-03-31"}, "1B"),
        ({"period_from": "2026-02-01"}, "1B"),
        ({"period_to": "2026-02-28", "issued_on": "2026-02-28"}, "1A"),
        ({"issued_on": "2019-12-31"}, None),
        ({"payer_code": "A"}, "1A"),
        ({"period_from": "2026-03-02", "period_to": "2026-02-27"}, None),
    ],
)
def test_who_owes_an_invoice(tmp_path, cells, owner):
    snapshot = (
        change_of_tenant().add("invoices", invoice_no="I1", premise_no="1", **cells).load(tmp_path)
    )
    assert ([(owner,)] if owner else []) == read(snapshot, "items", "account")
    assert ({} if owner else {"invoices I1": "no_single_payer"}) == refused(snapshot)


@pytest.mark.parametrize(
    ("cells", "owner"),
    [
        ({"premise_no": "2", "payer_code": "A"}, "2A"),
        ({"payer_code": "A"}, "1A"),
        ({"payer_code": "B"}, None),
        ({"invoice_no": "I2"}, "2B"),
        ({"invoice_no": "I2", "payer_code": "B"}, "2B"),
        ({"invoice_no": "I2", "premise_no": "2"}, "2B"),
        ({"invoice_no": "I2", "payer_code": "A"}, "1A"),
        ({"invoice_no": "I1", "payer_code": "B"}, None),
        ({"invoice_no": "I2", "premise_no": "1"}, "1A"),
        ({"invoice_no": "I2", "premise_no": "1", "payer_code": "A"}, "1A"),
        ({"invoice_no": "NONE"}, None),
        ({"invoice_no": "NONE", "payer_code": "A"}, "1A"),
        ({"invoice_no": "C1"}, "3B"),
        ({"premise_no": "1"}, "1A"),
        ({"premise_no": "1", "paid_on": "2019-12-31"}, None),
        ({}, None),
    ],
)
def test_whose_is_a_payment(tmp_path, cells, owner):
    extract = Extract().add("invoices", invoice_no="I1", premise_no="1")
    extract.add("invoices", invoice_no="I2", premise_no="2")
    extract.add("invoices", invoice_no="C1", premise_no="3", kind="credit_note", amount="-1")
    snapshot = extract.add("payments", payment_no="P1", **cells).load(tmp_path)
    found = [
        account
        for account, number in read(snapshot, "payments", "account", "payment_no")
        if number == "P1"
    ]
    assert ([owner] if owner else []) == found
    assert ({} if owner else {"payments P1": "unmatched_payment"}) == refused(snapshot)


def test_a_pair_named_by_a_payment_is_an_account_and_counts_for_the_payer(tmp_path):
    extract = Extract().add("payments", payment_no="P1", premise_no="3", payer_code="A")
    snapshot = extract.add("payments", payment_no="P2", payer_code="A").load(tmp_path)
    assert {"payments P2": "unmatched_payment"} == refused(snapshot)
    assert [("1A",), ("2B",), ("3A",), ("3B",)] == [
        (a + b,) for a, b in read(snapshot, "accounts", "premise_no", "payer_code")
    ]


def test_a_refused_payment_and_a_reversal_found_no_account(tmp_path):
    extract = Extract().add("payments", payment_no="P1", premise_no="3", payer_code="A", amount="x")
    extract.add(
        "payments", payment_no="P2", premise_no="2", payer_code="A", amount="-1", reverses="P3"
    )
    snapshot = extract.add("payments", payment_no="P3", payer_code="A").load(tmp_path)
    assert {"payments P1": "bad_value", "payments P2": "bad_reversal"} == refused(snapshot)
    assert [("1A", "P3")] == read(snapshot, "payments", "account", "payment_no")


def test_a_euro_invoice_named_by_an_old_lev_payment_attributes_it_but_is_dropped(tmp_path):
    extract = Extract().add("invoices", invoice_no="I1", premise_no="2")
    lev = {"issued_on": "2025-04-05", "due_on": "2025-05-15", "currency": "BGN"}
    extract.add("invoices", invoice_no="I2", premise_no="2", **lev)
    lev = {"currency": "BGN", "invoice_no": "I1"}
    extract.add("payments", payment_no="P1", paid_on="2025-12-31", **lev)
    extract.add("payments", payment_no="P2", paid_on="2026-01-01", **lev)
    snapshot = extract.load(tmp_path)
    assert {} == refused(snapshot)
    expected = [("P1", "2B", None, "I1"), ("P2", "2B", "I1", None)]
    assert expected == read(snapshot, "payments", "payment_no", "account", "item", "named_no")


def test_a_payment_that_names_a_credit_note_stays_with_its_account(tmp_path):
    extract = Extract().add(
        "invoices", invoice_no="C1", premise_no="2", kind="credit_note", amount="-1"
    )
    snapshot = extract.add("payments", payment_no="P1", invoice_no="C1").load(tmp_path)
    assert [("C1", "2B", None), ("P1", "2B", None)] == read(
        snapshot, "payments", "payment_no", "account", "item"
    )
    assert {"payments": 0, "credit_notes": 0} == snapshot.info["dropped_names"]


def early_euro(extract: Extract) -> Extract:
    extract.add(
        "invoices", invoice_no="E1", premise_no="2", issued_on="2025-12-20", due_on="2026-02-14"
    )
    return extract.add("payments", payment_no="E2", premise_no="1", paid_on="2025-12-31")


def test_an_extract_all_in_euro_may_have_old_euro_rows(tmp_path):
    assert {} == refused(early_euro(Extract()).load(tmp_path))


@pytest.mark.parametrize("table", ["invoices", "payments"])
def test_old_euro_rows_beside_lev_rows_are_refused(tmp_path, table):
    extract = early_euro(Extract())
    if table == "invoices":
        extract.add(
            "invoices", invoice_no="B1", premise_no="1", issued_on="2025-01-01", currency="BGN"
        )
    else:
        extract.add(
            "payments", payment_no="B1", premise_no="1", paid_on="2026-01-31", currency="BGN"
        )
    extract.add("payments", payment_no="E3", invoice_no="E1")
    expected = {
        "invoices E1": "eur_before_changeover",
        "payments E2": "eur_before_changeover",
        "payments E3": "unmatched_payment",
    }
    assert expected == refused(extract.load(tmp_path))


def test_lev_rows_that_are_refused_themselves_do_not_count(tmp_path):
    extract = early_euro(Extract())
    extract.add("invoices", invoice_no="B1", premise_no="1", currency="BGN")
    extract.add("payments", payment_no="B2", payer_code="B", paid_on="2025-05-05", currency="BGN")
    expected = {"invoices B1": "bgn_after_changeover", "payments B2": "unmatched_payment"}
    assert expected == refused(extract.load(tmp_path))


def test_whether_lev_rows_stand_is_judged_before_old_euro_rows_are_refused(tmp_path):
    """Without E1 the only lev payment is nobody's; still there were lev rows, and E1 stays out."""
    extract = Extract().add(
        "invoices", invoice_no="E1", premise_no="2", issued_on="2025-12-20", due_on="2026-02-14"
    )
    extract.add("payments", payment_no="B1", invoice_no="E1", paid_on="2026-01-05", currency="BGN")
    expected = {"invoices E1": "eur_before_changeover", "payments B1": "unmatched_payment"}
    assert expected == refused(extract.load(tmp_path))
