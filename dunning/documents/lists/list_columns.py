"""The lists of a night, of the monthly notices and of the ageing: their columns, and their files."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from dunning.core.lists import PRINCIPAL
from dunning.core.words import CHANNELS
from dunning.documents.lists.columns import (
    ColumnFormat,
    ListColumn,
    count,
    day,
    money,
    open_word,
    reasons,
    text,
    word,
)
from dunning.documents.words import word_of

# How the tables of the lists keep each kind of column: sums in minor units. All others are text.
_TYPES = {
    ColumnFormat.MONEY: pa.int64(),
    ColumnFormat.DAY: pa.date32(),
    ColumnFormat.COUNT: pa.int32(),
}


@dataclass(frozen=True)
class ListFile:
    """A list: its file (without suffix), its columns, and the code of its sheet's name.

    The code is the file's name where it is left out.
    """

    path: str
    columns: tuple[ListColumn, ...]
    sheet: str = ""

    def __post_init__(self) -> None:
        # A copy for another file keeps the sheet's name.
        if not self.sheet:
            object.__setattr__(self, "sheet", self.path)

    @property
    def title(self) -> str:
        """Return the Bulgarian name of its sheet."""
        return word_of("bg", self.sheet, "sheet")

    @property
    def schema(self) -> pa.Schema:
        """Return the names and types that its columns have in a table."""
        return pa.schema(
            [(column.source, _TYPES.get(column.kind, pa.string())) for column in self.columns]
        )


_MESSAGE = (
    text("reference", 42),
    text("premise_no"),
    text("payer_code"),
    word("stage", 24, "message", heading="message.stage"),
    text("address", 36, heading="message.address"),
    text("subject", 40),
    text("text", 80),
    money("overdue", PRINCIPAL),
    count("segments"),
)
REMINDERS = {channel: ListFile(f"reminders/{channel}", _MESSAGE) for channel in CHANNELS}
DISCONNECTIONS = ListFile(
    "disconnections",
    (
        text("district"),
        text("route", 10),
        text("premise_no"),
        text("payer_code"),
        text("meter_no"),
        text("address", 40),
        money("overdue", PRINCIPAL, heading="disconnections.overdue"),
        day("oldest_due_on"),
        day("warned_on"),
        day("not_before"),
        day("not_after"),
        text("reason", 84, heading="disconnections.reason"),
    ),
)
COURT = ListFile(
    "court",
    (
        text("case_ref", 40),
        word("part", 12),
        reasons("person_reasons"),
        text("premise_no"),
        text("payer_code"),
        word("kind", 18, "payer", heading="court.kind"),
        text("name", 32),
        text("national_id", 14),
        text("share", 8),
        text("premise_address", 40),
        text("postal_address", 40),
        word("service"),
        money("principal", PRINCIPAL),
        money("interest"),
        day("interest_from"),
        day("interest_to"),
        money("state_fee"),
        money("total"),
        count("items"),
        day("oldest_due_on"),
        day("limitation_on"),
        day("warned_on"),
        open_word("warned_by", 14),
    ),
)
COURT_ITEMS = ListFile(
    "court_items",
    (
        text("case_ref", 40),
        text("invoice_no"),
        word("kind", 22),
        day("period_from"),
        day("period_to"),
        day("issued_on"),
        day("due_on"),
        money("open"),
        money("original_amount", "original_minor"),
        text("original_currency", 8),
        money("interest"),
        text("interest_segments", 80),
        text("equalisation_no"),
        day("limitation_on"),
    ),
)
WITHHELD = ListFile(
    "withheld",
    (
        word("list", 14),
        text("premise_no"),
        text("payer_code"),
        word("stage", 24),
        money("overdue", PRINCIPAL),
        reasons("reason", 48),
    ),
)
QUARANTINE = ListFile(
    "quarantine",
    (
        word("table", 16, "table"),
        text("file", 28),
        count("line"),
        reasons("reasons", 48),
        text("row", 100),
        text("cells", 60),
    ),
)

# The lists of the monthly notices: print index, e-mails to send, notices not sent.
PRINT_INDEX = ListFile(
    "print/index",
    (
        text("file", 28),
        count("page_from"),
        count("page_to"),
        word("kind"),
        text("reference", 42),
        text("premise_no"),
        text("payer_code"),
        text("district"),
        text("route", 10),
    ),
)
EMAIL = ListFile(
    "email",
    (
        text("reference", 42),
        text("address", 36),
        text("subject", 40),
        text("text", 80),
        text("file", 48),
        text("sha256", 64),
        day("send_until"),
    ),
)
NOT_SENT = ListFile("withheld", WITHHELD.columns)

# The ageing of the debt: the rows of the page.
AGEING = (
    word("service"),
    text("district", 24),
    word("stage", 26),
    word("band", 26),
    count("items", 12),
    money("cents", "cents", 16),
)

# The columns that decide, by list: who, where, how much, until when, why. A page shows these, the
# rest unfolds.
DECIDING: Mapping[str, tuple[str, ...]] = {
    "reminders": ("premise_no", "payer_code", "channel", "stage", "address", "overdue"),
    "disconnections": (
        "premise_no",
        "payer_code",
        "address",
        "overdue",
        "not_before",
        "not_after",
        "reason",
    ),
    "court": (
        "premise_no",
        "name",
        "premise_address",
        "total",
        "limitation_on",
        "part",
        "person_reasons",
    ),
    "court_items": ("invoice_no", "kind", "due_on", "open", "interest", "limitation_on"),
    "quarantine": ("table", "file", "line", "reasons", "cells"),
}
