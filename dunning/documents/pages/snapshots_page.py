"""The stored snapshots as a table of Bulgarian text."""

import io
from dataclasses import dataclass
from datetime import date

from rich import box
from rich.console import Console
from rich.table import Table

from dunning.documents.words import word_of, words_of


@dataclass(frozen=True)
class KeptSnapshot:
    """A stored snapshot: its dates (ascending), its size in bytes, and why it is kept.

    kept_for: codes of the table `kept_for`; empty: it has aged out.
    """

    name: str
    dates: tuple[date, ...]
    size: int
    kept_for: tuple[str, ...]


def render_snapshots(
    stay: list[KeptSnapshot], go: list[KeptSnapshot], is_removed: bool, width: int = 160
) -> str:
    """Return kept and expired snapshots as text.

    Args:
        is_removed: whether those that have aged out are gone now.
    """
    page = Console(
        file=io.StringIO(), width=width, no_color=True, highlight=False, emoji=False, markup=False
    )
    page.print(f"Запазени извлечения: {len(stay)}, {_size(sum(kept.size for kept in stay))}")
    if stay:
        page.print(_table([(kept, _describe_reason(kept)) for kept in stay]))
    if go:
        state = _word("removed" if is_removed else "expired", "snapshot_state")
        page.print(f"{state}: {len(go)}, {_size(sum(gone.size for gone in go))}")
        page.print(_table([(gone, _word("aged_out", "snapshot_state")) for gone in go]))
    assert isinstance(page.file, io.StringIO)
    return "\n".join(line.rstrip() for line in page.file.getvalue().splitlines()).rstrip() + "\n"


def _word(code: str, table: str) -> str:
    return word_of("bg", code, table)


def _describe_reason(kept: KeptSnapshot) -> str:
    return words_of("bg", " ".join(kept.kept_for), "kept_for")


def _table(rows: list[tuple[KeptSnapshot, str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in ("snapshot", "dates", "first", "last", "size", "why"):
        table.add_column(
            _word(column, "snapshot_column"),
            justify="right" if column in ("dates", "size") else "left",
            no_wrap=column != "why",
        )
    for snapshot, why in rows:
        dates = snapshot.dates
        first, last = (_day(dates[0]), _day(dates[-1])) if dates else ("–", "–")
        table.add_row(snapshot.name[:16], str(len(dates)), first, last, _size(snapshot.size), why)
    return table


def _day(day: date) -> str:
    return f"{day:%d.%m.%Y}"


def _size(size: int) -> str:
    """Return a size in bytes as readable text.

    >>> _size(999), _size(1_500_000_000)
    ('1 kB', '1500,0 MB')
    """
    return f"{size / 1e6:.1f} MB".replace(".", ",") if size >= 1e6 else f"{max(size // 1000, 1)} kB"
