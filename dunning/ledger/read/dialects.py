"""Find out how a text file is written: encoding, delimiter and header.

Encoding, decided per file: a mark or the place of NUL bytes means UTF-16; else a BOM means UTF-8;
else UTF-8 where the whole file is valid UTF-8; else cp1251. A file that is UTF-8 almost everywhere
is not read as cp1251 but refused, since every Cyrillic letter in it would be read wrong; so is a
file that reads as Bulgarian in another encoding (`encoding_guess`).
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dunning.core.errors import DunningError
from dunning.ledger.read.encoding_guess import Suspicion, add_words, suspect_single, suspect_twice
from dunning.ledger.read.streams import (
    BOM,
    LINE_BYTES_MAX,
    count_newlines,
    find_wide,
    line_too_long,
    read_blocks,
    read_chunks,
    read_heads,
)

DELIMITERS = (";", "\t", ",")
COLUMNS_MAX = 1000
_NAMES_SHOWN, _NAME_SHOWN = 40, 40
_SURE = 10_000  # bytes of valid multi-byte UTF-8 after which no further proof is needed
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_CYRILLIC = re.compile(rb"[\xd0\xd1][\x80-\xbf]")
_SEP = re.compile(
    r'"?sep=([;,\t|])"?[;,\t| ]*', re.IGNORECASE
)  # a first line for Excel, which keeps it in the file
_TWICE_SAMPLE = 1 << 18
_WORDS_IN = (
    64 << 20
)  # bytes of a file in which words are looked for, from the first that are no UTF-8 on


@dataclass(frozen=True)
class Dialect:
    """How a file is written, as found from its bytes and its header line.

    `lines_above` is the number of lines above the header that are left out.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    lines_above: int = 0


def read_dialect(
    path: Path, encoding: str | None = None, delimiter: str | None = None, lines_above: int = 0
) -> Dialect:
    """Return how a CSV file is written.

    A given encoding, delimiter or number of lines above the header is not checked.

    Raises:
        DunningError: binary, broken UTF-8, another encoding, empty, no header, a column named
            twice, over 1,000 columns.
    """
    encoding = encoding or _decide_encoding(path)
    line = _line_at(path, encoding, lines_above)
    directive = _SEP.fullmatch(line.strip(" \r\n")) if not lines_above else None
    if directive:
        lines_above = 1
        line = _line_at(path, encoding, lines_above)
    # `sep=` is believed only where the header really has that delimiter.
    if directive and directive[1] in _QUOTED.sub("", line):
        delimiter = delimiter or directive[1]
    delimiter = delimiter or _decide_delimiter(line)
    header = _split_header(path.name, line, delimiter, lines_above + 1)
    return Dialect(encoding, delimiter, header, lines_above)


def _decide_encoding(path: Path) -> str:
    if find_wide(next(read_chunks(path), b""), None):
        return "utf-16"
    valid, has_bom = 0, False
    for i, data in enumerate(read_heads(path)):
        if i == 0:
            has_bom, data = data.startswith(BOM), data.removeprefix(BOM)
        if data.isascii():
            continue
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return "utf-8" if has_bom else _refuse_other_encodings(path, data, valid)
        _refuse_twice_encoded(path, data, text)
        # Bytes minus letters: each Cyrillic letter is two bytes, so this counts them.
        valid += len(data) - len(text)
        if valid > _SURE:
            return "utf-8"
    return "utf-8"


def _refuse_twice_encoded(path: Path, data: bytes, text: str) -> None:
    start = int(np.argmax(np.frombuffer(data, np.uint8) >= 0x80))
    suspicion = suspect_twice(text[start : start + _TWICE_SAMPLE])
    if suspicion:
        raise _other_encoding(
            path, suspicion, "letters that were encoded as UTF-8 and then once more"
        )


def _refuse_other_encodings(path: Path, data: bytes, valid_before: int) -> str:
    """Return cp1251 for bytes that are not UTF-8.

    Raises where most of them are UTF-8, or where they read as Bulgarian in another encoding.
    """
    _refuse_broken_utf8(path, data, valid_before)
    words: dict[bytes, None] = {}
    seen = 0
    for part in read_heads(path):
        if seen > _WORDS_IN or (not part.isascii() and add_words(part, words)):
            break
        seen += len(part) if words or not part.isascii() else 0
    suspicion = suspect_single(words)
    if suspicion:
        raise _other_encoding(
            path, suspicion, "bytes that are no UTF-8 and make no words in cp1251"
        )
    return "cp1251"


