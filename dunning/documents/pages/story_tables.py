"""The tables of an account's story as rows of text, Bulgarian or English.

Used by screen, terminal and paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dunning.core.money import format_minor
from dunning.decisions.account.story import Story
from dunning.documents.pages.html import phrase
from dunning.documents.words import word_of, word_or_text

Row = dict[str, Any]


@dataclass(frozen=True)
class StoryTable:
    """One table of a story.

    name: code of its title (`story_table` of the words). columns: codes of its headings
    (`story_column`). rows: a text per column.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def title(self, language: str) -> str:
        """Return the title of the table."""
        return word_of(language, self.name, "story_table")

    def headings(self, language: str) -> list[str]:
        """Return the column headings."""
        return [word_of(language, column, "story_column") for column in self.columns]


# name: its columns.
_COLUMNS = {
    "items": (
        "invoice kind period due_on amount open interest days shield limitation in_stage"
    ).split(),
    "segments": "invoice from to days rate principal interest".split(),
    "payments": "number on amount settles note".split(),
    "agreements": "number signed cancelled settled due_so_far state breaks_on".split(),
    "instalments": "agreement instalment due_on amount".split(),
    "agreement_items": "agreement invoice".split(),
    "holds": "number reason of from until author note".split(),
    "cases": "case filed stage from outcome".split(),
    "notices": "number kind channel sent served failed".split(),
    "tenancies": "from until share".split(),
}


def story_tables(language: str, story: Story) -> list[StoryTable]:
    """Return all tables of a story; a table may have no rows."""
    return [
        StoryTable(
            name, columns, [_cells(language, story, name, row) for row in story.tables[name]]
        )
        for name, columns in _COLUMNS.items()
    ]


def _cells(language: str, story: Story, name: str, row: Row) -> tuple[str, ...]:
    """Return a row of a table as texts, in column order."""
    if name == "items":
        return _item(language, row)
    if name == "payments":
        return _payment(language, row, story)
    if name == "agreements":
        return _agreement(language, row)
    if name in ("holds", "cases", "notices"):
        return _event(language, name, row)
    return _plain(name, row)


def _item(language: str, row: Row) -> tuple[str, ...]:
    limitation = format_date(row["limitation_on"])
    if row["is_expired"]:
        limitation = phrase(language, "story.expired", day=limitation)
    return (
        row["invoice_no"],
        word_of(language, row["kind"]),
        _period(row["period_from"], row["period_to"]),
        format_date(row["due_on"]),
        _money(row["amount_minor"], row["is_bgn"]),
        format_euro(row["open_cents"]),
        format_euro(row["interest_cents"]),
        str(row["days_overdue"]),
        word_of(language, row["shield"], "shield") if row["shield"] else "",
        limitation,
        phrase(language, "story.yes") if row["is_in_stage"] else "",
    )


def _period(first: date | None, last: date | None) -> str:
    """Return a service period: whole months as `10.2026` or `05.2025–04.2026`, else days.

    Empty if it is not known.
    """
    if first is None or last is None:
        return ""
    # Whole months: the day after the last one is the first of a month.
    if first.day == 1 and (last + timedelta(days=1)).day == 1:
        months = [f"{day:%m.%Y}" for day in (first, last)]
        return months[0] if months[0] == months[1] else "–".join(months)
    return f"{format_date(first)}–{format_date(last)}"


def _payment(language: str, row: Row, story: Story) -> tuple[str, ...]:
    pieces = [
        _piece(language, piece, row)
        for piece in story.tables["pieces"]
        if piece["payment_no"] == row["payment_no"]
    ]
    return (
        row["payment_no"],
        format_date(row["paid_on"]),
        _money(row["amount_minor"], row["is_bgn"]),
        ", ".join(pieces),
        "; ".join(_notes(language, row, story.as_of)),
    )


