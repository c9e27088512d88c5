"""The lists as pages show them: the published rows, whatever is filtered or sorted, and only
trusted files.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import openpyxl
import pyarrow as pa
import pytest
from sqlalchemy import Engine, text

from dunning.documents.lists.columns import ColumnFormat, ListColumn
from dunning.documents.lists.columns import text as text_column
from dunning.documents.lists.parquet_files import render_parquet
from dunning.gateways.settings.environment import Settings
from dunning.jobs.desk.lists import list_rows
from dunning.jobs.desk.lists.list_files import DOWNLOADS, FILES, columns_of
from dunning.jobs.desk.session import DeskSession, RefusedError
from tests.jobs.conftest import MakeHome
from tests.jobs.nights import AS_OF, Night, days, dunning, nightly, say_fresh
from tests.object_stores import Store
from tests.world import World

ALL = list_rows.ListQuery({})
NAMES = tuple(FILES)
LONG = ("text", "interest_segments")


@dataclass(frozen=True)
class Desk:
    """A desk after two nights of a ledger that has something on every list."""

    session: DeskSession
    nights: list[Night]

    def published(self, name: str) -> list[dict[str, str]]:
        """Return the rows of a list of the last night as its files have them."""
        rows = []
        for listed in FILES[name]:
            own = self.nights[-1].csv(listed.path)
            rows += (
                [{"channel": listed.path.partition("/")[2]} | row for row in own]
                if len(FILES[name]) > 1
                else own
            )
        return rows

    def all(self, name: str, query: list_rows.ListQuery = ALL) -> list[dict[str, str]]:
        """Return every row that the pages of a list show, as its file would have it."""
        first = list_rows.read_page(self.session, name, None, query)
        turned = [
            list_rows.read_page(
                self.session,
                name,
                None,
                list_rows.ListQuery(query.filters, query.text, query.sort, query.is_descending, n),
            )
            for n in range(1, first.pages + 1)
        ]
        return [
            {c.name: as_text(c, row[c.source]) for c in first.columns}
            for page in turned
            for row in page.rows
        ]


@pytest.fixture(scope="module")
def desk(
    lasting_sample: Path, new_home: MakeHome, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    with new_home(folder / "home") as engine:
        nights = [nightly(lasting_sample, folder / "out", day) for day in (AS_OF, days(1))]
        assert [0, 0] == [night.code for night in nights]
        yield Desk(DeskSession(Settings.from_environment(), engine), nights)


def as_text(column: ListColumn, value: object) -> str:
    """Return a cell as a CSV has it."""
    if value is None:
        return ""
    return (
        f"{value / 100:.2f}".replace(".", ",") if column.kind is ColumnFormat.MONEY else str(value)
    )


def shown(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return published rows as pages show them: without long texts, identifiers masked."""
    return [
        {
            name: mask(value) if name == "national_id" else value
            for name, value in row.items()
            if name not in LONG
        }
        for row in rows
    ]


def mask(identifier: str) -> str:
    return "•" * (len(identifier) - 4) + identifier[-4:]


def cents(cell: str) -> int:
    return int(cell.replace(",", ""))


def refusal(reason: str) -> pytest.RaisesExc[RefusedError]:
    return pytest.RaisesExc(RefusedError, check=lambda error: error.reason == reason)


def test_before_the_first_night_there_is_nothing_to_look_over(
    settings: Settings, engine: Engine
) -> None:
    assert list_rows.read_overview(DeskSession(settings, engine), None) is None


def test_the_overview_counts_what_the_night_published(desk: Desk) -> None:
    found = list_rows.read_overview(desk.session, None)
    told = desk.nights[-1].manifest["lists"]

    assert found is not None
    assert (days(1), [days(1), AS_OF]) == (found.as_of, list(found.dates))
    assert [(name, len(desk.published(name))) for name in NAMES] == [
        (name, rows) for name, rows, *_ in found.lists
    ]
    assert [sum(told[file.path].get("cents", 0) for file in FILES[name]) for name in NAMES] == [
        sum_cents or 0 for *_, sum_cents, _ in found.lists
    ]
    assert set(DOWNLOADS) == {file for *_, files in found.lists for file in files}


@pytest.mark.parametrize("name", NAMES)
def test_the_pages_of_a_list_are_its_published_rows_in_their_order(desk: Desk, name: str) -> None:
    expected = shown(desk.published(name))

    assert expected, "the sample has such rows"
    assert expected == desk.all(name)


