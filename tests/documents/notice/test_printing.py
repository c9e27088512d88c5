"""Print files: as many pages as allowed, a sheet before every round, an index that is right, small,
in flat memory.
"""

import re
import subprocess
import sys
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from dunning.documents.notice.printing import (
    INDEX,
    Batch,
    estimate_pages,
    print_batches,
    print_singles,
)
from tests.documents.notice.notices import (
    PRESS,
    item,
    line,
    notice,
    overdue,
    pending,
    read_pages,
    table,
    variants,
)

BYTES_MAX = 2_500
FLAT_MIB = 20
KEPT_MIB = 4
# Prints units of a thousand, as the job does, each from a generator of chunks. Says what the
# process held after each, and at most; what faces cost at first is more than a few thousand notices
# would, and hides them there.
PRINT_UNITS = """
import resource, sys, tempfile
from pathlib import Path
from dunning.documents.notice.printing import print_batches
from tests.documents.notice.notices import PRESS
from tests.documents.notice.test_printing import ordinary, table
from tests.memory import peak_mb

for unit in range(int(sys.argv[1])):
    chunks = (table(*ordinary(250, 1000 * unit + 250 * part)) for part in range(4))
    with tempfile.TemporaryDirectory() as folder:
        (batch,) = print_batches(chunks, PRESS, 5000, f"{unit:04d}", Path(folder))
    assert batch.index["kind"].to_pylist().count("notice") == 1000
    pages = int(Path("/proc/self/statm").read_text().split()[1]) if Path("/proc/self/statm").exists() else 0
    print(round(pages * resource.getpagesize() / 2**20, 1))
print(round(peak_mb(), 1))
"""


def ordinary(count: int, first: int = 0) -> list[dict[str, Any]]:
    """Return notices as most are: a third overdue, each of its own numbers, sums and people."""
    made = []
    for number in range(first, first + count):
        cents = 1000 + number * 7919 % 90_000
        lines = [line(cents=cents - 300, bill_minor=cents), line("Мощност", 300)]
        facts = {
            "name": f"Снежана {'абвгд'[number % 5]}. Пчеларска",
            "total_cents": cents,
            "lines": lines,
        }
        made.append(
            overdue(number, 1 + number % 3, **facts) if number % 3 == 0 else notice(number, **facts)
        )
    return made


def on_rounds(*rounds: tuple[str, str | None, int]) -> list[dict[str, Any]]:
    """Return notices of (district, route, how many), numbered through."""
    names = [(district, route) for district, route, count in rounds for _ in range(count)]
    return [
        notice(number, district=name, route=route) for number, (name, route) in enumerate(names, 1)
    ]


def chunked(rows: list[dict[str, Any]], size: int) -> Iterable[pa.Table]:
    return (table(*rows[first : first + size]) for first in range(0, len(rows), size))


def shown(batches: list[Batch]) -> list[str]:
    """Return the files' sheets, as "file: kind of each sheet", S for a separator."""
    return [
        f"{batch.file}: "
        + " ".join(
            "S" if row["kind"] == "separator" else str(int(row["premise_no"]) - 12345600)
            for row in batch.index.to_pylist()
        )
        for batch in batches
    ]


def test_rounds_files_and_sheets(tmp_path: Path) -> None:
    rows = on_rounds(("А", "1", 3), ("А", "2", 2), ("Б", "2", 1), ("Б", None, 2))
    batches = print_batches(chunked(rows, 3), PRESS, 6, "0001-A", tmp_path)

    assert shown(batches) == [
        "0001-A.pdf: S 1 2 3 S 4",
        "0001-A-2.pdf: S 5 S 6 S 7",
        "0001-A-3.pdf: S 8",
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        batch.file for batch in batches
    )
    assert [batch.pages for batch in batches] == [6, 6, 2]
    for batch in batches:
        assert batch.index.schema == INDEX
        assert_index_is_right(batch, read_pages((tmp_path / batch.file).read_bytes()))


def test_a_separator_never_stands_alone_at_the_end(tmp_path: Path) -> None:
    rows = on_rounds(("А", "1", 3), ("А", "2", 1))
    batches = print_batches([table(*rows)], PRESS, 5, "x", tmp_path)

    assert shown(batches) == ["x.pdf: S 1 2 3", "x-2.pdf: S 4"]


