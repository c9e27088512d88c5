"""How a text file is written: its encoding, its line ends, its delimiter and its header.

Encoding, decided per file: a BOM says UTF-8; else UTF-8 where the whole file is valid UTF-8; else cp1251. A file that
is UTF-8 almost everywhere is not taken for cp1251 but refused, since every Cyrillic letter in it would be read wrong.
"""

import csv
import gzip
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dunning.core.errors import DunningError

ENCODINGS = ("utf-8", "cp1251", "cp1252", "cp866", "iso-8859-1", "iso-8859-5")
DELIMITERS = (";", "\t", ",")
LINE_BYTES_MAX = 1 << 20
COLUMNS_MAX = 1000
_CHUNK = 8 << 20
_NAMES_SHOWN, _NAME_SHOWN = 40, 40
_LF, _CR = 10, 13
_BOM = b"\xef\xbb\xbf"
_SURE = 10_000  # bytes of valid multi-byte UTF-8 after which no further proof is needed
_COMBINING = (b"\xcc", b"\xcd")  # UTF-8 lead bytes of U+0300 to U+037F
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_CYRILLIC = re.compile(rb"[\xd0\xd1][\x80-\xbf]")
_LONE_CR = re.compile(rb"\r(?!\n)")


@dataclass(frozen=True)
class Block:
    """Some whole physical lines as UTF-8, the last one ended by `\\n`; `first_line` is the number of the first."""

    first_line: int
    data: bytes


@dataclass(frozen=True)
class Dialect:
    """What was found out about a file from its bytes and its header line."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]


def read_dialect(path: Path, encoding: str | None = None, delimiter: str | None = None) -> Dialect:
    """Return how a CSV file is written; a given encoding or delimiter is believed.

    Raises:
        DunningError: UTF-16 or binary, broken UTF-8, empty, no header, a column named twice, over 1,000 columns.
    """
    encoding = encoding or _decide_encoding(path)
    line = _header_line(path, encoding)
    delimiter = delimiter or _decide_delimiter(line)
    header = _split_header(path.name, line, delimiter)
    return Dialect(encoding, delimiter, header)


def read_blocks(path: Path, encoding: str) -> Iterator[Block]:
    """Yield a file's lines as UTF-8 in blocks of some MiB; a trailing 0x1A (Ctrl-Z) is dropped.

    Lines end in LF or CRLF (in a file without any LF, in CR); any other CR becomes a space. Letters written with
    combining accents become single letters (NFC).

    Raises:
        DunningError: unreadable file, NUL bytes, a byte that the encoding does not have, a line over 1 MiB.
    """
    held: Block | None = None
    for block in _whole_lines(path):
        if held:
            yield _decode(path.name, held, encoding)
        held = block
    last = held.data.rstrip(b"\x1a\r\n ") if held else b""
    if held and last:
        yield _decode(path.name, Block(held.first_line, last + b"\n"), encoding)


def read_lines(path: Path, encoding: str, wanted: npt.NDArray[np.int64]) -> Iterator[tuple[int, str]]:
    """Yield some lines (ascending numbers) of a file without quotes, as `read_blocks` gives them, line end left out.

    For a few lines of a large file: nothing but these lines is decoded.
    """
    for block in _whole_lines(path):
        newlines = np.flatnonzero(np.frombuffer(block.data, np.uint8) == _LF)
        height = len(newlines) + (not block.data.endswith(b"\n"))
        first, last = np.searchsorted(wanted, (block.first_line, block.first_line + height))
        places = wanted[first:last] - block.first_line
        starts = np.append(0, newlines + 1)[places]
        ends = np.append(newlines, len(block.data))[places]
        for line, start, end in zip(wanted[first:last].tolist(), starts.tolist(), ends.tolist(), strict=True):
            text = block.data[start:end].removesuffix(b"\r").rstrip(b"\x1a")
            if text:
                yield line, _decode(path.name, Block(line, text), encoding).data.decode()
        if last == len(wanted):
            return


def _whole_lines(path: Path) -> Iterator[Block]:
    """Yield whole lines as they are encoded, line ends made plain."""
    rest, is_first, is_mac = b"", True, False
    line = 1
    for chunk in _chunks(path):
        if is_first:
            chunk = chunk.removeprefix(_BOM)
            is_first, is_mac = False, b"\r" in chunk and b"\n" not in chunk
        if b"\0" in chunk:
            raise _not_text(path.name)
        held_cr = chunk.endswith(b"\r") and not is_mac
        data = rest + (chunk[:-1] if held_cr else chunk)
        data = data.replace(b"\r", b"\n") if is_mac else _plain_ends(data)
        cut = data.rfind(b"\n") + 1
        if cut:
            yield Block(line, data[:cut])
            line += count_newlines(data)
        rest = data[cut:] + (b"\r" if held_cr else b"")
        if len(rest) > LINE_BYTES_MAX:
            raise line_too_long(path.name, line)
    if rest:
        yield Block(line, rest)


def _plain_ends(data: bytes) -> bytes:
    if b"\r" not in data:
        return data
    text = np.frombuffer(data, np.uint8)
    after = np.flatnonzero(text == _CR) + 1
    if after[-1] < len(text) and (text[after] == _LF).all():
        return data
    return _LONE_CR.sub(b" ", data)


def count_newlines(data: bytes | memoryview) -> int:
    """Return how many line feeds there are; several times faster than `bytes.count` where they are many."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == _LF))


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except (OSError, EOFError, zlib.error) as error:
        raise DunningError(
            f"{path.name} cannot be read to its end ({error}): it is damaged or not what its name says. "
            "Copy or export it again."
        ) from error


