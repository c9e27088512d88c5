"""The files themselves: CSV to the byte, workbooks read back, nothing that a spreadsheet would
calculate.
"""

import csv
import io
import re
import zipfile
from datetime import date, datetime
from typing import Any

import openpyxl
import pyarrow as pa
import pytest

from dunning.core.words import LANGUAGES
from dunning.decisions.lists.proposals import SCHEMAS, merge_proposed
from dunning.documents.lists import xlsx_files
from dunning.documents.lists.changes_list import COLUMNS as MOVES
from dunning.documents.lists.columns import count, day, money, text, word
from dunning.documents.lists.csv_files import neutralise, render_csv
from dunning.documents.lists.list_columns import (
    AGEING,
    COURT,
    COURT_ITEMS,
    DISCONNECTIONS,
    QUARANTINE,
    REMINDERS,
    WITHHELD,
)
from dunning.documents.lists.list_files import give_reasons, render_lists
from dunning.documents.lists.xlsx_files import render_xlsx
from dunning.documents.messages.texts import Letterhead
from dunning.documents.words import table_of
from dunning.policy.policies import load_policy

AS_OF = date(2026, 11, 22)
_RULES = load_policy().at(AS_OF)
HEAD = Letterhead(AS_OF, _RULES.supplier, date(2026, 11, 20), _RULES.profile)
COLUMNS = (
    text("premise_no"),
    money("overdue"),
    day("due_on"),
    count("items"),
    word("stage"),
    text("note", heading="text"),
)
SCHEMA = pa.schema(
    [
        ("premise_no", pa.string()),
        ("overdue_cents", pa.int64()),
        ("due_on", pa.date32()),
        ("items", pa.int32()),
        ("stage", pa.string()),
        ("note", pa.string()),
    ]
)


def table(*rows: tuple) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA)


ROW = ("0012", 123_456_789, date(2026, 10, 15), 2, "final_warning", 'a;"b"\nc')
EMPTY = (None, None, None, None, None, None)


def test_csv_to_the_byte() -> None:
    expected = (
        "\ufeffpremise_no;overdue;due_on;items;stage;note\r\n"
        '0012;1234567,89;2026-10-15;2;final_warning;"a;""b""\nc"\r\n'
        ";;;;;\r\n"
        "13;-0,07;;0;;\r\n"
    )

    assert expected.encode() == render_csv(
        table(ROW, EMPTY, ("13", -7, None, 0, None, None)), COLUMNS
    )


def test_a_csv_without_rows_has_its_header() -> None:
    assert "\ufeffpremise_no;overdue;due_on;items;stage;note\r\n".encode() == render_csv(
        table(), COLUMNS
    )


def test_a_part_of_a_table_gives_its_own_bytes() -> None:
    rows = table(ROW, EMPTY, ROW)

    assert render_csv(table(ROW), COLUMNS) == render_csv(rows.slice(2, 1), COLUMNS)


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+1+1", "'+1+1"),
        ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("＝1+1", "'＝1+1"),
        ('=HYPERLINK("x")', '\'=HYPERLINK("x")'),
        ("-84,20", "-84,20"),
        ("-5", "-5"),
        ("+359888123456", "+359888123456"),
        ("+359888123456+1", "'+359888123456+1"),
        ("ул. Явор 3", "ул. Явор 3"),
        ("", ""),
        ("-", "'-"),
        ("+", "'+"),
    ],
)
def test_no_cell_is_a_formula(cell: str, expected: str) -> None:
    assert [expected] == neutralise(pa.array([cell])).to_pylist()


def sheets(content: bytes) -> list[Any]:
    return openpyxl.load_workbook(io.BytesIO(content)).worksheets


def test_a_workbook_keeps_zeros_sums_and_days() -> None:
    sheet = sheets(render_xlsx(table(ROW, EMPTY), COLUMNS, AS_OF, "Проба"))[0]
    cells = [cell.value for cell in sheet[2]]

    assert [
        "0012",
        1234567.89,
        datetime(2026, 10, 15),
        2,
        "последно предупреждение",
        'a;"b"\nc',
    ] == cells
    assert ["@", "#,##0.00", "dd.mm.yyyy"] == [cell.number_format for cell in sheet[2]][:3]
    assert [None] * 6 == [cell.value for cell in sheet[3]]


