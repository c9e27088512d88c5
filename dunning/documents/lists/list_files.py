"""The files that people and programs read: which lists there are, their columns, all of them as
CSV, Parquet, XLSX.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.formats import format_days, format_minor_column
from dunning.core.frames import frame_of
from dunning.core.lists import PRINCIPAL
from dunning.core.words import CHANNELS
from dunning.documents.lists.columns import Column, count, day, money, reasons, text, word
from dunning.documents.lists.csv_files import render_csv
from dunning.documents.lists.parquet_files import render_parquet
from dunning.documents.lists.xlsx_files import render_xlsx
from dunning.documents.messages.texts import Letterhead, write_messages


@dataclass(frozen=True)
class ListFile:
    """A list: its file (without suffix), the name of its sheet, its columns."""

    path: str
    title: str
    columns: tuple[Column, ...]


_MESSAGE = (
    text("reference", "Номер на съобщението", 42),
    text("premise_no", "Абонатен №"),
    text("payer_code", "Код на платец"),
    word("stage", "Вид", 24, "message"),
    text("address", "Адресат", 36),
    text("subject", "Тема", 40),
    text("text", "Текст", 80),
    money("overdue", "Сума, €", PRINCIPAL),
    count("segments", "Части (SMS)"),
)
REMINDERS = {
    channel: ListFile(f"reminders/{channel}", title, _MESSAGE)
    for channel, title in zip(CHANNELS, ("SMS", "Имейли", "Писма"), strict=True)
}
DISCONNECTIONS = ListFile(
    "disconnections",
    "Прекъсване",
    (
        text("district", "Район"),
        text("route", "Маршрут", 10),
        text("premise_no", "Абонатен №"),
        text("payer_code", "Код на платец"),
        text("meter_no", "Електромер №"),
        text("address", "Адрес", 40),
        money("overdue", "Дължимо, €", PRINCIPAL),
        day("oldest_due_on", "Най-стар срок"),
        day("warned_on", "Предупреден на"),
        day("not_before", "Не преди"),
        day("not_after", "Не след"),
        text("reason", "Основание", 84),
    ),
)
COURT = ListFile(
    "court",
    "Съд",
    (
        text("case_ref", "Преписка", 40),
        word("part", "Част", 12),
        reasons("person_reasons", "За преглед, защото"),
        text("premise_no", "Абонатен №"),
        text("payer_code", "Код на платец"),
        word("kind", "Лице", 18, "payer"),
        text("name", "Име", 32),
        text("national_id", "ЕГН/ЛНЧ/ЕИК", 14),
        text("share", "Дял", 8),
        text("premise_address", "Адрес на имота", 40),
        text("postal_address", "Адрес за връчване", 40),
        word("service", "Услуга"),
        money("principal", "Главница, €", PRINCIPAL),
        money("interest", "Лихва, €"),
        day("interest_from", "Лихва от"),
        day("interest_to", "Лихва до"),
        money("state_fee", "Държавна такса, €"),
        money("total", "Всичко, €"),
        count("items", "Фактури"),
        day("oldest_due_on", "Най-стар срок"),
        day("limitation_on", "Давност от"),
        day("warned_on", "Предупреден на"),
        word("warned_by", "Предупреден с", 14),
    ),
)
COURT_ITEMS = ListFile(
    "court_items",
    "Съд – фактури",
    (
        text("case_ref", "Преписка", 40),
        text("invoice_no", "Фактура №"),
        word("kind", "Вид", 22),
        day("period_from", "Период от"),
        day("period_to", "Период до"),
        day("issued_on", "Издадена на"),
        day("due_on", "Срок за плащане"),
        money("open", "Остатък, €"),
        money("original_amount", "Сума по фактура", "original_minor"),
        text("original_currency", "Валута", 8),
        money("interest", "Лихва, €"),
        text("interest_segments", "Лихва по периоди", 80),
        text("equalisation_no", "Изравнителна сметка №"),
        day("limitation_on", "Давност от"),
    ),
)
WITHHELD = ListFile(
    "withheld",
    "Задържани редове",
    (
        word("list", "Списък", 14),
        text("premise_no", "Абонатен №"),
        text("payer_code", "Код на платец"),
        word("stage", "Етап", 24),
        money("overdue", "Сума, €", PRINCIPAL),
        reasons("reason", "Причина", 48),
    ),
)
QUARANTINE = ListFile(
    "quarantine",
    "Отказани редове",
    (
        word("table", "Таблица", 16, "table"),
        text("file", "Файл", 28),
        count("line", "Ред"),
        reasons("reasons", "Причини", 48),
        text("row", "Редът, както е прочетен", 100),
        text("cells", "Клетки, за които е отказан", 60),
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
    """Yield the files of every list of a run, as (path below the run's folder, bytes): see
    `render_list`.

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
    """Yield one list as CSV and as workbook, for people, and as Parquet, for programs."""
    yield f"{listed.path}.csv", render_csv(table, listed.columns)
    yield f"{listed.path}.parquet", render_parquet(table, listed.columns)
    yield f"{listed.path}.xlsx", render_xlsx(table, listed.columns, as_of, listed.title)


def give_reasons(disconnections: pa.Table) -> pa.Table:
    """Return the disconnections with `reason`: what is owed since when, and the warning that was
    served.
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