def _decode(file: str, block: Block, encoding: str) -> Block:
    data = block.data
    if data.isascii():
        return block
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        bad = block.first_line + count_newlines(data[: error.start])
        raise DunningError(
            f"{file}, line {bad}: byte 0x{data[error.start]:02X} does not exist in {encoding}, as which the rest "
            "of the file reads. Save the file as UTF-8, or name its encoding in a mapping."
        ) from error
    if encoding == "utf-8":  # no other encoding has combining accents
        if not any(lead in data for lead in _COMBINING):
            return block
        text = unicodedata.normalize("NFC", text)
    return Block(block.first_line, text.encode())


def _decide_encoding(path: Path) -> str:
    valid = 0
    has_bom = False
    for i, data in enumerate(_heads(path)):
        has_bom = has_bom or (i == 0 and data.startswith(_BOM))
        if has_bom:
            return "utf-8"
        if data.isascii():
            continue
        try:
            valid += len(data) - len(data.decode())
        except UnicodeDecodeError:
            return _refuse_broken_utf8(path, data, valid)
        if valid > _SURE:
            return "utf-8"
    return "utf-8"


def _heads(path: Path) -> Iterator[bytes]:
    """Yield the file's bytes cut at line ends, so that no letter is cut; the BOM still in front."""
    rest, line = b"", 1
    for i, chunk in enumerate(_chunks(path)):
        if b"\0" in chunk or (i == 0 and chunk[:2] in (b"\xff\xfe", b"\xfe\xff")):
            raise _not_text(path.name)
        data = rest + chunk
        cut = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if cut:
            yield data[:cut]
            line += count_newlines(data)
        rest = data[cut:]
        if len(rest) > LINE_BYTES_MAX:
            raise line_too_long(path.name, line)
    if rest:
        yield rest


def _refuse_broken_utf8(path: Path, data: bytes, valid_before: int) -> str:
    """Return cp1251 for bytes that are no UTF-8, unless most of them are."""
    valid = valid_before + len(_CYRILLIC.findall(data))
    if valid <= data.decode("utf-8", "replace").count("\ufffd"):
        return "cp1251"
    line = 1
    for data in _heads(path):
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


def _header_line(path: Path, encoding: str) -> str:
    block = next(read_blocks(path, encoding), None)
    if block is None:
        raise DunningError(
            f"{path.name} is empty: line 1 has to name the columns, also of a table without rows. Export it again."
        )
    end = block.data.index(b"\n")
    if end > LINE_BYTES_MAX:
        raise line_too_long(path.name, 1)
    return block.data[:end].decode().rstrip("\r")


def _decide_delimiter(line: str) -> str:
    bare = _QUOTED.sub("", line)
    return max(DELIMITERS, key=bare.count)


def _split_header(file: str, line: str, delimiter: str) -> tuple[str, ...]:
    bare = _QUOTED.sub("", line)
    if '"' in bare:
        raise DunningError(f'{file}, line 1: a quote (") in the header is never closed. Export the file again.')
    refuse_many(file, bare.count(delimiter) + 1)
    try:
        names = tuple(name.strip() for name in next(csv.reader([line], delimiter=delimiter), []))
    except csv.Error as error:  # a cell over 128 KiB
        raise DunningError(
            f"{file}, line 1: the name of a column is longer than 128 KiB, so this is no header of a table. Check the "
            "file."
        ) from error
    if not any(names):
        raise DunningError(f"{file}, line 1: the header is empty. Line 1 has to name the columns; add or export it.")
    refuse_twice(file, names)
    return names


def refuse_many(file: str, columns: int) -> None:
    """Raise DunningError where a file has more columns than any table of a ledger."""
    if columns > COLUMNS_MAX:
        raise DunningError(
            f"{file}, line 1: more than {COLUMNS_MAX:,} columns, so this is no header of a table. Check the file."
        )


def show_names(names: Iterable[str]) -> str:
    """Return the names of columns for a message: what is long is cut, what is too many is counted.

    >>> show_names(["no", "", "n" * 50])
    'no, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn…'
    """
    known = [name if len(name) <= _NAME_SHOWN else name[:_NAME_SHOWN] + "…" for name in names if name]
    rest = f" and {len(known) - _NAMES_SHOWN} more" if len(known) > _NAMES_SHOWN else ""
    return ", ".join(known[:_NAMES_SHOWN]) + rest


def refuse_twice(file: str, names: tuple[str, ...]) -> None:
    """Raise DunningError where two columns of a file bear one name; nameless columns are no two of a kind."""
    twice = sorted(name for name, times in Counter(names).items() if name and times > 1)
    if twice:
        raise DunningError(
            f"{file}, line 1: column {show_names(twice)} stands there more than once, so its values are ambiguous. "
            "Remove or rename one of them."
        )


def line_too_long(file: str, line: int) -> DunningError:
    """Return the refusal of a line over 1 MiB."""
    return DunningError(
        f"{file}, line {line} is longer than 1 MiB: no row of a ledger is; a line end is missing or the file is not "
        "text. Export it again."
    )


def _not_text(file: str) -> DunningError:
    return DunningError(
        f"{file} is UTF-16 or not text at all (it holds NUL bytes or a UTF-16 mark), so its rows cannot be read. "
        "Save it as UTF-8 or cp1251."
    )
