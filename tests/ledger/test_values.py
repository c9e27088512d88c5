"""Cells to values, against plain parsers that read one cell at a time."""

import re
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dunning.core.days import NEVER, to_day
from dunning.ledger.check.row_checks import BGN, EUR
from dunning.ledger.read.values import (
    read_amounts,
    read_carrying_amounts,
    read_days,
    read_flags,
    read_instants,
    read_numbers,
    read_shares,
    read_words,
    take_signs,
)
from dunning.ledger.typed_tables import NO_INSTANT


def plain_amount(text: str) -> int | None:
    """Return minor units, None where the text is no amount."""
    text = text.replace("\u2212", "-")
    for word in ("€", "EUR", "BGN", "лв.", "лв"):
        if word in text:
            return plain_sum(
                re.sub(
                    f"[ \u00a0\u202f]?{re.escape(word)}$|^{re.escape(word)}[ \u00a0\u202f]?",
                    "",
                    text,
                )
            )
    return plain_sum(text)


def plain_sum(text: str) -> int | None:
    """Return minor units of a sum without a currency."""
    if text[:1] == "(" and text[-1:] == ")":
        inside = (
            plain_sum(text[1:-1]) if text[1:2] not in ("-", "(") and text[-2:-1] != "-" else None
        )
        return None if inside is None else -inside
    if text[-1:] == "-" and text[:1] != "-":
        text = "-" + text[:-1]
    found = re.fullmatch(
        r"(-?)([0-9]+|[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+)(?:[.,]([0-9]{1,2}))?", text
    )
    if not found:
        return None
    whole = re.sub("[^0-9]", "", found[2])
    if len(whole) > 9:
        return None
    minor = int(Decimal(f"{whole}.{found[3] or 0}") * 100)
    return -minor if found[1] else minor


def plain_day(text: str) -> int | None:
    """Return a day number, None where the text is no date between 1990-01-01 and 2100-01-01."""
    iso = re.fullmatch(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", text)
    dotted = re.fullmatch(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})([ \u00a0\u202f]*г\.)?", text)
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
        lambda n, s: f"{n:_}".replace("_", s) + ",50",
        digits,
        st.sampled_from([" ", "\u00a0", "\u202f", ".", "'"]),
    ),
    st.text(alphabet="0123456789-+., e\u00a0\u202f", max_size=14),
    st.text(alphabet="12,-\u2212()", max_size=8),
)


@settings(max_examples=300)
@given(st.lists(st.none() | amount_texts.map(str.strip).filter(bool), max_size=30))
def test_amounts_are_those_of_the_plain_parser(texts: list[str | None]) -> None:
    values, is_bad = read_amounts(pa.array(texts, pa.string()))
    expected = [plain_amount(text) if text else None for text in texts]
    assert values.tolist() == [value or 0 for value in expected]
    assert is_bad.tolist() == [
        text is not None and value is None for text, value in zip(texts, expected, strict=True)
    ]


