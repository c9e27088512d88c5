"""Check digits, held against python-stdnum."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.bg import egn, pnf, vat

from dunning.core import words
from dunning.ledger.check.identifiers import check_identifiers


def word(identifier, is_person):
    return words.IDENTIFIERS[
        check_identifiers(pa.array([identifier], pa.string()), np.array([is_person]))[0]
    ]


@pytest.mark.parametrize(
    "identifier", ["7523169263", "8032056031", "0550290476", "7111042925", " 7523169263 "]
)
def test_good_numbers_of_persons(identifier):
    assert "ok" == word(identifier, True)


@pytest.mark.parametrize(
    "identifier", ["831609046", "175133827", "8316090460016", "8316090460020", "7523169263"]
)
def test_good_numbers_of_companies(identifier):
    assert "ok" == word(identifier, False)


@pytest.mark.parametrize("identifier", [None, "", "  "])
def test_missing(identifier):
    assert "missing" == word(identifier, True)


@pytest.mark.parametrize(
    "identifier", ["1001122334", "831609046", "752316926", "75231692633", "BG7523169263", "abc"]
)
def test_wrong_numbers_of_persons(identifier):
    assert "wrong" == word(identifier, True)


@pytest.mark.parametrize(
    "identifier", ["831609047", "8316090460017", "8316090470016", "8316090460", "83160904600160"]
)
def test_wrong_numbers_of_companies(identifier):
    assert "wrong" == word(identifier, False)


@given(st.lists(st.text("0123456789", min_size=10, max_size=10), min_size=1, max_size=20))
def test_ten_digits_as_stdnum_judges_them(identifiers):
    found = check_identifiers(pa.array(identifiers), np.ones(len(identifiers), bool))
    assert [0 if egn.is_valid(i) or pnf.is_valid(i) else 2 for i in identifiers] == found.tolist()


@given(st.lists(st.text("0123456789", min_size=9, max_size=9), min_size=1, max_size=20))
def test_nine_digits_as_stdnum_judges_them(identifiers):
    found = check_identifiers(pa.array(identifiers), np.zeros(len(identifiers), bool))
    assert [0 if vat.is_valid(i) else 2 for i in identifiers] == found.tolist()


@given(st.dates(date(1800, 1, 1), date(2099, 12, 31)), st.integers(0, 999), st.integers(0, 9))
def test_numbers_with_a_day_of_birth(born_on, serial, check):
    month = born_on.month + {18: 20, 19: 0, 20: 40}[born_on.year // 100]
    start = f"{born_on.year % 100:02d}{month:02d}{born_on.day:02d}{serial:03d}"
    good, any_other = start + egn.calc_check_digit(start), start + str(check)
    assert "ok" == word(good, True)
    assert ("ok" if egn.is_valid(any_other) or pnf.is_valid(any_other) else "wrong") == word(
        any_other, True
    )
