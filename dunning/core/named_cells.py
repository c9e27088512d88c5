"""Cells of a row as one text, each with its column.

For example `issued_on="31.02.2026"; due_on="1.3.2026"`.
"""

import re
from collections.abc import Iterable

_CELL = re.compile(r'(\w+)="((?:[^"]|"")*)"')
_LONGEST = 80


def format_cells(cells: Iterable[tuple[str, str]]) -> str:
    """Return cells as one text; quotes in them are doubled, and long ones are cut short.

    >>> format_cells([("due_on", "31.02.2026"), ("note", "„a“")])
    'due_on="31.02.2026"; note="„a“"'
    """
    return "; ".join(
        f'{name}="{_shorten(cell).replace(chr(34), chr(34) * 2)}"' for name, cell in cells
    )


def read_cells(text: str) -> list[tuple[str, str]]:
    """Return the cells that such a text contains.

    >>> read_cells(format_cells([("due_on", "31.02.2026"), ("note", 'a; "b"'), ("amount", "")]))
    [('due_on', '31.02.2026'), ('note', 'a; "b"'), ('amount', '')]
    """
    return [(name, cell.replace('""', '"')) for name, cell in _CELL.findall(text)]


def _shorten(cell: str) -> str:
    return cell if len(cell) <= _LONGEST else f"{cell[:_LONGEST]}…"
