"""Tables and reasons of the contract as data: the columns of an extract, in this one place.

Source: contract, section 2.
"""

from dataclasses import dataclass
from enum import Enum

from dunning.core import words

INVOICE_KINDS = (*words.ITEM_KINDS, words.CREDIT_NOTE)


class CellKind(Enum):
    """Kind of the cells of a column, and the type of the column once read."""

    TEXT = "text"  # pa.StringArray, null where empty; codes keep their leading zeros
    WORD = "word"  # int8 place in `LedgerColumn.words`, -1 where empty or bad
    FLAG = "flag"  # bool, the default where empty or bad
    DAY = "day"  # int32 days since 1970-01-01, days.NEVER where empty or bad
    INSTANT = "instant"  # int64 seconds since 1970-01-01 by Sofia's wall clock, NO_INSTANT where empty or bad
    AMOUNT = "amount"  # int64 minor units of the row's currency, 0 where empty or bad
    NUMBER = "number"  # int32, -1 where empty or bad
    SHARE = "share"  # pa.StringArray `5/6`, as read, `1` where empty, null where bad


@dataclass(frozen=True)
class LedgerColumn:
    """One column of a table.

    Attributes:
        words: the closed list of a WORD column.
        default: of a FLAG where the cell is empty. None is for `disconnectable`: yes for
            electricity, no for heat.
    """

    name: str
    kind: CellKind = CellKind.TEXT
    is_required: bool = False
    words: tuple[str, ...] = ()
    default: bool | None = False


@dataclass(frozen=True)
class Table:
    """One table: its key and its columns in the contract's order.

    All columns of the key are required.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[LedgerColumn, ...]
    is_required: bool = False

    def __getitem__(self, name: str) -> LedgerColumn:
        return next(c for c in self.columns if c.name == name)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all columns."""
        return tuple(c.name for c in self.columns)

    @property
    def has_money(self) -> bool:
        """Return whether its rows have an amount with a currency, so that a manifest may sum it."""
        return {"amount", "currency"} <= set(self.names)


OPEN_ENDS = (
    "valid_until",
)  # columns of days in which the last day of the years 2999 and 9999 is an open end

# Large tables, never held whole in memory: they are read and written bucket by bucket.
LARGE_TABLES = ("invoices", "payments", "invoice_lines")


def _text(name: str) -> LedgerColumn:
    return LedgerColumn(name.rstrip("*"), is_required=name.endswith("*"))


def _day(name: str) -> LedgerColumn:
    return LedgerColumn(name.rstrip("*"), CellKind.DAY, name.endswith("*"))


def _instant(name: str) -> LedgerColumn:
    return LedgerColumn(name.rstrip("*"), CellKind.INSTANT, name.endswith("*"))


def _word(name: str, of: tuple[str, ...]) -> LedgerColumn:
    return LedgerColumn(name.rstrip("*"), CellKind.WORD, name.endswith("*"), of)


def _flag(name: str, default: bool | None = False) -> LedgerColumn:
    return LedgerColumn(name, CellKind.FLAG, default=default)


_AMOUNT = LedgerColumn("amount", CellKind.AMOUNT, True)
_CURRENCY = _word("currency*", words.CURRENCIES)
_SEQ = LedgerColumn("seq", CellKind.NUMBER, True)


def _table(
    name: str, key: str, *columns: LedgerColumn, is_required: bool = False
) -> tuple[str, Table]:
    return name, Table(name, tuple(key.split()), columns, is_required)


