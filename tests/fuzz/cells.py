"""Damaged cells: those whose reason is known by heart, and those that Hypothesis makes."""

from collections.abc import Iterator

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from dunning.core.ledger_tables import CellKind
from tests.oracle.door.cells import read_number

NBSP, NARROW, THIN = "\u00a0", "\u202f", "\u2009"

# Never readable, whatever column of the kind it stands in.
BAD: dict[CellKind, tuple[str, ...]] = {
    CellKind.AMOUNT: (
        "1e2",
        "1E2",
        "1.0e1",
        "1е2",
        "+5",
        "12.345",
        "12,345",
        "1.234,50",
        "1,234.50",
        "٣",
        "١٢.٥٠",
        "１２",
        "12..5",
        "12,5,0",
        ".50",
        ",5",
        "5.",
        "5,",
        "--5",
        "- 5",
        "5 -",
        "-5-",
        "(5",
        "5)",
        "(-5)",
        "-(5)",
        "0x10",
        "1_000",
        "inf",
        "-",
        "1234567890",
        "99999999999999999999",
        "1 23",
        "12 34",
        "1234 567",
        "1  234",
        "1\u2009234",
        "1'234",
        "5 € EUR",
        "€€5",
        "5  лв",
        "5 лева",
        "5 $",
        "½",
        "²",
        "1\u200b",
        "٫5",
        "О",
        "1O",
        "l",
        "12.5O",
        "TRUE",
        "31.02.2026",
        '"5"',
        "=1+1",
        "1/2",
        "5\ufeff",
        "5\x01",
        "9" * 400,
    ),
    CellKind.DAY: (
        "31.02.2026",
        "2026-02-29",
        "2026-02-30",
        "2026-13-01",
        "2026-00-10",
        "2026-01-00",
        "1989-12-31",
        "2100-01-02",
        "2101-01-01",
        "31.12.1989",
        "0000-00-00",
        "00.00.0000",
        "0000-01-01",
        "9998-12-31",
        "026-1-2",
        "1.2.26",
        "26-01-02",
        "2026/01/02",
        "01/02/2026",
        "2026.01.02",
        "20260102",
        "2026-01-02T00",
        "2026-01-02 00:60:00",
        "2026-01-02Z",
        "٢٠٢٦-٠١-٠٢",
        "2026-01-0２",
        "2026–01–02",
        "2026-01-02г.",
        "02.01.2026 год",
        "02.01.2026 г",
        "02.01.2026\u2009г.",
        "02-01-2026",
        "Jan 2 2026",
        "2 януари 2026",
        "46023",
        "1767312000",
        "today",
        "nul",
        "-",
        "2026-01-02-",
        "+2026-01-02",
        "12026-01-02",
        "2026 -01-02",
        "2О26-01-02",
        "2026-O1-02",
        "2026-01-02\x01",
    ),
    CellKind.INSTANT: (
        "31.02.2026",
        "2026-02-30 10:00",
        "1989-12-31 23:59",
        "2101-01-01",
        "2026-01-01 24:00",
        "2026-01-01 10:60",
        "2026-01-01 10:00:60",
        "2026-01-01 009:00",
        "2026-01-01  10:00",
        "2026-01-01t10:00",
        "2026-01-01 10",
        "2026-01-01 10.30",
        "2026-01-01T10:00+2",
        "2026-01-01T10:00+020",
        "2026-01-01T10:00z",
        "2026-01-01Z",
        "2026-01-01T10:00+99:99",
        "2026-01-01T10:00+23:00",
        "2026-01-01T10:00-02:75",
        "2026-01-01 10:00 AM",
        "2026-01-01 10:00 EET",
        "2026-01-01T10:00:00.Z",
        "٢٠٢٦-٠١-٠١ ١٠:٠٠",
        "1767312000",
        "now",
        "0000-00-00 00:00:00",
    ),
    CellKind.NUMBER: (
        "-1",
        "+1",
        "1.0",
        "1,0",
        "1e3",
        "0x1",
        "1234567890",
        "٣",
        "１",
        "one",
        "1 000",
        "-",
        "1.",
        "І",
        "½",
    ),
    CellKind.SHARE: (
        "0",
        "2",
        "0/1",
        "7/6",
        "5/0",
        "0/0",
        "-1/2",
        "1/-2",
        "1.5",
        "0.5",
        "50%",
        "1/2/3",
        "/",
        "1/",
        "/2",
        "1 / 2",
        "½",
        "1⁄2",
        "١/٢",
        "1/1234567890",
        "1:2",
        "one",
        "5/6 ид.ч.",
        "+1/2",
        "01",
        "1/2e1",
    ),
    CellKind.FLAG: (
        "2",
        "-1",
        "01",
        "y",
        "n",
        "t",
        "f",
        "on",
        "off",
        "д",
        "н",
        "ok",
        "nil",
        "1.0",
        "true!",
        "dа",
        "дa",
        "ye s",
        "х",
        "✓",
        "TRUЕ",
        "１",
    ),
    CellKind.WORD: (
        "x",
        "0",
        "1",
        "nil",
        "Non",
        "*",
        "?",
        "EUR ЕUR",
        "лв",
        "USD",
        "EURO",
        "eur",
        "Bgn",
        "ВGN",
        "EUR\u200b",
        "ЕUR",
        "BILL",
        "Bill",
        "Person",
        "bіll",
        "heаt",
        "e-mail",
        "dispute;",
        "closed.",
        "post\u200b",
        "граница",
    ),
}

