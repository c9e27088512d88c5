"""Who is protected, and where payers have lived: known in every bucket that has the payer."""

import pytest

from tests.ledger.extracts import Extract, read


@pytest.mark.parametrize(
    ("cells", "payers", "premises"),
    [
        ({"payer_code": "B"}, {"B"}, set()),
        ({"premise_no": "2"}, set(), {"2"}),
        ({"premise_no": "2", "payer_code": "B"}, {"B"}, {"2"}),
        ({"invoice_no": "I1"}, {"A"}, {"1"}),
        ({"invoice_no": "I1", "payer_code": "B"}, {"A", "B"}, {"1"}),
        ({"premise_no": "2", "payer_code": "B", "reason": "dispute"}, set(), set()),
        ({"premise_no": "2", "payer_code": "B", "valid_from": "x"}, set(), set()),
    ],
)
def test_whom_a_protecting_hold_names(tmp_path, cells, payers, premises):
    extract = Extract().add("invoices", invoice_no="I1", premise_no="1")
    snapshot = extract.add("holds", hold_no="H", **({"reason": "life_support"} | cells)).load(
        tmp_path
    )
    rows = read(snapshot, "protections", "payer", "premise")

    assert (payers, premises) == (
        {payer for payer, _ in rows} - {None},
        {premise for _, premise in rows} - {None},
    )


def test_a_protected_payer_is_known_in_every_bucket_that_has_him(tmp_path):
    snapshot = (
        Extract().add("holds", hold_no="H", payer_code="B", reason="vulnerable").load(tmp_path)
    )

    known = {
        number for number in snapshot.buckets() if len(snapshot.read_bucket(number).protections)
    }
    assert known == {
        number for number in snapshot.buckets() if "B" in read_payers(snapshot, number)
    }


def test_where_a_payer_has_lived_stands_in_each_of_his_buckets(tmp_path):
    extract = Extract().add("premises", premise_no="4", address="ул. Стара 4", postcode="4000")
    extract.add(
        "tenancies",
        premise_no="4",
        payer_code="B",
        valid_from="2015-01-01",
        valid_until="2019-06-01",
    )
    extract.rows["payers"][1]["postal_address"] = "ул. Стара 4"
    snapshot = extract.load(tmp_path)
    buckets = {number for number in snapshot.buckets() if "B" in read_payers(snapshot, number)}
    found = read(
        snapshot, "homes", "payer", "valid_from", "valid_until", "address", "settlement", "postcode"
    )

    left = ("B", "2015-01-01", "2019-06-01", "ул. Стара 4", "София", "4000")
    here = ("B", "2020-01-01", None, "ул. Примерна 1", "София", None)
    assert sorted([left, here, here] * len(buckets), key=str) == sorted(found, key=str)


def read_payers(snapshot, number):
    return snapshot.read_bucket(number).payers.text("payer_code").to_pylist()


@pytest.mark.parametrize(
    "postal", [{"postal_address": "ул. Стара 4"}, {"valid_until": "2026-01-01"}]
)
def test_nobody_else_needs_them(tmp_path, postal):
    """Who has left nothing, or has named no address for letters."""
    extract = Extract()
    extract.rows["payers"][1] |= {k: v for k, v in postal.items() if k == "postal_address"}
    extract.rows["tenancies"][1] |= {k: v for k, v in postal.items() if k == "valid_until"}

    assert [] == read(extract.load(tmp_path), "homes", "payer")
