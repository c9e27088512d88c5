"""Read a text file as a stream of whole lines in UTF-8, with the number of each line."""

import codecs
import gzip
import itertools
import re
import unicodedata
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dunning.core.errors import DunningError
from dunning.ledger.read.encodings import UTF_8, decode_text

LINE_BYTES_MAX = 1 << 20
BOM = b"\xef\xbb\xbf"
_CHUNK = 8 << 20
_LF, _CR = 10, 13
_COMBINING = (b"\xcc", b"\xcd")  # UTF-8 lead bytes of U+0300 to U+037F
_LONE_CR = re.compile(rb"\r(?!\n)")
_WIDE_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}


@dataclass(frozen=True)
class LineBlock:
    """Whole physical lines as UTF-8, the last one ended by LF; `first_line` numbers the first."""

    first_line: int
    data: bytes

    @cached_property
    def height(self) -> int:
        """The number of lines."""
        return count_newlines(self.data)


def read_blocks(path: Path, encoding: str, lines_above: int = 0) -> Iterator[LineBlock]:
    """Yield the lines of a file as UTF-8 in blocks of some MiB.

    A trailing 0x1A (Ctrl-Z) is dropped. The first `lines_above` lines are left out, however many
    blocks they fill; the numbers of the others do not change.

    Lines end in LF or CRLF (in a file without any LF, in CR); any other CR becomes a space.
    Letters written with combining accents become single letters (NFC).

    Raises:
        DunningError: unreadable file, NUL bytes, a byte that the encoding does not have, a line
            over 1 MiB.
    """
    held: LineBlock | None = None
    # One block is held back: only of the last one the end of the file is trimmed.
    for block in _without_lines_above(_whole_lines(path, encoding), lines_above):
        if held:
            yield _decode(path.name, held, encoding)
        held = block
    last = held.data.rstrip(b"\x1a\r\n ") if held else b""
    if held and last:
        yield _decode(path.name, LineBlock(held.first_line, last + b"\n"), encoding)


def read_lines(
    path: Path, encoding: str, wanted: npt.NDArray[np.int64]
) -> Iterator[tuple[int, str]]:
    """Yield some lines (ascending numbers) of a file without quotes, without their line ends.

    For a few lines of a large file: only these lines are decoded, as by `read_blocks`.
    """
    for block in _whole_lines(path, encoding):
        newlines = np.flatnonzero(np.frombuffer(block.data, np.uint8) == _LF)
        height = len(newlines) + (not block.data.endswith(b"\n"))
        # The wanted lines of this block; all of it in array operations, for a file may have 24
        # million lines.
        first, last = np.searchsorted(wanted, (block.first_line, block.first_line + height))
        places = wanted[first:last] - block.first_line
        starts = np.append(0, newlines + 1)[places]
        ends = np.append(newlines, len(block.data))[places]
        for line, start, end in zip(
            wanted[first:last].tolist(), starts.tolist(), ends.tolist(), strict=True
        ):
            text = block.data[start:end].removesuffix(b"\r").rstrip(b"\x1a")
            if text:
                yield line, _decode(path.name, LineBlock(line, text), encoding).data.decode()
        if last == len(wanted):
            return


def _without_lines_above(blocks: Iterable[LineBlock], lines_above: int) -> Iterator[LineBlock]:
    """Yield blocks of whole lines without the first `lines_above` lines."""
    for block in blocks:
        left_out = lines_above + 1 - block.first_line
        if left_out <= 0:
            yield block
            continue
        newlines = np.flatnonzero(np.frombuffer(block.data, np.uint8) == _LF)
        if len(newlines) >= left_out:
            rest = block.data[newlines[left_out - 1] + 1 :]
            if rest:
                yield LineBlock(lines_above + 1, rest)


def _whole_lines(path: Path, encoding: str) -> Iterator[LineBlock]:
    """Yield whole lines in their encoding (UTF-16 as UTF-8), with LF or CRLF line ends."""
    rest, is_first, is_mac = b"", True, False
    line = 1
    for chunk in _chunks(path, encoding):
        if is_first:
            chunk = chunk.removeprefix(BOM)
            is_first = False
            # The chunk itself, without what was read after it to the end of a line.
            start = chunk[:_CHUNK]
            is_mac = b"\r" in start and b"\n" not in start
        if b"\0" in chunk:
            raise _not_text(path.name)
        # A CR at the end of a chunk may be half of a CRLF: it waits for the next chunk.
        held_cr = chunk.endswith(b"\r") and not is_mac
        data = rest + (chunk[:-1] if held_cr else chunk)
        data = data.replace(b"\r", b"\n") if is_mac else _plain_ends(data)
        cut = data.rfind(b"\n") + 1
        if cut:
            block = LineBlock(line, data[:cut])
            yield block
            line += block.height
        # Chunks are cut anywhere, blocks at line ends:
        # chunks   |---------------|---------------|
        # lines    |----|------|------|----|-----|---
        # blocks   |-----------|------------------|  the rest goes before the next chunk
        rest = data[cut:] + (b"\r" if held_cr else b"")
        if len(rest) > LINE_BYTES_MAX:
            raise line_too_long(path.name, line)
    if rest:
        yield LineBlock(line, rest)