day_texts = st.one_of(
    st.dates(date(1985, 1, 1), date(2105, 1, 1)).map(date.isoformat),
    st.builds(
        "{:02d}.{:02d}.{}{}".format,
        st.integers(0, 32),
        st.integers(0, 13),
        st.integers(1988, 2101),
        st.sampled_from(["", " г.", "\u00a0г.", "г.", " г", " r."]),
    ),
    st.builds(
        "{}.{}.{}{}".format,
        st.integers(0, 32),
        st.integers(0, 13),
        st.integers(1988, 2101),
        st.sampled_from(["", " г.", "\u202fг."]),
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
    assert is_bad.tolist() == [
        text is not None and value is None for text, value in zip(texts, expected, strict=True)
    ]


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
        ("40,00-", -4000),
        ("1 234,50-", -123450),
        ("\u221240,00", -4000),
        ("40,00\u2212", -4000),
        ("(40,00)", -4000),
        ("(1\u00a0234.5)", -123450),
        ("40,00 €", 4000),
        ("€40.00", 4000),
        ("€ 1 234,50", 123450),
        ("EUR 40", 4000),
        ("40,00EUR", 4000),
        ("40 лв.", 4000),
        ("40,5\u00a0лв", 4050),
        ("40\u202fBGN", 4000),
        ("-40,00 €", -4000),
        ("-€40", -4000),
        ("€-40", -4000),
        ("40,00- €", -4000),
        ("40,00 €-", -4000),
        ("(40,00 €)", -4000),
        ("(40,00) лв.", -4000),
        ("€ (40)", -4000),
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
        "5 -",
        "-5-",
        "--5-",
        "-(5)",
        "(-5)",
        "(5-)",
        "(5",
        "5)",
        "((5))",
        "()",
        "\u2013" + "5",
        "5 € EUR",
        "€5€",
        "€ 5 лв",
        "5 eur",
        "5 ЛВ.",
        "5 лева",
        "5 USD",
        "$5",
        "5  €",
        "€",
        "лв.",
        "1.234 €",
        "1.234-",
        "(1,234.50)",
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
    ],
)
def test_amounts_that_are_not_read(text: str) -> None:
    values, is_bad = read_amounts(pa.array([text, "1"]))
    assert (values.tolist(), is_bad.tolist()) == ([0, 100], [True, False])
    assert take_signs(pa.array([text])).to_pylist() == [text]


def test_a_currency_in_an_amount_agrees_with_the_rows() -> None:
    texts = ["5 €", "5 €", "5 лв.", "5 лв.", "5", "€5", "x"]
    currencies = np.array([EUR, BGN, EUR, BGN, BGN, -1, EUR], np.int8)
    values, is_bad = read_amounts(pa.array(texts), currencies)
    assert values.tolist() == [500, 0, 0, 500, 500, 500, 0]
    assert is_bad.tolist() == [False, True, True, False, False, False, True]
    assert read_carrying_amounts(pa.array(["5", None, "5 лв", "EUR 5"]))[2].tolist() == [
        -1,
        -1,
        BGN,
        EUR,
    ]
    assert read_carrying_amounts(pa.array(["5", None]))[2] is None


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("-5,00", "5,00"),
        ("5,00-", "5,00"),
        ("(5)", "5"),
        ("\u22121 234,5", "1 234,5"),
        ("-5 €", "5 €"),
        ("€-5", "€5"),
        ("(5 лв.)", "5 лв."),
        ("5", "5"),
        ("5 €", "5 €"),
        ("0", "0"),
        (None, None),
    ],
)
def test_amounts_without_their_sign(text: str | None, bare: str | None) -> None:
    assert take_signs(pa.array([text], pa.string())).to_pylist() == [bare]


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
    texts = [
        "2026-04-30",
        "30.04.2026",
        "30.04.2026 г.",
        "30.04.2026\u00a0г.",
        "30.04.2026\u202fг.",
        "30.04.2026г.",
        "30.4.2026",
        "30.4.2026\u202fг.",
        "2026-4-30",
    ]
    assert read_days(pa.array(texts))[0].tolist() == [to_day(date(2026, 4, 30))] * 9


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-02 00:00:00", "2026-11-02"),
        ("2026-11-02T14:30", "2026-11-02"),
        ("2026-11-02 14:30:00.0000000", "2026-11-02"),
        ("2.11.2026 г. 9:05:00", "2026-11-02"),
        ("2.11.2026 23:59:59,999", "2026-11-02"),
        ("2026-11-02T21:59:59Z", "2026-11-02"),
        ("2026-11-02T22:00:00Z", "2026-11-03"),
        ("2026-07-02 21:00:00.0000000 +00:00", "2026-07-03"),
        ("2026-11-02 23:30:00+02", "2026-11-02"),
        ("2026-11-02 23:30:00+0100", "2026-11-03"),
        ("2026-11-02 00:30:00 +03:00", "2026-11-01"),
        ("1989-12-31T22:00Z", "1990-01-01"),
    ],
)
def test_a_time_behind_a_day_is_dropped_or_turned_to_sofias_day(text: str, day: str) -> None:
    values, is_bad = read_days(pa.array([text]))
    assert (values.tolist(), is_bad.tolist()) == ([to_day(date.fromisoformat(day))], [False])


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31",
        "31.12.9999",
        "31.12.9999 г.",
        "2999-12-31",
        "9999-12-31 23:59:59.9999999",
        "2999-12-31T00:00Z",
        "9999-12-31T23:59:59Z",
    ],
)
def test_the_end_of_time_is_an_open_end_where_there_may_be_one(text: str) -> None:
    values, is_bad = read_days(pa.array([text]), may_be_open=True)
    assert (values.tolist(), is_bad.tolist()) == ([NEVER], [False])
    assert read_days(pa.array([text]))[1].tolist() == [True]
    others = pa.array(
        ["2099-12-31", "9999-12-30", "9998-12-31", "3000-12-31", "9999-99-99", "9999-12-31x"]
    )
    assert read_days(others, may_be_open=True)[1].tolist() == [False, True, True, True, True, True]


