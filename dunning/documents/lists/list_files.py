"""The files of each list: its columns, and its rendering as CSV, Parquet and XLSX."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.formats import format_days, format_minor_column
from dunning.core.frames import frame_of
from dunning.core.lists import PRINCIPAL
from dunning.core.words import CHANNELS
from dunning.documents.lists.columns import (
    Column,
    count,
    day,
    money,
    open_word,
    reasons,
    text,
    word,
)
from dunning.documents.lists.csv_files import render_csv
from dunning.documents.lists.parquet_files import render_parquet
from dunning.documents.lists.xlsx_files import render_xlsx
from dunning.documents.messages.texts import Letterhead, write_messages
from dunning.documents.words import word_of


@dataclass(frozen=True)
class ListFile:
    """A list: its file (without suffix), its columns, and the code of its sheet's name.

    The code is the file's name where it is left out.
    """

    path: str
    columns: tuple[Column, ...]
    sheet: str = ""

    def __post_init__(self) -> None:
        # A copy for another file keeps the sheet's name.
        if not self.sheet:
            object.__setattr__(self, "sheet", self.path)

    @property
    def title(self) -> str:
        """Return the Bulgarian name of its sheet."""
        return word_of("bg", self.sheet, "sheet")


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


def render_lists(
    proposed: Mapping[str, pa.Table], quarantine: pa.Table, head: Letterhead
) -> Iterator[tuple[str, bytes]]:
    """Yield the files of each list of a run, as (path below the run's folder, bytes).

    See `render_list`.

    Args:
        proposed: the merged tables of the proposals, in the order of the lists.
        quarantine: table, file, line, reasons, row and the cells that the reasons are about
            (masked).
    """
    reminders = proposed["reminders"]
    for channel, listed in REMINDERS.items():  # one channel's texts at a time
        messages = write_messages(reminders.filter(pc.equal(reminders["channel"], channel)), head)
        yield from render_list(listed, messages, head.as_of)
    yield from render_list(DISCONNECTIONS, give_reasons(proposed["disconnections"]), head.as_of)
    for listed in (COURT, COURT_ITEMS, WITHHELD):
        yield from render_list(listed, proposed[listed.path], head.as_of)
    yield from render_list(QUARANTINE, quarantine, head.as_of)


def render_list(listed: ListFile, table: pa.Table, as_of: date) -> Iterator[tuple[str, bytes]]:
    """Yield one list as CSV and workbook (for people) and as Parquet (for programs)."""
    yield f"{listed.path}.csv", render_csv(table, listed.columns)
    yield f"{listed.path}.parquet", render_parquet(table, listed.columns)
    yield f"{listed.path}.xlsx", render_xlsx(table, listed.columns, as_of, listed.title)


def give_reasons(disconnections: pa.Table) -> pa.Table:
    """Return the disconnections with the column `reason`, a Bulgarian sentence.

    It has the sum owed, its due date and the day on which the warning was served.
    """
    facts = frame_of(disconnections)
    bills = pc.if_else(
        pc.equal(disconnections["items"], 1),
        " фактура със срок ",
        " фактури, най-старата със срок ",
    )
    reason = pc.binary_join_element_wise(
        format_minor_column(facts[PRINCIPAL]),
        " € по ",
        disconnections["items"].cast(pa.string()),
        bills,
        format_days(facts["oldest_due_on"], "%d.%m.%Y г."),
        "; предупреждение, връчено на ",
        format_days(facts["warned_on"], "%d.%m.%Y г."),
        "",
    )
    return disconnections.append_column("reason", reason)
