"""Rows damaged in one place, each with what must come of it: the reasons of the quarantine, or the
values taken in.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dunning.core.ledger_tables import TABLES, CellKind, LedgerColumn
from tests.fuzz.cells import BAD, GOOD, NBSP, kinds, make_cells
from tests.fuzz.good_rows import VARIETIES, good_row

DATES = (CellKind.DAY, CellKind.INSTANT)


@dataclass(frozen=True)
class DamagedRow:
    """One row: a good one of table and variety with one cell changed.

    Attributes:
        n: its number, which is in its key.
        reasons: what the contract says by heart; None leaves it to the oracle.
        extra_cells: how many cells too many (or, below 0, too few) the row has.
    """

    table: str
    variety: str
    n: int
    column: str
    text: str
    reasons: frozenset[str] | None = None
    extra_cells: int = 0

    @property
    def cells(self) -> dict[str, str]:
        """The cells as written."""
        return good_row(self.table, self.variety, self.n) | (
            {self.column: self.text} if self.column else {}
        )


def known_rows() -> list[DamagedRow]:
    """Return every damage whose reason the contract names, in every column that it can happen
    to.
    """
    return [
        DamagedRow(table, variety, n, column, text, reasons and frozenset(reasons.split()), extra)
        for n, (table, variety, column, text, reasons, extra) in enumerate(_known(), 1)
    ]


def made_rows(texts_a_kind: int, seed_no: int, first: int) -> list[DamagedRow]:
    """Return every column of every variety with each text that Hypothesis makes for its kind."""
    texts = {kind: make_cells(kind, texts_a_kind, seed_no) for kind in kinds()}
    damages = [
        (table, variety, column.name, text)
        for table, variety in _varieties()
        for column in TABLES[table].columns
        if column.kind in texts
        for text in texts[column.kind]
    ]
    return [DamagedRow(*of[:2], n, *of[2:]) for n, of in enumerate(damages, first)]


Known = tuple[str, str, str, str, str | None, int]


def _known() -> Iterator[Known]:
    for table, variety in _varieties():
        for column in TABLES[table].columns:
            damages = list(_damages(column))
            if _is_lost_without(table, variety, column.name):
                damages = list({text.strip(): (text, reason) for text, reason in damages}.values())
            yield from ((table, variety, column.name, text, reason, 0) for text, reason in damages)
        extras = (-2, -1, 1, 2, 3, 900) if len(TABLES[table].columns) > 2 else (-1, 1, 2, 3, 900)
        yield from ((table, variety, "", "", "ragged_row", extra) for extra in extras)
    for table, variety, column, text, reasons in _BY_HEART:
        yield table, variety, column, text, reasons, 0


def _varieties() -> Iterator[tuple[str, str]]:
    return ((table, variety) for table in VARIETIES for variety in VARIETIES[table])


def _is_lost_without(table: str, variety: str, column: str) -> bool:
    """Say whether the row's number stands in this column alone, so that rows without it would be
    the same row.
    """
    numbered = [name for name, cell in VARIETIES[table][variety].items() if "{n}" in cell]
    return numbered == [column]


def _damages(column: LedgerColumn) -> Iterator[tuple[str, str | None]]:
    """Yield (text, reason) for one column; a period's reasons depend on the kind of the bill."""
    bad = "bad_date" if column.kind in DATES else "bad_value"
    yield from ((text, bad) for text in BAD.get(column.kind, ()))
    yield from ((text, None) for text, _ in GOOD.get(column.kind, ()))
    if column.is_required:
        yield from ((text, _missing(column)) for text in ("", " ", NBSP, "\t\u3000"))
    else:
        yield "", None


def _missing(column: LedgerColumn) -> str | None:
    """A missing premise is also a tenancy's or payment's lack of an owner: that is the oracle's to
    say.
    """
    return (
        "missing_value" if column.kind is not CellKind.TEXT or column.name.endswith("_no") else None
    )


