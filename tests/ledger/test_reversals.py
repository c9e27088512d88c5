"""A reversal takes back exactly one payment of its own account, in its own currency or at its euro
value.
"""

import pytest

from tests.ledger.extracts import Extract, read, refused

BAD = "bad_reversal"


def paid() -> Extract:
    """P1: 10,00 EUR of 1A. L1: 10,00 BGN of 1A (5,11 EUR)."""
    extract = Extract().add(
        "payments", payment_no="P1", premise_no="1", payer_code="A", amount="10"
    )
    return extract.add(
        "payments",
        payment_no="L1",
        premise_no="1",
        payer_code="A",
        amount="10",
        currency="BGN",
        paid_on="2025-11-01",
    )


@pytest.mark.parametrize(
    ("cells", "reasons"),
    [
        ({"amount": "-10", "reverses": "P1"}, None),
        ({"amount": "-10", "reverses": "P1", "payer_code": "A"}, None),
        ({"amount": "-10", "reverses": "P1", "premise_no": "1", "payer_code": "A"}, None),
        ({"amount": "-10", "reverses": "P1", "premise_no": "2", "payer_code": "B"}, BAD),
        ({"amount": "-10", "reverses": "P1", "premise_no": "2", "payer_code": "A"}, BAD),
        ({"amount": "-10", "reverses": "P1", "payer_code": "B"}, "unmatched_payment"),
        ({"amount": "-9.99", "reverses": "P1"}, BAD),
        ({"amount": "10", "reverses": "P1"}, BAD),
        ({"amount": "0", "reverses": "P1"}, BAD),
        ({"amount": "-10", "reverses": "NOPE"}, BAD),
        ({"amount": "-10", "reverses": "R"}, BAD),
        ({"amount": "-10"}, "unmatched_payment wrong_sign"),
        ({"amount": "-10", "premise_no": "1"}, "wrong_sign"),
        ({"amount": "-5.11", "reverses": "L1"}, None),
        (
            {"amount": "-5.11", "reverses": "L1", "paid_on": "2025-12-01"},
            f"{BAD} eur_before_changeover",
        ),
        ({"amount": "-10", "reverses": "L1"}, BAD),
        ({"amount": "-10", "reverses": "L1", "currency": "BGN", "paid_on": "2025-12-01"}, None),
        ({"amount": "-10", "reverses": "L1", "currency": "BGN", "paid_on": "2026-01-31"}, None),
        (
            {"amount": "-10", "reverses": "L1", "currency": "BGN", "paid_on": "2026-02-01"},
            "bgn_after_changeover",
        ),
        ({"amount": "-10", "reverses": "P1", "currency": "BGN", "paid_on": "2026-01-05"}, BAD),
        ({"amount": "x", "reverses": "P1"}, "bad_value"),
        ({"amount": "x", "reverses": "NOPE"}, "bad_reversal bad_value"),
    ],
)
def test_what_a_reversal_must_be(tmp_path, cells, reasons):
    snapshot = paid().add("payments", payment_no="R", **cells).load(tmp_path)
    assert ({"payments R": reasons} if reasons else {}) == refused(snapshot)
    expected = [] if reasons else [("R", "1A", cells["reverses"])]
    assert expected == read(snapshot, "reversals", "payment_no", "account", "payment")


def test_the_reversed_payment_knows_the_day(tmp_path):
    snapshot = (
        paid()
        .add("payments", payment_no="R", amount="-10", reverses="P1", paid_on="2026-06-09")
        .load(tmp_path)
    )
    assert [("L1", None), ("P1", "2026-06-09")] == read(
        snapshot, "payments", "payment_no", "reversed_on"
    )


def test_of_two_reversals_the_first_by_day_then_number_is_good(tmp_path):
    extract = paid()
    for number, day in (("R9", "2026-06-02"), ("R3", "2026-06-03"), ("R2", "2026-06-02")):
        extract.add("payments", payment_no=number, amount="-10", reverses="P1", paid_on=day)
    assert {"payments R9": BAD, "payments R3": BAD} == refused(extract.load(tmp_path))


def test_a_reversal_that_is_refused_for_something_else_is_nobodys_first(tmp_path):
    extract = paid().add(
        "payments", payment_no="R1", amount="-10", reverses="P1", paid_on="2026-06-31"
    )
    extract.add("payments", payment_no="R2", amount="-9", reverses="P1", paid_on="2026-06-02")
    extract.add("payments", payment_no="R3", amount="-10", reverses="P1", paid_on="2026-06-03")
    assert {"payments R1": "bad_date", "payments R2": BAD} == refused(extract.load(tmp_path))


def test_a_reversal_of_a_reversal_and_of_a_refused_payment(tmp_path):
    extract = paid().add("payments", payment_no="R1", amount="-10", reverses="P1")
    extract.add("payments", payment_no="R2", amount="10", reverses="R1")
    extract.add("payments", payment_no="U1", amount="7").add(
        "payments", payment_no="R3", amount="-7", reverses="U1"
    )
    expected = {"payments R2": BAD, "payments U1": "unmatched_payment", "payments R3": BAD}
    assert expected == refused(extract.load(tmp_path))


def test_nothing_may_be_reversed_by_nothing(tmp_path):
    """Zero is the exact negative of zero."""
    extract = Extract().add("payments", payment_no="Z", premise_no="1", amount="0")
    assert {} == refused(
        extract.add("payments", payment_no="R", amount="0", reverses="Z").load(tmp_path)
    )