def _notes(language: str, row: Row, as_of: date) -> list[str]:
    """Return the remarks on a payment, apart from what it settled."""
    notes = []
    if row["is_note"]:
        notes.append(phrase(language, "story.credit_note"))
    if row["item"]:
        notes.append(phrase(language, "story.names", invoice_no=row["item"]))
    if row["named_no"]:
        notes.append(phrase(language, "story.names_other", invoice_no=row["named_no"]))
    if row["reversed_on"] and row["reversed_on"] <= as_of:
        notes.append(phrase(language, "story.reversed", day=format_date(row["reversed_on"])))
    return notes


def _piece(language: str, piece: Row, payment: Row) -> str:
    """Return the invoice and sum settled by a piece of a payment, with the day if it is later."""
    is_later = piece["settled_on"] != payment["paid_on"]
    text = phrase(
        language,
        "story.piece_later" if is_later else "story.piece",
        invoice_no=piece["invoice_no"],
        sum=_money(piece["amount_minor"], piece["is_bgn"]),
        day=format_date(piece["settled_on"]),
    )
    return phrase(language, "story.carried", piece=text) if piece["rule"] == "carried" else text


def _agreement(language: str, row: Row) -> tuple[str, ...]:
    state = "kept" if row["is_kept"] else "broken" if row["is_broken"] else "inactive"
    return (
        row["agreement_no"],
        format_date(row["signed_on"]),
        format_date(row["cancelled_on"]),
        format_euro(row["settled_cents"]),
        format_euro(row["due_cents"]),
        word_of(language, state, "agreement_state"),
        format_date(row["breaks_on"]) if row["is_kept"] else "",
    )


def _event(language: str, name: str, row: Row) -> tuple[str, ...]:
    """Return the cells of a hold, a court case or a notice."""
    if name == "holds":
        return (
            row["hold_no"],
            word_of(language, row["reason"], "hold"),
            row["item"] or phrase(language, "story.whole_account"),
            format_date(row["valid_from"]),
            format_date(row["valid_until"]),
            row["author"] or "",
            row["note"] or "",
        )
    if name == "cases":
        return (
            row["case_no"],
            format_date(row["filed_on"]),
            word_of(language, row["stage"], "case_stage"),
            format_date(row["stage_on"]),
            word_of(language, row["outcome"], "case_outcome") if row["outcome"] else "",
        )
    return (
        row["notice_no"],
        word_of(language, row["stage"], "message"),
        word_or_text(language, row["channel"]),
        format_date(row["sent_on"]),
        format_date(row["served_on"]),
        format_date(row["failed_on"]),
    )


def _plain(name: str, row: Row) -> tuple[str, ...]:
    """Return the cells of a row that is the same in each language."""
    if name == "segments":
        return (
            row["invoice_no"],
            format_date(row["from_on"]),
            format_date(row["to_on"]),
            str(row["days"]),
            f"{row['rate_percent']} %",
            _money(row["principal_minor"], row["is_bgn"]),
            format_euro(row["interest_cents"]),
        )
    if name == "instalments":
        return (
            row["agreement_no"],
            str(row["seq"]),
            format_date(row["due_on"]),
            _money(row["amount_minor"], row["is_bgn"]),
        )
    if name == "agreement_items":
        return row["agreement_no"], row["invoice_no"]
    return format_date(row["valid_from"]), format_date(row["valid_until"]), row["share"] or "1"


def format_date(day: date | None) -> str:
    """Return a day as text; empty for None."""
    return f"{day:%d.%m.%Y}" if day else ""


def format_euro(cents: int) -> str:
    """Return a sum in euro as text.

    >>> format_euro(123456)
    '1234,56 €'
    """
    return f"{format_minor(cents)} €"


def _money(minor: int, is_bgn: bool) -> str:
    if not is_bgn:
        return format_euro(minor)
    # The Bulgarian abbreviation in both languages.
    return f"{format_minor(minor)} {word_of('bg', 'BGN', 'currency')}"