@pytest.mark.parametrize("name", NAMES)
def test_every_filter_shows_the_rows_that_have_its_word_and_their_sums(
    desk: Desk, name: str
) -> None:
    rows = shown(desk.published(name))
    reasons = {column.name for column in columns_of(name) if column.kind is ColumnFormat.REASONS}
    for choice in list_rows.read_page(desk.session, name, None, ALL).choices:
        names = reasons if choice.key == "reason" else {choice.key}
        for value in choice.values:
            query = list_rows.ListQuery({choice.key: value})
            expected = [
                row
                for row in rows
                if any(value in row[each].split() or value == row[each] for each in names)
            ]
            page = list_rows.read_page(desk.session, name, None, query)

            assert expected == desk.all(name, query)
            assert {
                c.source: sum(cents(row[c.name] or "0") for row in expected)
                for c in columns_of(name)
                if c.source in page.sums
            } == page.sums


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_descending", [False, True])
def test_every_column_sorts_with_empty_cells_last_and_equal_rows_as_published(
    desk: Desk, name: str, is_descending: bool
) -> None:
    rows = shown(desk.published(name))
    for column in columns_of(name):
        if column.name in (*LONG, "national_id"):
            continue
        numeric = column.kind in (ColumnFormat.MONEY, ColumnFormat.COUNT)
        key = (
            (lambda row, c=column: cents(row[c.name]))
            if numeric
            else (lambda row, c=column: row[c.name].encode())
        )
        filled = sorted((row for row in rows if row[column.name]), key=key, reverse=is_descending)
        expected = filled + [row for row in rows if not row[column.name]]

        assert expected == desk.all(name, list_rows.ListQuery({}, "", column.name, is_descending))


def test_words_are_found_in_any_text_of_a_row_but_never_in_an_identifier(desk: Desk) -> None:
    rows = shown(desk.published("court"))
    name, street = rows[0]["name"].split()[-1], rows[0]["premise_address"].split(",")[0].split()[-1]
    query = list_rows.ListQuery({}, f" {name.upper()}  {street} ")
    expected = [
        row
        for row in rows
        if all(
            word.lower() in "\n".join(v for k, v in row.items() if k != "national_id").lower()
            for word in (name, street)
        )
    ]

    assert rows[0] in expected
    assert expected == desk.all("court", query)
    whole = next(row["national_id"] for row in desk.published("court") if row["national_id"])
    assert [] == desk.all("court", list_rows.ListQuery({}, whole[:7]))