def _plain_ends(data: bytes) -> bytes:
    if b"\r" not in data:
        return data
    text = np.frombuffer(data, np.uint8)
    after = np.flatnonzero(text == _CR) + 1
    # Only CRLF: the parser takes it as it is, and nothing is copied.
    if after[-1] < len(text) and (text[after] == _LF).all():
        return data
    return _LONE_CR.sub(b" ", data)


def count_newlines(data: bytes | memoryview) -> int:
    """Return the number of line feeds.

    Several times faster than `bytes.count` where there are many.
    """
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == _LF))


def _chunks(path: Path, encoding: str | None) -> Iterator[bytes]:
    """Yield the bytes of a file; UTF-16 becomes UTF-8.

    An encoding of None means that it is not known yet.
    """
    chunks = read_chunks(path)
    first = next(chunks, b"")
    wide = find_wide(first, encoding)
    if wide is None:
        yield first
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(wide)()
    try:
        for chunk in itertools.chain((first,), chunks):
            yield decoder.decode(chunk).encode()
        decoder.decode(b"", final=True)
    except UnicodeError as error:
        raise DunningError(
            f"{path.name} begins as UTF-16 but does not go on so ({error}). Export it again, or save it as UTF-8."
        ) from error


def find_wide(head: bytes, encoding: str | None) -> str | None:
    """Return the kind of UTF-16 of a file, by its mark or the NUL byte of its first letter.

    None where it is not UTF-16.
    """
    if encoding not in (None, "utf-16"):
        return None
    if head[:2] in _WIDE_MARKS:
        return _WIDE_MARKS[head[:2]]
    if len(head) > 3 and (head[0] == 0) != (head[1] == 0) and (head[0] == 0) == (head[2] == 0):
        return "utf-16-be" if head[0] == 0 else "utf-16-le"
    return "utf-16-le" if encoding else None


def read_chunks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file, unpacked if it is compressed.

    Raises:
        DunningError: it cannot be read to its end.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as stream:
            # To the end of a line, so that blocks of whole lines need not be put together.
            while chunk := stream.read(_CHUNK) + stream.readline(LINE_BYTES_MAX):
                yield chunk
    except (OSError, EOFError, zlib.error) as error:
        raise DunningError(
            f"{path.name} cannot be read to its end ({error}): it is damaged or not what its name says. "
            "Copy or export it again."
        ) from error


def _decode(file: str, block: LineBlock, encoding: str) -> LineBlock:
    data = block.data
    # ASCII is the same in all these encodings, and most blocks of numbers are ASCII.
    if data.isascii():
        return block
    try:
        text = decode_text(data, encoding)
    except UnicodeDecodeError as error:
        bad = block.first_line + count_newlines(data[: error.start])
        raise DunningError(
            f"{file}, line {bad}: byte 0x{data[error.start]:02X} does not exist in {encoding}, as which the rest "
            "of the file reads. Save the file as UTF-8, or name its encoding in a mapping."
        ) from error
    if encoding in UTF_8:  # no other encoding has combining accents
        if encoding != "utf-8-twice" and not any(lead in data for lead in _COMBINING):
            return block
        text = unicodedata.normalize("NFC", text)
    return LineBlock(block.first_line, text.encode())


def read_heads(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file cut at line ends, so that no letter is cut; with the BOM."""
    rest = b""
    for chunk in read_chunks(path):
        if b"\0" in chunk:
            raise _not_text(path.name)
        data = rest + chunk
        cut = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if cut:
            yield data[:cut]
        rest = data[cut:]
        if len(rest) > LINE_BYTES_MAX:
            # Counting lines is left to where it is needed: this raises with the line's number.
            deque(_whole_lines(path, UTF_8[0]), 0)
    if rest:
        yield rest


def line_too_long(file: str, line: int) -> DunningError:
    """Return the error for a line over 1 MiB."""
    return DunningError(
        f"{file}, line {line} is longer than 1 MiB: no row of a ledger is; a line end is missing or the file is not "
        "text. Export it again."
    )


def _not_text(file: str) -> DunningError:
    return DunningError(
        f"{file} holds NUL bytes and is not UTF-16 from its first letter on, so it is no text whose rows can be read. "
        "Save it as UTF-8 or cp1251."
    )