def assert_index_is_right(batch: Batch, pages: list[str]) -> None:
    rows = batch.index.to_pylist()
    assert {row["file"] for row in rows} == {batch.file}
    assert (rows[0]["page_from"], rows[-1]["page_to"]) == (1, len(pages))
    assert all(before["page_to"] + 1 == row["page_from"] for before, row in pairwise(rows))
    assert batch.pages == len(pages)
    for number, row in enumerate(rows):
        own = pages[row["page_from"] - 1 : row["page_to"]]
        if row["kind"] == "notice":
            assert all(row["reference"] in page for page in own)
            feet = [re.findall(r"Страница (\d+) от (\d+)", page) for page in own]
            assert feet == [[(str(n), str(len(own)))] for n in range(1, len(own) + 1)]
            continue
        assert [row[name] for name in ("reference", "premise_no", "payer_code")] == [None] * 3
        end = next(
            (n for n, other in enumerate(rows[number + 1 :]) if other["kind"] == "separator"), None
        )
        following = rows[number + 1 :][:end]
        sheets = following[-1]["page_to"] - row["page_to"]
        (page,) = own
        assert "Разделителен лист" in page
        assert f"{len(following)} / {sheets}" in page
        assert row["district"] in page and (row["route"] or "—") in page
        assert batch.file in page


@pytest.mark.parametrize("pages_max", [1, 2, 3, 4, 7, 12, 50])
def test_no_file_has_more_pages_than_allowed(pages_max: int, tmp_path: Path) -> None:
    """But for a notice that no file could hold: it has one of its own."""
    rows = [*on_rounds(("А", "1", 3), ("А", "2", 5)), overdue(20, 40), *on_rounds(("Б", "1", 2))]
    rows.append(notice(31, needs_card=True))
    batches = print_batches([table(*rows)], PRESS, pages_max, "x", tmp_path)

    for batch in batches:
        notices = batch.index["kind"].to_pylist().count("notice")
        assert batch.pages <= pages_max or notices == 1
        assert_index_is_right(batch, read_pages((tmp_path / batch.file).read_bytes()))
    printed = [
        row["reference"]
        for batch in batches
        for row in batch.index.to_pylist()
        if row["kind"] == "notice"
    ]
    assert printed == [row["reference"] for row in rows]


