"""Names agree, check digits hold, and nobody real can be meant."""

from pathlib import Path

import phonenumbers
import pytest
from stdnum.bg import egn, vat

from tests.sample.reading import Row, read_rows


@pytest.fixture
def payers(folder: Path) -> list[Row]:
    return read_rows(folder, "payers")


def test_personal_numbers_are_valid_and_of_the_nineteenth_century(payers: list[Row]) -> None:
    numbers = [
        row["national_id"] for row in payers if row["kind"] == "person" and row["national_id"]
    ]
    wrong = [number for number in numbers if not egn.is_valid(number)]
    assert 0 < len(wrong) < len(numbers) * 0.01
    assert {
        egn.get_birth_date(number).year // 50 for number in numbers if egn.is_valid(number)
    } == {37}


def test_sex_of_name_and_number_agree(payers: list[Row]) -> None:
    people = [
        row
        for row in payers
        if row["kind"] == "person" and row["name"] and egn.is_valid(row["national_id"])
    ]
    for row in people:
        given, father, family = row["name"].split(" ")
        is_woman = int(row["national_id"][8]) % 2 == 1
        assert (father.endswith("а"), family.endswith("а")) == (is_woman, is_woman), given
    assert 0.4 < sum(row["name"].endswith("а") for row in people) / len(people) < 0.6


def test_company_numbers_are_valid_and_not_given_out(payers: list[Row]) -> None:
    companies = [row for row in payers if row["kind"] == "company"]
    numbers = [row["national_id"] for row in companies if row["national_id"]]
    assert len([number for number in numbers if not vat.is_valid(number)]) <= len(numbers) * 0.02
    assert {number[0] for number in numbers} == {"9"}
    assert 0.02 < len(companies) / len(payers) < 0.06
    assert all("„" in row["name"] and "“" in row["name"] for row in companies)


def test_some_identifiers_are_missing(payers: list[Row]) -> None:
    assert 0 < sum(not row["national_id"] for row in payers) < len(payers) * 0.02


def test_contacts_reach_nobody(folder: Path) -> None:
    contacts = [
        row for row in read_rows(folder, "contacts") if row["channel"] in ("sms", "email", "post")
    ]
    phones = [row["address"] for row in contacts if row["channel"] == "sms"]
    mails = [row["address"] for row in contacts if row["channel"] == "email"]
    assert all(
        phonenumbers.is_valid_number(phonenumbers.parse(phone)) and phone[7:10] == "000"
        for phone in phones
    )
    assert {mail.split("@")[1] for mail in mails} == {"example.com", "example.org"}


def test_channels_in_proportion(folder: Path, payers: list[Row]) -> None:
    contacts = [row for row in read_rows(folder, "contacts") if not row["revoked_at"]]
    share = {
        name: sum(row["channel"] == name for row in contacts) / len(payers)
        for name in ("sms", "email", "post")
    }
    assert 0.48 < share["sms"] < 0.60
    assert 0.15 < share["email"] < 0.25
    assert 0.02 < share["post"] < 0.09


def test_codes_keep_their_zeros(folder: Path, payers: list[Row]) -> None:
    premises = [
        row["premise_no"] for row in read_rows(folder, "premises") if "-" not in row["premise_no"]
    ]
    assert {len(number) for number in premises} == {6, 7, 8, 9, 10}
    assert len(set(premises)) == len(premises)
    assert any(number.startswith("0") for number in premises)
    assert {len(row["payer_code"]) for row in payers if "-" not in row["payer_code"]} == {10}
