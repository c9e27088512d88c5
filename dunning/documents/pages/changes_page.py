"""The differences between two nights as Bulgarian text: rules, stages, lists, largest moves."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from dunning.core.arrays import Ints
from dunning.core.formats import format_day
from dunning.core.money import format_minor
from dunning.decisions.compare.changes import Comparison
from dunning.documents.pages.policy_text import format_value, label_of
from dunning.documents.words import word_of
from dunning.policy.show import RuleChange

# Columns on the left (of text), and columns that may be wrapped; the others are one line of numbers.
_TEXTS = frozenset("file value from_to list premise_no payer_code stage why".split())
_WRAPPED = frozenset("why value before after".split())


def render_changes(comparison: Comparison, files: list[Path], width: int = 160) -> str:
    """Return a comparison of two nights as text.

    Args:
        files: the files with all moves; empty if they were not written.
        width: characters a line.
    """
    page = Console(
        file=io.StringIO(), width=width, no_color=True, highlight=False, emoji=False, markup=False
    )
    _head(page, comparison)
    _rules(page, comparison.rules)
    page.print(_stages(comparison.places, comparison.changes.stages))
    page.print(_lists(comparison.lists, comparison.changes.lists))
    moves = comparison.changes.moves
    if len(moves):
        page.print(_biggest(comparison.biggest.to_pylist(), len(moves)))
    page.print(_describe_files(files, len(moves)))
    assert isinstance(page.file, io.StringIO)
    # rich pads every line with spaces, and prints several empty lines between tables.
    lines = [line.rstrip() for line in page.file.getvalue().splitlines()]
    return "\n".join(line for n, line in enumerate(lines) if line or lines[n - 1]).rstrip() + "\n"


def _head(page: Console, comparison: Comparison) -> None:
    then, now = format_day(comparison.before_on), format_day(comparison.after_on)
    old, new = comparison.versions
    if comparison.before_on == comparison.after_on:
        page.print(f"Състояние към {now}: както беше (правила {old}) и с другите правила ({new})")
    else:
        page.print(f"Промените от {then} (правила {old}) до {now} (правила {new})")
    kinds = comparison.changes.moves["kind"].to_pylist()
    counts = {kind: kinds.count(kind) for kind in ("moved", "new", "gone")}
    page.print(
        f"Партиди с друг етап или списък: {counts['moved']}; нови: {counts['new']}; изчезнали: {counts['gone']}"
    )


def _rules(page: Console, rules: list[RuleChange]) -> None:
    if not rules:
        return
    table = _grid(_title("rules"), _headings("file value before after"))
    for change in rules:
        row = change.after or change.before
        assert row is not None
        sides = [format_value(side) if side else "–" for side in (change.before, change.after)]
        table.add_row(row.file, label_of("bg", row), *sides)
    page.print(table)


def _stages(places: tuple[str, ...], sums: Ints) -> Table:
    """Return the table stage × stage: number of accounts, and below it their debt.

    The debt is that of the later side; of the earlier one for accounts that are gone.
    """
    headings = (
        _headings("from_to")
        | {place: word_of("bg", place, "stage_short") for place in places}
        | _headings("all_before")
    )
    table = _grid(_title("stages"), headings)
    for name, row in zip(places, sums.tolist(), strict=True):
        cells = [
            _cell(count, before if place == "absent" else after)
            for place, (count, before, after) in zip(places, row, strict=True)
        ]
        before = _cell(sum(count for count, _, _ in row), sum(cents for _, cents, _ in row))
        table.add_row(headings[name], *cells, before)
    totals = zip(places, sums.sum(axis=0).tolist(), strict=True)
    cells = [
        _cell(count, before if place == "absent" else after)
        for place, (count, before, after) in totals
    ]
    table.add_row(*_headings("all_after").values(), *cells, "")
    return table


def _cell(count: int, cents: int) -> str:
    return f"{count}\n{_euro(cents)}" if count else "–"


def _lists(lists: tuple[str, ...], sums: Ints) -> Table:
    """Return the rows that enter, leave and stay on each list, with their sums.

    The sums are those of the later side; of the earlier one for rows that leave.
    """
    table = _grid(_title("lists"), _headings("list came left stayed all_before all_after"))
    for name, (came, left, stayed) in zip(lists, sums.tolist(), strict=True):
        # Each entry is (rows, sum before, sum after).
        then, now = (left[n] + stayed[n] for n in (0, 1)), (came[n] + stayed[n] for n in (0, 2))
        table.add_row(
            word_of("bg", name),
            _cell(came[0], came[2]),
            _cell(left[0], left[1]),
            _cell(stayed[0], stayed[2]),
            _cell(*then),
            _cell(*now),
        )
    return table


def _biggest(rows: list[dict[str, Any]], count: int) -> Table:
    is_part = len(rows) < count
    title = f"Най-големите {len(rows)} от {count} промени" if is_part else _title("moves")
    table = _grid(title, _headings("premise_no payer_code stage unpaid why"))
    for row in rows:
        stages = [_name_stage(row, side) for side in ("before", "after")]
        sums = row["open_cents_before"], row["open_cents_after"]
        owed = [_euro(cents) if cents is not None else "–" for cents in sums]
        table.add_row(
            row["premise_no"], row["payer_code"], _arrow(*stages), _arrow(*owed), row["why"]
        )
    return table


def _name_stage(row: dict[str, Any], side: str) -> str:
    """Return the stage on a side; „new“ or „gone“ if the account is not on that side."""
    stage = row[f"stage_{side}"]
    return word_of("bg", stage) if stage else word_of("bg", row["kind"], "change")


def _arrow(before: str, after: str) -> str:
    return before if before == after else f"{before}\n→ {after}"


def _describe_files(files: list[Path], count: int) -> str:
    if files:
        return "Файлове с всички промени:\n" + "\n".join(f"  {path}" for path in files)
    return "Всички промени, ред по ред: дайте --out ПАПКА." if count else "Никой не се мести."


def _title(name: str) -> str:
    return word_of("bg", name, "comparison_table")


def _headings(columns: str) -> dict[str, str]:
    """Return the headings of columns by code."""
    return {column: word_of("bg", column, "comparison_column") for column in columns.split()}


def _grid(title: str, headings: Mapping[str, str]) -> Table:
    """Return a table without rows.

    Args:
        headings: a heading by the code of its column, in column order.
    """
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, title_style=""
    )
    for column, heading in headings.items():
        table.add_column(
            heading,
            justify="left" if column in _TEXTS else "right",
            overflow="fold",
            no_wrap=column not in _WRAPPED,
        )
    return table


def _euro(cents: int) -> str:
    return f"{format_minor(cents)} €"
