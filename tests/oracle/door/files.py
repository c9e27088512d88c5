"""A CSV file read plainly, with Python's own csv module: the rows and lines that the door must have
seen.
"""

import csv
import gzip
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dunning.core.ledger_tables import TABLES
from tests.fuzz.good_rows import Row
from tests.oracle.door.cells import read_amount
from tests.oracle.door.rows import find_cell_reasons

_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_SEP = re.compile('"?sep=([;,\t|])"?[;,\t| ]*\r?\n', re.IGNORECASE)
_CELL_MAX = 1 << 30


@dataclass(frozen=True)
class PlainTable:
    """Rows of a file as (physical line, cells by column); ragged rows by their lines alone."""

    rows: list[tuple[int, Row]]
    ragged: list[int]

    @property
    def rows_read(self) -> int:
        """All rows, ragged ones too."""
        return len(self.rows) + len(self.ragged)

    def bad_rows(self, table: str) -> Iterator[tuple[int, Row]]:
        """Yield the rows with a cell that cannot be read, or that lacks."""
        return ((line, row) for line, row in self.rows if find_cell_reasons(table, row))

    def sums(self) -> dict[str, int]:
        """Return the minor units of all amounts that can be read, by currency."""
        sums = {"EUR": 0, "BGN": 0}
        for _, row in self.rows:
            currency = row.get("currency", "").strip()
            if currency in sums:
                sums[currency] += read_amount(row.get("amount", "").strip() or "0", currency) or 0
        return sums


def read_plain(path: Path, table: str) -> PlainTable | None:
    """Return the file's rows; None where it is no text of rows at all."""
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        text = _decode(data)
    except (OSError, EOFError, ValueError, gzip.zlib.error):  # type: ignore[attr-defined]
        return None
    text = text.rstrip("\x1a\r\n ") + "\n"
    told = _SEP.match(text)
    above = 1 if told else 0
    bare = _QUOTED.sub("", text.split("\n")[above])
    delimiter = told[1] if told and told[1] in bare else max(";\t,", key=bare.count)
    before = csv.field_size_limit(_CELL_MAX)
    try:
        return _read_rows(text, delimiter, table, above)
    finally:
        csv.field_size_limit(before)


def _decode(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16").encode()
    elif data[1:2] == b"\0" == data[3:4] and b"\0" not in (data[:1], data[2:3]):
        data = data.decode("utf-16-le").encode()
    elif data[:1] == b"\0" == data[2:3] and b"\0" not in (data[1:2], data[3:4]):
        data = data.decode("utf-16-be").encode()
    if b"\0" in data:
        raise ValueError("NUL")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1251")
    return re.sub("\r(?!\n)", " ", text) if "\n" in text else text.replace("\r", "\n")


def _read_rows(text: str, delimiter: str, table: str, above: int) -> PlainTable:
    lines = text.split("\n")
    reader = csv.reader(io.StringIO("\n".join(lines[above:]), newline=""), delimiter=delimiter)
    header: list[str] = []
    rows, ragged, first = [], [], 1 + above
    for cells in reader:
        line, first = first, reader.line_num + 1 + above
        if not cells or (
            header and not "".join(lines[line - 1 : first - 1]).replace(delimiter, "").strip()
        ):
            continue
        if not header:
            header = [name.strip() for name in cells]
        elif len(cells) != len(header):
            ragged.append(line)
        else:
            known = {
                name: cell
                for name, cell in zip(header, cells, strict=True)
                if name in TABLES[table].names
            }
            rows.append((line, {name: known.get(name, "") for name in TABLES[table].names}))
    return PlainTable(rows, ragged)