def test_a_workbook_has_bulgarian_titles_with_the_contracts_names_in_their_notes() -> None:
    sheet = sheets(render_xlsx(table(ROW), COLUMNS, AS_OF, "Проба"))[0]

    assert ["Абонатен №", "Сума, €", "Срок за плащане", "Фактури", "Етап", "Текст"] == [
        cell.value for cell in sheet[1]
    ]
    assert [column.name for column in COLUMNS] == [cell.comment.text for cell in sheet[1]]
    assert ("Проба", "A2", "A1:F2") == (sheet.title, sheet.freeze_panes, sheet.auto_filter.ref)


def test_nothing_in_a_workbook_is_a_formula_a_link_or_a_number_by_accident() -> None:
    notes = (
        "=1+1",
        "https://example.bg",
        "007",
        "{=1}",
        "<b>&amp;</b>",
        "+359888123456",
        " край ",
        "a\tb",
        "€ „ѝ“ 😀",
    )
    sheet = sheets(
        render_xlsx(table(*((*EMPTY[:5], note) for note in notes)), COLUMNS, AS_OF, "Проба")
    )[0]
    cells = [row[5] for row in sheet.iter_rows(min_row=2)]

    assert [(note, "s", None) for note in notes] == [
        (cell.value, cell.data_type, cell.hyperlink) for cell in cells
    ]


def test_what_a_sheet_cannot_hold_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_files, "ROWS_MAX", 2)
    rows = table(*((str(number), *EMPTY[1:]) for number in range(5)))
    found = [
        (sheet.title, [row[0].value for row in sheet.iter_rows(min_row=2)])
        for sheet in sheets(render_xlsx(rows, COLUMNS, AS_OF, "Проба"))
    ]

    assert [("Проба", ["0", "1"]), ("Проба 2", ["2", "3"]), ("Проба 3", ["4"])] == found


def test_the_same_table_gives_the_same_bytes() -> None:
    first, second = (render_xlsx(table(ROW, EMPTY), COLUMNS, AS_OF, "Проба") for _ in range(2))

    assert first == second


NOTHING = merge_proposed([])
NOTHING_REFUSED = pa.table(
    {
        "table": pa.array([], pa.string()),
        "file": pa.array([], pa.string()),
        "line": pa.array([], pa.int64()),
        "reasons": pa.array([], pa.string()),
        "row": pa.array([], pa.string()),
        "cells": pa.array([], pa.string()),
    }
)


def test_every_list_is_there_though_nothing_happened() -> None:
    files = dict(render_lists(NOTHING, NOTHING_REFUSED, HEAD))
    names = [
        "reminders/sms",
        "reminders/email",
        "reminders/post",
        "disconnections",
        "court",
        "court_items",
        "withheld",
        "quarantine",
    ]

    assert [f"{name}.{kind}" for name in names for kind in ("csv", "parquet", "xlsx")] == list(
        files
    )
    assert all(
        content.count(b"\r\n") == 1 for name, content in files.items() if name.endswith(".csv")
    )


@pytest.mark.parametrize(
    ("listed", "columns"),
    [
        (
            REMINDERS["sms"],
            "reference, premise_no, payer_code, stage, address, subject, text, overdue, segments",
        ),
        (
            DISCONNECTIONS,
            "district, route, premise_no, payer_code, meter_no, address, overdue, oldest_due_on, warned_on, "
            "not_before, not_after, reason",
        ),
        (
            COURT,
            "case_ref, part, person_reasons, premise_no, payer_code, kind, name, national_id, share, premise_address, "
            "postal_address, service, principal, interest, interest_from, interest_to, state_fee, total, items, "
            "oldest_due_on, limitation_on, warned_on, warned_by",
        ),
        (
            COURT_ITEMS,
            "case_ref, invoice_no, kind, period_from, period_to, issued_on, due_on, open, original_amount, "
            "original_currency, interest, interest_segments, equalisation_no, limitation_on",
        ),
        (WITHHELD, "list, premise_no, payer_code, stage, overdue, reason"),
        (QUARANTINE, "table, file, line, reasons, row, cells"),
    ],
)
def test_columns_of_the_contract(listed: Any, columns: str) -> None:
    assert columns.split(", ") == [column.name for column in listed.columns]