def test_what_nobody_can_want_is_an_empty_or_an_unsorted_list_and_the_last_page(desk: Desk) -> None:
    page = list_rows.read_page(
        desk.session,
        "reminders",
        None,
        list_rows.ListQuery({"channel": "pigeon"}, "", "nothing", False, 7),
    )
    last = list_rows.read_page(
        desk.session, "quarantine", None, list_rows.ListQuery({}, page=10**6)
    )

    assert (0, 1, 1, []) == (page.count, page.pages, page.query.page, page.rows)
    assert (last.pages, last.pages) == (last.query.page, -(-last.count // list_rows.PAGE_ROWS))


def test_a_row_tells_everything_with_its_message_or_the_items_of_its_case(desk: Desk) -> None:
    message = desk.published("reminders")[-1]
    case = desk.published("court")[0]
    told = list_rows.read_row_page(
        desk.session, "reminders", None, message["premise_no"], message["payer_code"]
    )
    court = list_rows.read_row_page(
        desk.session, "court", None, case["premise_no"], case["payer_code"]
    )
    items = [row for row in desk.published("court_items") if row["case_ref"] == case["case_ref"]]

    assert message in [
        {c.name: as_text(c, row[c.source]) for c in told.columns} for row in told.rows
    ]
    assert [mask(case["national_id"])] == [row["national_id"] for row in court.rows]
    assert items == [
        {c.name: as_text(c, row[c.source]) for c in court.item_columns} for row in court.items
    ]
    whole = list_rows.read_row_page(
        desk.session, "court", None, case["premise_no"], case["payer_code"], is_whole=True
    )
    assert [case["national_id"]] == [row["national_id"] for row in whole.rows]


@pytest.mark.parametrize("name", DOWNLOADS)
@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_file_is_given_as_it_was_published(desk: Desk, name: str, suffix: str) -> None:
    content, file = list_rows.download(desk.session, name, suffix, AS_OF, is_whole=True)

    assert (desk.nights[0].folder / f"{DOWNLOADS[name].path}.{suffix}").read_bytes() == content
    assert f"{name}-2026-11-22.{suffix}" == file


def test_who_may_not_see_identifiers_gets_the_court_list_with_masks_and_nothing_else_changed(
    desk: Desk,
) -> None:
    content, file = list_rows.download(desk.session, "court", "csv", None, is_whole=False)
    workbook, sheet_file = list_rows.download(desk.session, "court", "xlsx", None, is_whole=False)
    given = list(
        csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    )
    sheet = openpyxl.load_workbook(io.BytesIO(workbook)).worksheets[0]
    place = [column.name for column in columns_of("court")].index("national_id")

    assert ("court-masked-2026-11-23.csv", "court-masked-2026-11-23.xlsx") == (file, sheet_file)
    assert shown(desk.published("court")) == given
    assert [row["national_id"] for row in given] == [
        row[place].value or "" for row in sheet.iter_rows(min_row=2)
    ]
    assert list_rows.download(
        desk.session, "withheld", "csv", None, is_whole=False
    ) == list_rows.download(desk.session, "withheld", "csv", None, is_whole=True)


def test_what_is_not_there_is_refused_with_its_reason(desk: Desk) -> None:
    with refusal("no_list"):
        list_rows.read_page(desk.session, "secrets", None, ALL)
    with refusal("no_list"):
        list_rows.download(desk.session, "../court", "csv", None, is_whole=True)
    with refusal("no_night"):
        list_rows.read_page(desk.session, "court", date(2020, 1, 1), ALL)
    for name, premise_no in (("court", "nobody"), ("quarantine", "1"), ("court_items", "1")):
        with refusal("no_row"):
            list_rows.read_row_page(desk.session, name, None, premise_no, "1")


@pytest.fixture
def small(
    settings: Settings, engine: Engine, home: Path, tmp_path: Path
) -> tuple[DeskSession, Night]:
    """A desk of the test's own after a night with one message."""
    ledger = say_fresh(World().account(1, ("2026-11-01", "60.00")).write(tmp_path / "ledger"))
    return DeskSession(settings, engine), nightly(ledger, tmp_path / "out")


def test_a_file_that_was_changed_or_is_gone_is_not_shown(small: tuple[DeskSession, Night]) -> None:
    session, night = small
    for end in ("csv", "parquet"):
        path = night.folder / f"reminders/sms.{end}"
        path.write_bytes(path.read_bytes() + b"x")
    with refusal("changed"):
        list_rows.read_page(session, "reminders", None, ALL)
    with refusal("changed"):
        list_rows.download(session, "reminders-sms", "csv", None, is_whole=True)
    path.unlink()
    with refusal("gone"):
        list_rows.read_page(session, "reminders", None, ALL)


@pytest.mark.parametrize(
    "other",
    [b"older", render_parquet(pa.table({"older": ["а"]}), (text_column("older"),))],
    ids=["no Parquet", "other columns"],
)
def test_a_file_that_another_version_wrote_is_told(
    small: tuple[DeskSession, Night], engine: Engine, other: bytes
) -> None:
    session, night = small
    (night.folder / "withheld.parquet").write_bytes(other)
    manifest = night.manifest
    manifest["files"]["withheld.parquet"] = hashlib.sha256(other).hexdigest()
    with engine.begin() as connection:
        told = json.dumps({"manifest": manifest})
        connection.execute(
            text("UPDATE dunning.runs SET receipts = CAST(:told AS jsonb)"), {"told": told}
        )
    with refusal("unreadable"):
        list_rows.read_page(session, "withheld", None, ALL)
    del manifest["files"]["court.parquet"]
    with engine.begin() as connection:
        told = json.dumps({"manifest": manifest})
        connection.execute(
            text("UPDATE dunning.runs SET receipts = CAST(:told AS jsonb)"), {"told": told}
        )
    with refusal("unreadable"):
        list_rows.read_page(session, "court", None, ALL)


def test_a_night_that_did_not_record_its_manifest_is_read_by_the_one_that_lies_there(
    small: tuple[DeskSession, Night], engine: Engine
) -> None:
    session, night = small
    with engine.begin() as connection:
        connection.execute(text("UPDATE dunning.runs SET receipts = '{}'"))

    assert ["000001"] == [
        row["premise_no"] for row in list_rows.read_page(session, "reminders", None, ALL).rows
    ]
    (night.folder / "manifest.json").write_text("{}", "utf-8")
    with refusal("changed"):
        list_rows.read_overview(session, None)


def test_a_refused_row_that_is_very_long_is_cut_on_the_page_only(
    settings: Settings, engine: Engine, home: Path, tmp_path: Path
) -> None:
    ledger = World()
    for number in range(1, 400):
        ledger.account(number, ("2026-11-01", "60.00"))
    ledger.premise("000400", service="x" * 5000)
    night = nightly(say_fresh(ledger.write(tmp_path / "ledger")), tmp_path / "out")
    (whole,) = [row["row"] for row in night.csv("quarantine")]
    (shown_row,) = list_rows.read_page(DeskSession(settings, engine), "quarantine", None, ALL).rows

    assert f"{whole[:600]}…" == shown_row["row"]


def test_a_night_on_an_object_store_is_shown_from_there(
    settings: Settings, engine: Engine, home: Path, tmp_path: Path, store: Store
) -> None:
    ledger = say_fresh(World().account(1, ("2026-11-01", "60.00")).write(tmp_path / "ledger"))
    command = [
        "nightly",
        "--ledger",
        str(ledger),
        "--as-of",
        AS_OF.isoformat(),
        "--out",
        store.url("out"),
    ]
    assert dunning(*command).code == 0
    session = DeskSession(settings, engine)
    content, _ = list_rows.download(session, "reminders-sms", "csv", None, is_whole=True)

    assert ["000001"] == [
        row["premise_no"] for row in list_rows.read_page(session, "reminders", None, ALL).rows
    ]
    assert content.startswith(b"\xef\xbb\xbfreference;premise_no;")