@pytest.mark.parametrize(
    "text",
    [
        "31.02.2026",
        "2025-02-29",
        "1989-12-31",
        "2100-01-02",
        "0000-00-00",
        "1.4.26",
        "1.4.2026г",
        "1.4.2026 г. 24:00",
        "001.4.2026",
        "2026-04-30Z",
        "2026-04-30 10",
        "2026-04-30 10:60",
        "2026-04-30T10:00+2",
        "2026-04-30 10:00  +02:00",
        "2026-04-30 10:00 AM",
        "0001-01-01 00:00:00Z",
        "9999-12-31",
        "04/30/2026",
        "45000",
        "2026-04-30 г.",
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
        ("2026-01-01 10:00:00+00", "2026-01-01 12:00:00"),
        ("2026-01-01T10:00:00+0200", "2026-01-01 10:00:00"),
        ("2026-01-01 10:00:00.1234567 +02:00", "2026-01-01 10:00:00"),
        ("1.1.2026 г. 9:05", "2026-01-01 09:05:00"),
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


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-01 24:00",
        "2026-07-01 10:60",
        "2026-07-01 10",
        "2026-02-30 10:00",
        "10:00",
        "2026-07-01T10:00+14:01",
        "2026-07-01T10:00+99:99",
        "2026-07-01T10:00-02:60",
    ],
)
def test_instants_that_are_not_read(text: str) -> None:
    values, is_bad = read_instants(pa.array([text]))
    assert (values.tolist(), is_bad.tolist()) == ([NO_INSTANT], [True])


def test_flags_words_numbers_and_shares() -> None:
    flags = read_flags(
        pa.array(["1", "0", "TRUE", "false", "Yes", "no", "ДА", "не", None, "y", "2"])
    )
    assert flags[0].tolist() == [1, 0, 1, 0, 1, 0, 1, 0, -1, -1, -1]
    assert flags[1].tolist() == [False] * 9 + [True, True]
    words = read_words(pa.array(["EUR", "eur", "BGN", None]), ("EUR", "BGN"))
    assert (words[0].tolist(), words[1].tolist()) == ([0, -1, 1, -1], [False, True, False, False])
    numbers = read_numbers(pa.array(["007", "-1", "1.0", None, "9999999999"]))
    assert (numbers[0].tolist(), numbers[1].tolist()) == (
        [7, -1, -1, -1, -1],
        [False, True, True, False, True],
    )
    shares = read_shares(pa.array(["5/6", "1", None, "6/6", "7/6", "0/1", "1/0", "0.5", "1 / 2"]))
    assert shares[0].to_pylist() == ["5/6", "1", "1", "6/6", None, None, None, None, None]
    assert shares[1].tolist() == [False] * 4 + [True] * 5
