"""Plainly written mobile numbers and e-mail addresses are told by their form; that must be what the
slow way says.
"""

from random import Random

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dunning.decisions.lists import contact_points
from dunning.decisions.lists.contact_points import normalise_emails, normalise_mobiles


def plain_numbers() -> list[str]:
    """Every beginning of four digits behind each prefix, with any tail."""
    dice = Random(1)
    heads = [f"{n:04d}" for n in range(10_000) if f"{n:04d}"[:2] in ("87", "88", "89", "98")]
    return [
        f"{dice.choice(('+359', '00359', '0'))}{head}{dice.randrange(10**5):05d}" for head in heads
    ]


def test_what_looks_like_a_plain_mobile_number_is_one_to_libphonenumber() -> None:
    numbers = plain_numbers()
    looks_plain = pc.match_substring_regex(pa.array(numbers), contact_points._PLAIN_MOBILE)

    assert pc.all(looks_plain).as_py()
    assert normalise_mobiles(pa.array(numbers)).to_pylist() == [
        contact_points._as_mobile(number) for number in numbers
    ]


@pytest.mark.parametrize(
    "number",
    [
        "0877123456",
        "+359 877 123 456",
        "0887 12345",
        "08871234567",
        "+35987712345",
        "0997123456",
        "099612345",
        "0700",
        "+40721234567",
        "٠٨٨٧١٢٣٤٥٦",
        "0887123456\n",
        "",
        "00359887123456",
        "+3590887123456",
    ],
)
def test_any_other_number_is_what_libphonenumber_says(number: str) -> None:
    assert normalise_mobiles(pa.array([number])).to_pylist() == [contact_points._as_mobile(number)]


@pytest.mark.parametrize(
    ("address", "is_one"),
    [
        ("a.b@example.bg", True),
        ("ime_familia@mail.example.bg", True),
        ("a@ex-ample.bg", True),
        ("1@2.bg", True),
        ("a@b-.bg", False),
        ("a..b@example.bg", False),
        ("a@example.b", False),
        ("a@example.b1", False),
        ("Иван@пример.бг", True),
        ("a" * 65 + "@example.bg", False),
        ("a b@example.bg", False),
    ],
)
def test_a_plain_address_is_judged_as_it_would_be_beside_an_odd_one(
    address: str, is_one: bool
) -> None:
    """An odd one in the column sends all of it the long way."""
    alone, beside = (
        normalise_emails(pa.array([address])),
        normalise_emails(pa.array([address, "?"])),
    )

    assert alone.to_pylist() == [address if is_one else None]
    assert beside.to_pylist() == [address if is_one else None, None]
