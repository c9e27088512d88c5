"""Cells to values, against plain parsers that read one cell at a time."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunning.core.days import NEVER, to_day
from dunning.gateways.ledger.raw import NO_INSTANT
from dunning.gateways.ledger.values import (
    read_amounts,
    read_days,
    read_flags,
    read_instants,
    read_numbers,
    read_shares,
    read_words,
)


def plain_amount(text: str) -> int | None:
    """Return minor units, None where the text is no amount."""
    found = re.fullmatch(r"(-?)([0-9]+|[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+)(?:[.,]([0-9]{1,2}))?", text)
    if not found:
        return None
    whole = re.sub("[^0-9]", "", found[2])
    if len(whole) > 9:
        return None
    minor = int(Decimal(f"{whole}.{found[3] or 0}") * 100)
    return -minor if found[1] else minor


def plain_day(text: str) -> int | None:
    """Return a day number, None where the text is no date between 1990-01-01 and 2100-01-01."""
    iso = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", text)
    dotted = re.fullmatch(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})([ \u00a0\u202f]*г\.)?", text)
    if not iso and not dotted:
        return None
    parts = iso.groups() if iso else (dotted[3], dotted[2], dotted[1])
    try:
        on = date(*map(int, parts))
    except ValueError:
        return None
    return to_day(on) if date(1990, 1, 1) <= on <= date(2100, 1, 1) else None


digits = st.integers(0, 10**10)
amount_texts = st.one_of(
    st.builds("{}{}{:02d}".format, digits, st.sampled_from(".,"), st.integers(0, 99)),
    st.builds("-{:,}{}{}".format, digits, st.sampled_from(".,"), st.integers(0, 999)).map(
        lambda t: t.replace(",", " ", 4)
    ),
    st.builds(
        lambda n, s: f"{n:_}".replace("_", s) + ",50", digits, st.sampled_from([" ", "\u00a0", "\u202f", ".", "'"])
    ),
    st.text(alphabet="0123456789-+., e\u00a0\u202f", max_size=14),
)


@settings(max_examples=300)
@given(st.lists(st.none() | amount_texts.map(str.strip).filter(bool), max_size=30))
def test_amounts_are_those_of_the_plain_parser(texts: list[str | None]) -> None:
    values, is_bad = read_amounts(pa.array(texts, pa.string()))
    expected = [plain_amount(text) if text else None for text in texts]
    assert values.tolist() == [value or 0 for value in expected]
    assert is_bad.tolist() == [text is not None and value is None for text, value in zip(texts, expected, strict=True)]


day_texts = st.one_of(
    st.dates(date(1985, 1, 1), date(2105, 1, 1)).map(date.isoformat),
    st.builds(
        "{:02d}.{:02d}.{}{}".format,
        st.integers(0, 32),
        st.integers(0, 13),
        st.integers(1988, 2101),
        st.sampled_from(["", " г.", "\u00a0г.", "г.", " г", " r."]),
    ),
    st.builds("{}-{}-{}".format, st.integers(1989, 2101), st.integers(0, 13), st.integers(0, 32)),
    st.text(alphabet="0123456789-. г", max_size=12),
)


@settings(max_examples=300)
@given(st.lists(st.none() | day_texts.map(str.strip).filter(bool), max_size=30))
def test_days_are_those_of_the_plain_parser(texts: list[str | None]) -> None:
    values, is_bad = read_days(pa.array(texts, pa.string()))
    expected = [plain_day(text) if text else None for text in texts]
    assert values.tolist() == [NEVER if value is None else value for value in expected]
    assert is_bad.tolist() == [text is not None and value is None for text, value in zip(texts, expected, strict=True)]


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("1 234,50", 123450),
        ("1\u00a0234.5", 123450),
        ("1\u202f234\u202f567", 123456700),
        ("12.5", 1250),
        ("-7", -700),
        ("-0,05", -5),
        ("0", 0),
        ("007,00", 700),
        ("999999999.99", 99_999_999_999),
    ],
)
def test_amounts_that_are_read(text: str, minor: int) -> None:
    values, is_bad = read_amounts(pa.array([text]))
    assert (values.tolist(), is_bad.tolist()) == ([minor], [False])


@pytest.mark.parametrize(
    "text",
    [
        "12.345",
        "1e9",
        "1,234.50",
        "1.234,50",
        "1.234",
        ".5",
        "5.",
        "5-",
        "+5",
        "- 5",
        "--5",
        "1 23",
        "12 3456",
        "1234 567",
        "1  234",
        "1234567890",
        "NaN",
        "inf",
        "0x10",
        "١٢",
        "5 лв.",
        "€5",
    ],
)
def test_amounts_that_are_not_read(text: str) -> None:
    values, is_bad = read_amounts(pa.array([text, "1"]))
    assert (values.tolist(), is_bad.tolist()) == ([0, 100], [True, False])


def test_slices_and_empty_columns_are_read_as_well() -> None:
    column = pa.array(["9,99", "1 000", None, "x", "2,5"])
    assert read_amounts(column[1:])[0].tolist() == [100_000, 0, 0, 250]
    nothing = pa.array([], pa.string())
    for read in (read_amounts, read_days, read_instants, read_flags, read_numbers, read_shares):
        values, is_bad = read(nothing)
        assert (len(values), len(is_bad)) == (0, 0)
    for read in (read_amounts, read_days, read_instants, read_flags, read_numbers, read_shares):
        assert read(pa.nulls(2, pa.string()))[1].tolist() == [False, False]


def test_both_ways_to_write_a_date_may_stand_in_one_column() -> None:
    texts = ["2026-04-30", "30.04.2026", "30.04.2026 г.", "30.04.2026\u00a0г.", "30.04.2026г."]
    assert read_days(pa.array(texts))[0].tolist() == [to_day(date(2026, 4, 30))] * 5


@pytest.mark.parametrize(
    "text",
    [
        "31.02.2026",
        "2025-02-29",
        "1989-12-31",
        "2100-01-02",
        "0000-00-00",
        "2026-4-3",
        "1.4.2026",
        "04/30/2026",
        "45000",
        "2026-04-30 г.",
        "2026-04-30T00:00",
        "30.04.26",
        "утре",
    ],
)
def test_dates_that_are_not_read(text: str) -> None:
    assert read_days(pa.array([text]))[1].tolist() == [True]


def seconds(text: str) -> int:
    return int((datetime.fromisoformat(text) - datetime(1970, 1, 1)).total_seconds())


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("2026-07-01", "2026-07-01 00:00:00"),
        ("01.07.2026 г.", "2026-07-01 00:00:00"),
        ("2026-07-01 10:20", "2026-07-01 10:20:00"),
        ("2026-07-01T10:20:59.999", "2026-07-01 10:20:59"),
        ("01.07.2026 г. 10:20:30", "2026-07-01 10:20:30"),
        ("2026-07-01T22:30:00Z", "2026-07-02 01:30:00"),
        ("2026-01-01T10:00:00-01:30", "2026-01-01 13:30:00"),
    ],
)
def test_instants_are_told_by_sofias_clock(text: str, clock: str) -> None:
    values, is_bad = read_instants(pa.array([text]))
    assert (values.tolist(), is_bad.tolist()) == ([seconds(clock)], [False])


@given(st.integers(-600_000_000, 3_000_000_000), st.integers(-14 * 60, 14 * 60))
def test_moved_instants_are_those_of_the_standard_library(moment: int, minutes: int) -> None:
    utc = datetime(2000, 1, 1, tzinfo=ZoneInfo("UTC")) + timedelta(seconds=moment % 2_000_000_000)
    there = (utc + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S")
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    clock = utc.astimezone(ZoneInfo("Europe/Sofia")).replace(tzinfo=None)
    assert read_instants(pa.array([there + zone]))[0].tolist() == [seconds(clock.isoformat())]


@pytest.mark.parametrize("text", ["2026-07-01 24:00", "2026-07-01 10:60", "2026-07-01 10", "2026-02-30 10:00", "10:00",
                                  "2026-07-01T10:00+14:01", "2026-07-01T10:00+99:99", "2026-07-01T10:00-02:60"])
def test_instants_that_are_not_read(text: str) -> None:
    values, is_bad = read_instants(pa.array([text]))
    assert (values.tolist(), is_bad.tolist()) == ([NO_INSTANT], [True])


def test_flags_words_numbers_and_shares() -> None:
    flags = read_flags(pa.array(["1", "0", "TRUE", "false", "Yes", "no", "ДА", "не", None, "y", "2"]))
    assert flags[0].tolist() == [1, 0, 1, 0, 1, 0, 1, 0, -1, -1, -1]
    assert flags[1].tolist() == [False] * 9 + [True, True]
    words = read_words(pa.array(["EUR", "eur", "BGN", None]), ("EUR", "BGN"))
    assert (words[0].tolist(), words[1].tolist()) == ([0, -1, 1, -1], [False, True, False, False])
    numbers = read_numbers(pa.array(["007", "-1", "1.0", None, "9999999999"]))
    assert (numbers[0].tolist(), numbers[1].tolist()) == ([7, -1, -1, -1, -1], [False, True, True, False, True])
    shares = read_shares(pa.array(["5/6", "1", None, "6/6", "7/6", "0/1", "1/0", "0.5", "1 / 2"]))
    assert shares[0].to_pylist() == ["5/6", "1", "1", "6/6", None, None, None, None, None]
    assert shares[1].tolist() == [False] * 4 + [True] * 5