# Still a value, however it looks: the text and the value as the oracle gives it.
GOOD: dict[CellKind, tuple[tuple[str, object], ...]] = {
    CellKind.AMOUNT: (
        ("1 234,50", 123450),
        (f"1{NBSP}234,50", 123450),
        (f"1{NARROW}234.5", 123450),
        ("0", 0),
        ("0,00", 0),
        ("007", 700),
        ("999999999.99", 99999999999),
        ("123 456 789,01", 12345678901),
        ("12,5", 1250),
        ("5.05", 505),
        (f"{NBSP} 5 {NBSP}", 500),
        (f"{THIN}5", 500),
        ("\u30005", 500),
        ("5-", -500),
        ("(1 234,50)", -123450),
        ("−5", -500),
        ("5 €", 500),
        (f"EUR{NARROW}5", 500),
        ("5 лв.", 500),
        ("5лв", 500),
        ("(5 BGN)", -500),
        ("€-5", -500),
        ("NULL", None),
        ("nan", None),
    ),
    CellKind.DAY: (
        ("9999-12-31", None),
        ("31.12.2999 г.", None),
        ("1.2.2026", "2026-02-01"),
        ("2026-1-2", "2026-01-02"),
        (f"1.2.2026{NARROW}г.", "2026-02-01"),
        ("2026-01-02 00:00:00", "2026-01-02"),
        ("null", None),
        ("#N/A", None),
        ("2026-01-02T23:30:00.000Z", "2026-01-03"),
        ("2026-01-02 23:30:00.0000000 +01:00", "2026-01-03"),
    ),
    CellKind.INSTANT: (
        ("2026-01-01 9:00", "9:00"),
        ("2026-01-01T10:00+0200", "10:00"),
        ("2026-01-01 10:00:00+02", "10:00"),
    ),
    CellKind.WORD: (("null", None), ("None", None), ("(NULL)", None), ("\\N", None)),
    CellKind.NUMBER: (),
    CellKind.SHARE: (
        ("1", "1"),
        ("1/1", "1/1"),
        ("5/6", "5/6"),
        ("999999999/999999999", "999999999/999999999"),
    ),
    CellKind.FLAG: (
        ("n/a", None),
        ("1", True),
        ("0", False),
        ("TRUE", True),
        ("Да", True),
        ("НЕ", False),
        ("yEs", True),
        ("no", False),
    ),
}


def make_cells(kind: CellKind, count: int, seed_no: int) -> list[str]:
    """Return texts, distinct when trimmed, that are nearly, or not at all, what the kind wants; the
    same by seed.
    """
    made: dict[str, str] = {}

    @seed(seed_no)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(_STRATEGIES[kind])
    def collect(text: str) -> None:
        text = text.replace("\r", " ").replace("\n", " ").replace("\0", "\x01")
        if (
            kind is not CellKind.NUMBER or read_number(text.strip()) is None
        ):  # a number that reads may be another row's
            made.setdefault(text.strip(), text)

    collect()
    return list(made.values())


_NASTY = st.sampled_from(
    list("0123456789.,-+eE'/: ;\"\t|_%")
    + list("ОоЕеІі٣７½²€−–")
    + [NBSP, NARROW, THIN, "\u200b", "\ufeff", "\x01"]
)
_ANY = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)