TABLES: dict[str, Table] = dict(
    (
        _table(
            "premises",
            "premise_no",
            _text("premise_no*"),
            _word("service*", words.SERVICES),
            _text("district*"),
            _text("route"),
            _text("address*"),
            _text("settlement*"),
            _text("postcode"),
            _text("meter_no"),
            _flag("disconnectable", None),
            _flag("vulnerable"),
            _flag("life_support"),
            is_required=True,
        ),
        _table(
            "payers",
            "payer_code",
            _text("payer_code*"),
            _word("kind*", words.PAYER_KINDS),
            _text("name*"),
            _text("national_id"),
            _text("postal_address"),
            _text("postal_settlement"),
            _text("postal_postcode"),
            _word("language", words.LANGUAGES),
            _flag("vulnerable"),
            _flag("life_support"),
            is_required=True,
        ),
        _table(
            "tenancies",
            "premise_no payer_code valid_from",
            _text("premise_no*"),
            _text("payer_code*"),
            _day("valid_from*"),
            _day("valid_until"),
            LedgerColumn("share", CellKind.SHARE),
            is_required=True,
        ),
        _table(
            "invoices",
            "invoice_no",
            _text("invoice_no*"),
            _text("premise_no*"),
            _text("payer_code"),
            _word("kind*", INVOICE_KINDS),
            _day("period_from"),
            _day("period_to"),
            _day("issued_on*"),
            _day("due_on*"),
            _AMOUNT,
            _CURRENCY,
            _text("refers_to"),
            is_required=True,
        ),
        _table(
            "payments",
            "payment_no",
            _text("payment_no*"),
            _text("premise_no"),
            _text("payer_code"),
            _text("invoice_no"),
            _day("paid_on*"),
            _AMOUNT,
            _CURRENCY,
            _text("channel"),
            _text("reverses"),
            is_required=True,
        ),
        _table(
            "invoice_lines",
            "invoice_no seq",
            _text("invoice_no*"),
            _SEQ,
            _text("label*"),
            _text("unit"),
            _text("quantity"),
            _text("unit_price"),
            _AMOUNT,
        ),
        _table(
            "contacts",
            "payer_code channel address registered_at",
            _text("payer_code*"),
            _word("channel*", words.CHANNELS),
            _text("address*"),
            _instant("registered_at*"),
            _instant("revoked_at"),
            _text("source"),
        ),
        _table(
            "agreements",
            "agreement_no",
            _text("agreement_no*"),
            _text("premise_no*"),
            _text("payer_code*"),
            _day("applied_on*"),
            _day("contacted_on"),
            _day("signed_on"),
            _day("cancelled_on"),
        ),
        _table(
            "agreement_items",
            "agreement_no invoice_no",
            _text("agreement_no*"),
            _text("invoice_no*"),
        ),
        _table(
            "instalments",
            "agreement_no seq",
            _text("agreement_no*"),
            _SEQ,
            _day("due_on*"),
            _AMOUNT,
            _CURRENCY,
        ),
        _table(
            "holds",
            "hold_no",
            _text("hold_no*"),
            _text("premise_no"),
            _text("payer_code"),
            _text("invoice_no"),
            _word("reason*", words.HOLD_REASONS),
            _day("valid_from*"),
            _day("valid_until"),
            _text("author"),
            _text("note"),
        ),
        _table(
            "notices",
            "notice_no",
            _text("notice_no*"),
            _text("premise_no*"),
            _text("payer_code*"),
            _word("stage*", words.NOTICE_STAGES),
            _text("channel*"),
            _day("sent_on*"),
            _day("served_on"),
            _day("failed_on"),
        ),
        _table(
            "court_cases",
            "case_no",
            _text("case_no*"),
            _text("premise_no*"),
            _text("payer_code*"),
            _day("filed_on*"),
            _word("stage*", words.CASE_STAGES),
            _day("stage_on*"),
            _word("outcome", words.CASE_OUTCOMES),
        ),
        _table("court_case_items", "case_no invoice_no", _text("case_no*"), _text("invoice_no*")),
    )
)

# Why a row is refused; a row's reasons are one int32 with bit i for REASONS[i].
REASONS = (
    "bad_value",
    "missing_value",
    "ragged_row",
    "bad_date",
    "due_before_issued",
    "duplicate_key",
    "missing_reference",
    "wrong_sign",
    "bgn_after_changeover",
    "eur_before_changeover",
    "bad_reversal",
    "no_single_payer",
    "unmatched_payment",
)

# All reasons; other bits of the same number refuse nothing by themselves.
ANY_REASON = (1 << len(REASONS)) - 1
# Which of a row's cells could not be read, where that matters later.
UNREADABLE = {"amount": 1 << 24, "period_from": 1 << 25, "period_to": 1 << 26}
# The missing_reference is the fault of the row itself: no refused row has the key that it names.
OWN_FAULT = 1 << 27
# The column with a value that is missing, or refused, in the table that it refers to.
MISSING_IN = {
    "premise_no": 1 << 16,
    "payer_code": 1 << 17,
    "invoice_no": 1 << 18,
    "agreement_no": 1 << 19,
    "case_no": 1 << 20,
}
# An invoice or payment does not name its premise or payer; a rule attributed it.
NOT_NAMED = {"premise_no": 1 << 28, "payer_code": 1 << 29}


def bit(reason: str) -> int:
    """Return a reason's bit.

    >>> bit("missing_value")
    2
    """
    return 1 << REASONS.index(reason)


def names_of(bits: int) -> str:
    """Return the reasons of a row as one cell: their codes sorted, separated by a space.

    >>> names_of(bit("missing_value") | bit("bad_date"))
    'bad_date missing_value'
    """
    return " ".join(sorted(name for i, name in enumerate(REASONS) if bits >> i & 1))