def test_nothing_to_print_makes_no_file(tmp_path: Path) -> None:
    assert print_batches([], PRESS, 10, "x", tmp_path) == []
    assert print_batches([table()], PRESS, 10, "x", tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_four_hundred_overdue_invoices_are_all_there(tmp_path: Path) -> None:
    row = overdue(1, 400)
    (batch,) = print_batches([table(notice(2), row, notice(3))], PRESS, 5000, "x", tmp_path)
    pages = read_pages((tmp_path / batch.file).read_bytes())
    found = next(
        entry for entry in batch.index.to_pylist() if entry["reference"] == row["reference"]
    )
    own = "\n".join(pages[found["page_from"] - 1 : found["page_to"]])

    assert_index_is_right(batch, pages)
    assert re.findall(r"^3466\d{6}\b(?=.*\d\d\.\d\d\.\d{4})", own, re.MULTILINE) == [
        item["invoice_no"] for item in row["items"]
    ]
    (single,) = print_singles(table(row), PRESS)
    assert [sorted(set(re.findall(r"3466\d{6}", "\n".join(read_pages(single.content)))))] == [
        sorted({*(item["invoice_no"] for item in row["items"]), "3466053938"})
    ]
    assert (
        len(read_pages(single.content))
        == found["page_to"] - found["page_from"] + 1
        == estimate_pages(table(row))[0]
    )


def test_same_notices_same_bytes_however_they_come(tmp_path: Path) -> None:
    rows = [*variants(), *ordinary(20, 100)]
    files = []
    for name, size in (("one", 100), ("two", 7), ("again", 100)):
        (tmp_path / name).mkdir()
        batches = print_batches(chunked(rows, size), PRESS, 30, "x", tmp_path / name)
        files.append([(tmp_path / name / batch.file).read_bytes() for batch in batches])

    assert len(files[0]) > 1
    assert files[0] == files[1] == files[2]
    once, twice = (
        [single.content for single in print_singles(table(*some), PRESS)] for some in (rows, rows)
    )
    assert once == twice
    assert len(set(once)) == len(rows)


def test_other_words_other_bytes(tmp_path: Path) -> None:
    """Not even the document's mark is the same."""
    marks = set()
    for cents in (8420, 8421):
        (single,) = print_singles(table(notice(1, total_cents=cents)), PRESS)
        marks |= set(re.findall(rb"/ID\[<(\w+)>", single.content))
    assert len(marks) == 2


def real_pages(rows: list[dict[str, Any]], folder: Path) -> list[int]:
    batches = print_batches([table(*rows)], PRESS, 5000, "x", folder)
    index = [row for batch in batches for row in batch.index.to_pylist() if row["kind"] == "notice"]
    assert [row["reference"] for row in index] == [row["reference"] for row in rows]
    return [row["page_to"] - row["page_from"] + 1 for row in index]


def test_pages_are_estimated_as_they_will_be(tmp_path: Path) -> None:
    rows = [
        *ordinary(30),
        notice(300, needs_card=True),
        overdue(301, 40),
        overdue(302, 400, needs_card=True),
    ]

    assert estimate_pages(table(*rows)).tolist() == real_pages(rows, tmp_path)
    assert real_pages(rows, tmp_path)[-3:] == [2, 2, 10]


def test_pages_are_never_underestimated_but_for_a_long_text(tmp_path: Path) -> None:
    """Where a page is nearly full there may be one less: an estimate leaves room for what it cannot
    know.
    """
    others = [row for row in variants() if row["premise_no"] != "0012345616"]
    lines = ([line(f"Ред {n}", n) for n in range(count)] for count in range(1, 60, 3))
    rows = [*others, *(overdue(200 + count, count) for count in range(1, 60, 3))]
    rows += [notice(400 + number, lines=some) for number, some in enumerate(lines)]
    apart = estimate_pages(table(*rows)) - np.array(real_pages(rows, tmp_path))
    labels = ("Ред от много дълга сметка с още обяснения към нея", "Ред")
    long, short = (notice(1, lines=[line(label, n) for n in range(40)]) for label in labels)

    assert set(apart.tolist()) <= {0, 1}
    assert (apart == 0).mean() > 0.8
    assert [
        real_pages([row], tmp_path)[0] - estimate_pages(table(row))[0] for row in (long, short)
    ] == [1, 0]


def test_remarks_and_what_is_older_are_counted(tmp_path: Path) -> None:
    """So many that each of their rows decides: held documents without lines, and sums from earlier
    notices.
    """
    held = [line(None, 8420, invoice_no=f"A{n}", standing="held", pay_on=None) for n in range(40)]
    rows = [
        notice(1, lines=held, new_items=40, total_cents=0, held_cents=40 * 8420),
        notice(
            2,
            pending=[pending(n, 100, bill_cents=200) for n in range(1, 41)],
            total_cents=8420 + 4000,
        ),
    ]
    real = real_pages(rows, tmp_path)

    assert min(real) >= 3
    assert set((estimate_pages(table(*rows)) - np.array(real)).tolist()) <= {0, 1}


def test_estimates_of_no_notices() -> None:
    assert estimate_pages(table()).tolist() == []


def test_a_notice_of_a_batch_is_small(tmp_path: Path) -> None:
    (batch,) = print_batches([table(*ordinary(500))], PRESS, 5000, "x", tmp_path)

    assert batch.index["is_plain"].to_pylist().count(True) == 0
    assert (tmp_path / batch.file).stat().st_size / 500 <= BYTES_MAX


def test_memory_is_flat_in_the_number_of_notices() -> None:
    (*_, few), (*held, many) = (memory_of(units) for units in (1, 8))

    assert many - few < FLAT_MIB
    assert held[-1] - held[1] < KEPT_MIB
    assert few > 30  # or else nothing was measured


def memory_of(units: int) -> list[float]:
    """Return what a process held after each unit, and at most, in MiB."""
    command = [sys.executable, "-c", PRINT_UNITS, str(units)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    return [float(line) for line in ran.stdout.split()]


def test_ordinary_ones_are_all_different() -> None:
    """Or else what is kept of one would serve the next."""
    rows = ordinary(1000)
    assert len({row["total_cents"] for row in rows}) > 900
    assert np.mean([row["overdue_cents"] > 0 for row in rows]) > 0.3
    assert len({row["reference"] for row in rows}) == 1000
    assert len({row["name"] for row in rows}) == 5


def test_so_many_periods_that_they_would_fill_a_page_are_told_by_the_table_alone() -> None:
    owed = [item(2 * number) for number in range(100, 0, -1)]
    periods = [{"from": row["period_from"], "to": row["period_to"]} for row in owed]
    (single,) = print_singles(
        table(overdue(1, items=owed, periods=periods, overdue_items=100)), PRESS
    )
    text = "\n".join(read_pages(single.content))

    assert [row["invoice_no"] for row in owed if row["invoice_no"] not in text] == []
    assert "вижте по-долу" in text