def _other_encoding(path: Path, suspicion: Suspicion, problem: str) -> DunningError:
    line = 1
    for data in read_heads(path):
        at = data.find(suspicion.word)
        line += count_newlines(data[:at] if at >= 0 else data)
        if at >= 0:
            break
    names = " or ".join(suspicion.encodings)
    return DunningError(
        f"{path.name}, line {line}: here stand {problem}; most likely the file is written in {names}. Names and "
        f'streets would be read wrong. Save it as UTF-8, or say encoding = "{suspicion.encodings[0]}" for it in a '
        "mapping (--mapping)."
    )


def _refuse_broken_utf8(path: Path, data: bytes, valid_before: int) -> None:
    valid = valid_before + len(_CYRILLIC.findall(data))
    if valid <= data.decode("utf-8", "replace").count("\ufffd"):
        return
    line = 1
    for data in read_heads(path):
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            line += count_newlines(data[: error.start])
            break
        line += count_newlines(data)
    raise DunningError(
        f"{path.name}, line {line}: not valid UTF-8, although most of the file is; the rest would be read wrong as "
        "cp1251. Save the whole file as UTF-8, or name its encoding in a mapping."
    )


def _line_at(path: Path, encoding: str, lines_above: int) -> str:
    block = next(read_blocks(path, encoding, lines_above), None)
    number = lines_above + 1
    if block is None:
        problem = "is empty" if not lines_above else f"has no line {number}"
        raise DunningError(
            f"{path.name} {problem}: line {number} has to name the columns, also of a table without rows. Export it "
            "again."
        )
    end = block.data.index(b"\n")
    if end > LINE_BYTES_MAX:
        raise line_too_long(path.name, number)
    return block.data[:end].decode().rstrip("\r")


def _decide_delimiter(line: str) -> str:
    bare = _QUOTED.sub("", line)
    # Quoted names are left out: a delimiter in them separates nothing.
    return max(DELIMITERS, key=bare.count)


def _split_header(file: str, line: str, delimiter: str, number: int) -> tuple[str, ...]:
    bare = _QUOTED.sub("", line)
    if '"' in bare:
        raise DunningError(
            f'{file}, line {number}: a quote (") in the header is never closed. Export the file again.'
        )
    refuse_many(file, bare.count(delimiter) + 1, number)
    try:
        names = tuple(name.strip() for name in next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error as error:  # a cell over 128 KiB
        raise DunningError(
            f"{file}, line {number}: the name of a column is longer than 128 KiB, so this is no header of a table. "
            "Check the file."
        ) from error
    if not any(names):
        raise DunningError(
            f"{file}, line {number}: the header is empty. This line has to name the columns; add or export it, or say "
            "in a mapping (skip_lines) how many lines stand above the header."
        )
    refuse_twice(file, names, number)
    return names


def refuse_many(file: str, columns: int, number: int = 1) -> None:
    """Raise DunningError where a file has more columns than any table of a ledger."""
    if columns > COLUMNS_MAX:
        raise DunningError(
            f"{file}, line {number}: more than {COLUMNS_MAX:,} columns, so this is no header of a table. Check the "
            "file."
        )


def show_names(names: Iterable[str]) -> str:
    """Return column names for a message: long ones are cut, too many are counted.

    >>> show_names(["no", "", "n" * 50])
    'no, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…'
    """
    known = [
        name if len(name) <= _NAME_SHOWN else name[:_NAME_SHOWN] + "…" for name in names if name
    ]
    rest = f" and {len(known) - _NAMES_SHOWN} more" if len(known) > _NAMES_SHOWN else ""
    return ", ".join(known[:_NAMES_SHOWN]) + rest


def refuse_twice(file: str, names: tuple[str, ...], number: int = 1) -> None:
    """Raise DunningError where two columns have one name; columns without a name do not count."""
    twice = sorted(name for name, times in Counter(names).items() if name and times > 1)
    if twice:
        raise DunningError(
            f"{file}, line {number}: column {show_names(twice)} stands there more than once, so its values are "
            "ambiguous. Remove or rename one of them."
        )
