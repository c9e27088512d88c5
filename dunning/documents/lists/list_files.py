"""The files of each list: CSV and XLSX for people, Parquet for programs."""

from collections.abc import Iterator, Mapping
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.formats import format_days, format_minor_column
from dunning.core.frames import frame_of
from dunning.core.lists import PRINCIPAL
from dunning.documents.lists.csv_files import render_csv
from dunning.documents.lists.list_columns import (
    AGEING,
    COURT,
    COURT_ITEMS,
    DISCONNECTIONS,
    QUARANTINE,
    REMINDERS,
    WITHHELD,
    ListFile,
)
from dunning.documents.lists.parquet_files import render_parquet
from dunning.documents.lists.xlsx_files import render_xlsx
from dunning.documents.messages.texts import Letterhead, write_messages
from dunning.documents.words import word_of


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


def render_ageing(rows: pa.Table, as_of: date) -> bytes:
    """Return rows of `decisions.account.ageing.AGEING` as XLSX, with the same rows as the page.

    Rows of near_limitation come in addition to the age classes; they are not one of them.
    """
    return render_xlsx(rows, AGEING, as_of, word_of("bg", "ageing", "sheet"))