# Damages that only make sense in one column: (table, variety, column, text, reasons).
_BY_HEART: tuple[tuple[str, str, str, str, str], ...] = (
    *(
        (table, variety, column, f"nobody{i}", "missing_reference")
        for table, variety, columns in (
            ("tenancies", "", "premise_no payer_code"),
            ("invoices", "bill", "premise_no payer_code"),
            ("invoices", "nobody's bill", "premise_no"),
            ("payments", "euro", "premise_no payer_code"),
            ("payments", "premise alone", "premise_no"),
            ("payments", "payer alone", "payer_code"),
            ("payments", "reversal", "premise_no payer_code"),
            ("invoice_lines", "", "invoice_no"),
            ("contacts", "", "payer_code"),
            ("agreements", "", "premise_no payer_code"),
            ("agreement_items", "", "agreement_no invoice_no"),
            ("instalments", "", "agreement_no"),
            ("holds", "", "premise_no payer_code invoice_no"),
            ("holds", "lone", "invoice_no"),
            ("notices", "", "premise_no payer_code"),
            ("court_cases", "", "premise_no payer_code"),
            ("court_case_items", "", "case_no invoice_no"),
        )
        for column in columns.split()
        for i in range(4)
    ),
    *(
        (table, variety, column, text, "missing_reference")
        for table, variety, column, texts in (
            ("invoices", "bill", "payer_code", "В|Β|b|B\u200b|B.0|0B|ꓐ"),  # look-alikes of B
            ("payments", "euro", "payer_code", "А|Α|a|A\u200b|A\u00ad|0A"),  # and of A
            ("payments", "euro", "premise_no", "01|1.0|１|l|I|1 1|001|+1|1e0"),
            ("holds", "lone", "invoice_no", "І1|l1|i1|I1.|I01|IL1"),
            ("agreement_items", "", "invoice_no", "I2"),  # of another account
            ("court_case_items", "", "invoice_no", "I2"),
            *(
                (table, "", column, text)
                for table in ("holds", "agreements", "court_cases")
                for column, text in (("premise_no", "2"), ("payer_code", "B|W"))
            ),  # both there, but no account
        )
        for text in texts.split("|")
    ),
    ("invoices", "bill", "amount", "-0.01", "wrong_sign"),
    ("invoices", "forecast", "amount", "-12.50", "wrong_sign"),
    ("invoices", "credit note", "amount", "0.01", "wrong_sign"),
    ("payments", "euro", "amount", "-3.20", "wrong_sign"),
    ("payments", "lev", "amount", "-1", "wrong_sign"),
    ("payments", "premise alone", "amount", "-0,01", "wrong_sign"),
    ("invoices", "bill", "kind", "payout", "bad_value"),
    ("invoices", "payout", "amount", "-0.01", "wrong_sign"),
    ("invoices", "payout", "due_on", "2026-04-06", "bad_value"),
    ("invoices", "bill", "kind", "credit_note", "wrong_sign"),
    ("invoices", "credit note", "kind", "fee", "wrong_sign"),
    ("invoices", "bill", "currency", "BGN", "bgn_after_changeover"),
    ("payments", "euro", "currency", "BGN", "bgn_after_changeover"),
    ("invoices", "lev bill", "currency", "EUR", "eur_before_changeover"),
    ("payments", "lev", "currency", "EUR", "eur_before_changeover"),
    ("invoices", "bill", "issued_on", "2025-12-31", "eur_before_changeover"),
    ("payments", "euro", "paid_on", "31.12.2025 г.", "eur_before_changeover"),
    ("payments", "lev", "paid_on", "2026-02-01", "bgn_after_changeover"),
    ("invoices", "bill", "due_on", "2026-04-04", "due_before_issued"),
    ("invoices", "lev bill", "due_on", "04.04.2025", "due_before_issued"),
    ("invoices", "bill", "issued_on", "2026-05-16", "due_before_issued"),
    ("invoices", "forecast", "period_to", "2026-05-01", "bad_value"),
    ("invoices", "forecast", "period_to", "2026-02-28", "bad_value"),
    ("invoices", "forecast", "period_from", "2025-04-30", "bad_value"),
    ("invoices", "forecast", "period_from", "", "bad_value"),
    ("invoices", "forecast", "period_to", "", "bad_value"),
    ("invoices", "nobody's bill", "period_from", "1999-12-31", "no_single_payer"),
    ("payments", "premise alone", "premise_no", "", "unmatched_payment"),
    ("payments", "payer alone", "payer_code", "", "unmatched_payment"),
    ("payments", "payer alone", "payer_code", "W", "unmatched_payment"),  # a payer of many accounts
    ("payments", "invoice alone", "invoice_no", "", "unmatched_payment"),
    ("payments", "invoice alone", "invoice_no", "nothing", "unmatched_payment"),
    ("payments", "bare reversal", "amount", "3.20", "bad_reversal"),
    ("payments", "reversal", "amount", "-3.21", "bad_reversal"),
    ("payments", "reversal", "amount", "0", "bad_reversal"),
    ("payments", "bare reversal", "amount", "-6,40", "bad_reversal"),
    ("payments", "reversal", "reverses", "nothing", "bad_reversal"),
    ("payments", "bare reversal", "reverses", "P", "bad_reversal"),
    ("payments", "reversal", "reverses", "PL", "bad_reversal"),  # a lev payment of the same sum
    ("payments", "euro", "reverses", "PL", "bad_reversal"),
    ("payments", "reversal", "reverses", "", "wrong_sign"),
    ("payments", "reversal", "currency", "BGN", "bad_reversal bgn_after_changeover"),
    ("holds", "lone", "invoice_no", "", "missing_value"),
    ("holds", "lone", "invoice_no", "(null)", "missing_value"),
    ("holds", "", "valid_until", "1999-12-31", "bad_value"),
    ("tenancies", "", "valid_until", "1.1.1990", "bad_value"),
)