def test_a_list_has_the_columns_of_its_table_in_their_order() -> None:
    for name, listed in {"court": COURT, "court_items": COURT_ITEMS, "withheld": WITHHELD}.items():
        assert SCHEMAS[name] == listed.schema


def test_messages_go_to_the_file_of_their_channel() -> None:
    row = {
        "premise_no": "0012344217",
        "payer_code": "9",
        "stage": "overdue",
        "language": "bg",
        "service": "heat",
        "principal_cents": 8420,
        "items": 1,
        "oldest_due_on": date(2026, 10, 15),
        "expired_cents": 0,
        "name": "Проба",
    }
    channels = {"sms": "+359888123456", "email": "a@example.bg", "post": "ул. Бор 1, 1000 София"}
    rows = [
        row | {"channel": channel, "reference": channel, "address": at}
        for channel, at in channels.items()
    ]
    proposed = NOTHING | {"reminders": pa.Table.from_pylist(rows, SCHEMAS["reminders"])}
    files = dict(render_lists(proposed, NOTHING_REFUSED, HEAD))
    read = {
        channel: list(
            csv.DictReader(
                io.StringIO(files[f"reminders/{channel}.csv"].decode("utf-8-sig")), delimiter=";"
            )
        )
        for channel in channels
    }

    assert {channel: [(channel, at, "84,20")] for channel, at in channels.items()} == {
        channel: [(row["reference"], row["address"], row["overdue"]) for row in rows]
        for channel, rows in read.items()
    }
    assert [("", "2"), ("", "")] == [
        (read[name][0][column], read[name][0]["segments"])
        for name, column in (("sms", "subject"), ("post", "segments"))
    ]


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (
            1,
            "84,20 € по 1 фактура със срок 15.09.2026 г.; предупреждение, връчено на 25.10.2026 г.",
        ),
        (
            3,
            "84,20 € по 3 фактури, най-старата със срок 15.09.2026 г.; предупреждение, връчено на 25.10.2026 г.",
        ),
    ],
)
def test_the_reason_of_a_disconnection(items: int, expected: str) -> None:
    row = {
        "principal_cents": 8420,
        "items": items,
        "oldest_due_on": date(2026, 9, 15),
        "warned_on": date(2026, 10, 25),
    }
    rows = pa.Table.from_pylist([row], SCHEMAS["disconnections"])

    assert [expected] == give_reasons(rows)["reason"].to_pylist()


def test_a_word_with_two_meanings_is_told_apart() -> None:
    rows = pa.table({"stage": ["overdue"], "kind": ["person"], "part": ["person"]})
    columns = (
        word("stage", words="message"),
        word("stage"),
        word("kind", words="payer"),
        word("part"),
    )
    sheet = sheets(render_xlsx(rows, columns, AS_OF, "Проба"))[0]

    assert ["напомняне", "просрочено", "физическо лице", "за преглед"] == [
        cell.value for cell in sheet[2]
    ]


def test_every_column_and_sheet_of_a_workbook_has_a_title_in_both_languages() -> None:
    listed = (*REMINDERS.values(), DISCONNECTIONS, COURT, COURT_ITEMS, WITHHELD, QUARANTINE)
    shown = [column for each in listed for column in each.columns]

    for language in LANGUAGES:
        headings = table_of(language, "column")
        assert [] == [
            column.heading for column in (*shown, *MOVES, *AGEING) if column.heading not in headings
        ]
        assert [] == [each.path for each in listed if each.path not in table_of(language, "sheet")]


def test_control_characters_are_spelled_as_the_standard_wants() -> None:
    rows = table((*EMPTY[:5], "a\x0bb\rc"), (*EMPTY[:5], "_x0041_ \uffff"))
    content = render_xlsx(rows, COLUMNS, AS_OF, "Проба")
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml").decode()

    assert re.findall(r"preserve\">([^<]*)<", sheet)[-2:] == [
        "a_x000B_b_x000D_c",
        "_x005F_x0041_ _xFFFF_",
    ]