def _digits(low: int, high: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=low, max_size=high)


def _joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


@st.composite
def _mutated(draw: st.DrawFn, good: st.SearchStrategy[str]) -> str:
    """Return a good text with one to three letters put in, left out, changed or doubled."""
    text = draw(good)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        what = draw(st.integers(0, 3))
        letter = draw(_NASTY)
        text = (
            text[:at] + letter + text[at:]
            if what == 0
            else text[:at] + text[at + 1 :]
            if what == 1
            else text[:at] + letter + text[at + 1 :]
            if what == 2
            else text[:at] + text[max(at - 2, 0) :]
        )
    return text


_SIGN = st.sampled_from(["", "", "-", "+", "−", "--"])
_POINT = st.sampled_from([".", ",", "", "..", "٫"])
_GAP = st.sampled_from([" ", NBSP, NARROW, THIN, "'", ".", ",", "  "])
_TWO, _YEAR = _digits(1, 3), _digits(3, 5)
_DAYS = st.one_of(
    st.dates().map(str),
    st.dates().map(lambda day: f"{day:%d.%m.}{day.year:04} г."),
    st.builds("{}-{}-{}".format, _YEAR, _TWO, _TWO),
    st.builds("{}.{}.{}{}".format, _TWO, _TWO, _YEAR, _GAP),
)
_CLOCKS = _joined(
    st.sampled_from(["T", " ", "t", "  "]),
    _TWO,
    st.sampled_from([":", ".", ""]),
    _TWO,
    st.sampled_from(
        [
            "",
            ":00",
            ":60",
            ":59.123",
            "Z",
            "+02:00",
            "-14:00",
            "+15:00",
            "+2:00",
            "+03:60",
            ":00Z",
            ":00.5+03:00",
            " AM",
        ]
    ),
)
_SHARES = st.builds("{}/{}".format, _digits(0, 10), _digits(0, 10))
_GOOD_DAYS = st.sampled_from(["2026-05-17", "17.05.2026", "17.05.2026 г."])

_STRATEGIES: dict[CellKind, st.SearchStrategy[str]] = {
    CellKind.AMOUNT: st.one_of(
        _joined(_SIGN, _digits(0, 11), _POINT, _digits(0, 4)),
        _joined(
            _SIGN, _digits(1, 4), _GAP, _digits(2, 4), _GAP, _digits(2, 4), _POINT, _digits(0, 3)
        ),
        _joined(
            _digits(1, 3), _POINT, _digits(0, 2), st.sampled_from("eEеЕ"), _SIGN, _digits(0, 3)
        ),
        _joined(
            _SIGN, st.text(st.characters(categories=("Nd", "No", "Nl")), min_size=1, max_size=5)
        ),
        _mutated(st.sampled_from(["12.50", "-3,20", "1 234,5", "7"])),
        _ANY,
    ),
    CellKind.DAY: st.one_of(_DAYS, _mutated(_GOOD_DAYS), _ANY),
    CellKind.INSTANT: st.one_of(
        _joined(_DAYS, _CLOCKS),
        _joined(_GOOD_DAYS, _CLOCKS),
        _mutated(_joined(_GOOD_DAYS, st.sampled_from([" 10:30", "T10:30:59+03:00"]))),
        _ANY,
    ),
    CellKind.NUMBER: st.one_of(_joined(_SIGN, _digits(0, 12)), _mutated(_digits(1, 5)), _ANY),
    CellKind.SHARE: st.one_of(_SHARES, _mutated(st.sampled_from(["1/2", "5/6", "1"])), _ANY),
    CellKind.FLAG: st.one_of(
        _mutated(st.sampled_from(["1", "0", "true", "false", "yes", "no", "да", "не"])), _ANY
    ),
    CellKind.WORD: st.one_of(
        _mutated(
            st.sampled_from(
                [
                    "EUR",
                    "BGN",
                    "bill",
                    "credit_note",
                    "forecast",
                    "person",
                    "heat",
                    "sms",
                    "overdue",
                    "filed",
                    "paid",
                    "dispute",
                ]
            )
        ),
        _ANY,
    ),
}


def kinds() -> Iterator[CellKind]:
    """Yield the kinds of cells that can be bad at all."""
    return iter(_STRATEGIES)
