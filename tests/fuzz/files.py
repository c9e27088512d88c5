"""Files damaged byte by byte, line by line and as files: what disks, transfers, editors and exports
do to them.
"""

import gzip
import os
from collections.abc import Callable
from pathlib import Path
from random import Random

Damage = Callable[[Random, bytes], bytes]

_LETTERS = [
    b"\0",
    b"\xff",
    b"\x98",
    b"\xed\xa0\x80",
    b"\xc0\xaf",
    b"\xf4\x90\x80\x80",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x1a",
    b"\r",
    b"\n",
    b"\r\n",
    b'"',
    b'""',
    b";",
    b"\t",
    b",",
    b" ",
    "\u00a0".encode(),
    "\u2028".encode(),
    "\u0085".encode(),
    b"\x0b",
    b"\x0c",
    b"\x1c",
    "е".encode(),
    "и\u0306".encode(),
    b"-",
    b"e5",
    b"'",
    b"\\",
]


def _at(random: Random, data: bytes) -> int:
    return random.randrange(len(data) + 1)


def truncate(random: Random, data: bytes) -> bytes:
    return data[: _at(random, data)]


def flip_bits(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 8, 64))):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def overwrite(random: Random, data: bytes) -> bytes:
    at, piece = _at(random, data), random.randbytes(random.choice((1, 4, 512)))
    return data[:at] + piece + data[at + len(piece) :]


def insert(random: Random, data: bytes) -> bytes:
    for _ in range(random.choice((1, 1, 2, 5))):
        at = _at(random, data)
        data = data[:at] + random.choice(_LETTERS) * random.choice((1, 1, 1, 3, 3000)) + data[at:]
    return data


def delete(random: Random, data: bytes) -> bytes:
    at = _at(random, data)
    return data[:at] + data[at + random.choice((1, 2, 40)) :]


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def duplicate_lines(random: Random, data: bytes) -> bytes:
    lines = _lines(data)
    for _ in range(random.choice((1, 2, 9))):
        lines.insert(random.randrange(1, len(lines) + 1), random.choice(lines))
    return b"".join(lines)


def delete_lines(random: Random, data: bytes) -> bytes:
    lines = _lines(data)
    for _ in range(random.choice((1, 2))):
        lines.pop(random.randrange(len(lines)))
    return b"".join(lines)


def shuffle_lines(random: Random, data: bytes) -> bytes:
    lines = _lines(data)
    random.shuffle(lines)
    return b"".join(lines)


def shuffle_columns(random: Random, data: bytes) -> bytes:
    """Move a column to another place, in all lines or (so that every row is read wrong) in the
    header alone.
    """
    lines = _lines(data)
    mark = max((b";", b"\t", b","), key=lines[0].count)
    places = list(range(lines[0].count(mark) + 1))
    random.shuffle(places)
    until = random.choice((1, len(lines)))
    for i, line in enumerate(lines[:until]):
        cells = line.rstrip(b"\r\n").split(mark)
        if len(cells) == len(places):
            lines[i] = mark.join(cells[p] for p in places) + line[len(line.rstrip(b"\r\n")) :]
    return b"".join(lines)


def mix_line_ends(random: Random, data: bytes) -> bytes:
    ends = random.choice(
        (
            (b"\r",),
            (b"\n", b"\r\n"),
            (b"\n", b"\r\n", b"\r"),
            (b"\n\n", b"\r\n\r\n"),
            (b"\n", b"\r\r\n"),
        )
    )
    return b"".join(line.rstrip(b"\r\n") + random.choice(ends) for line in _lines(data))


def change_delimiters(random: Random, data: bytes) -> bytes:
    lines = _lines(data)
    mark, other = (
        max((b";", b"\t", b","), key=lines[0].count),
        random.choice((b";", b"\t", b",", b"|", b"; ")),
    )
    for i in random.sample(range(len(lines)), random.choice((1, len(lines)))):
        lines[i] = lines[i].replace(mark, other)
    return b"".join(lines)


def quote(random: Random, data: bytes) -> bytes:
    """Put quotes around, into or before cells; some are never closed."""
    lines = _lines(data)
    mark = max((b";", b"\t", b","), key=lines[0].count)
    for _ in range(random.choice((1, 1, 3))):
        i = random.randrange(len(lines))
        cells = lines[i].rstrip(b"\r\n").split(mark)
        place = random.randrange(len(cells))
        shape = random.choice(
            (
                b'"%b"',
                b'"%b',
                b'%b"',
                b'x"%b',
                b'"%b"x',
                b'"a' + mark + b'%b"',
                b'"\n%b"',
                b'""%b""',
                b'"""%b"',
            )
        )
        cells[place] = shape.replace(b"%b", cells[place])
        lines[i] = mark.join(cells) + b"\n"
    return b"".join(lines)


def change_header(random: Random, data: bytes) -> bytes:
    head, _, rest = data.partition(b"\n")
    mark = max((b";", b"\t", b","), key=head.count)
    names = head.rstrip(b"\r").split(mark)
    what = random.randrange(7)
    i = random.randrange(len(names))
    if what == 0:
        names[i] = names[i].upper()
    elif what == 1:
        names.append(names[i])
    elif what == 2:
        names[i] = b" " + names[i] + b" "
    elif what == 3:
        names[i] = b""
    elif what == 4:
        names.append(b"x" * random.choice((1, 200_000, 1_100_000)))
    elif what == 5:
        names += [b"c%d" % j for j in range(random.choice((1, 999, 1500, 100_000)))]
    else:
        names = names[:i]
    return mark.join(names) + b"\n" + rest


def add_columns(random: Random, data: bytes) -> bytes:
    lines = _lines(data)
    mark = max((b";", b"\t", b","), key=lines[0].count)
    return b"".join(
        line.rstrip(b"\r\n")
        + mark
        + (b"extra" if i == 0 else random.choice((b"", b"1", b'"a""b"')))
        + b"\n"
        for i, line in enumerate(lines)
    )


def recode(random: Random, data: bytes) -> bytes:
    text = data.decode("utf-8-sig" if random.random() < 0.9 else "cp1251", "replace")
    encoding = random.choice(
        (
            "utf-16",
            "utf-16-le",
            "utf-16-be",
            "utf-32",
            "cp866",
            "cp1251",
            "utf-7",
            "koi8-r",
            "cp037",
        )
    )
    return text.encode(encoding, "replace")


def mix_encodings(random: Random, data: bytes) -> bytes:
    lines = _lines(data)
    for i in random.sample(range(len(lines)), min(len(lines), random.choice((1, 2)))):
        lines[i] = (
            lines[i]
            .decode("utf-8", "replace")
            .encode(random.choice(("cp1251", "cp866", "utf-16-le")), "replace")
        )
    return b"".join(lines)


def mark_bom(random: Random, data: bytes) -> bytes:
    return (
        random.choice(
            (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf\xef\xbb\xbf", b"\xef\xbb")
        )
        + data
    )


def fill_blanks(random: Random, data: bytes) -> bytes:
    blank = random.choice((b"\n", b" \n", b";\n", b"\t\n", b"\r\n\r\n", b'""\n'))
    return random.choice((blank * 3 + data, data + blank * 3, data.replace(b"\n", b"\n" + blank)))


def lengthen_cell(random: Random, data: bytes) -> bytes:
    at = _at(random, data)
    return (
        data[:at]
        + random.choice((b"9", b"x", b" ")) * random.choice((200, 70_000, 140_000, 1_048_577))
        + data[at:]
    )


def empty(random: Random, data: bytes) -> bytes:
    return random.choice(
        (
            b"",
            b"",
            b"\n",
            b" ",
            b"\xef\xbb\xbf",
            b"\x1a",
            b"\r\n\r\n",
            data.partition(b"\n")[0] + b"\n",
        )
    )


def randomise(random: Random, data: bytes) -> bytes:
    return random.randbytes(random.choice((1, 100, 5000)))


BYTES: tuple[Damage, ...] = (
    truncate,
    flip_bits,
    overwrite,
    insert,
    insert,
    delete,
    duplicate_lines,
    delete_lines,
    shuffle_lines,
    shuffle_columns,
    mix_line_ends,
    change_delimiters,
    quote,
    quote,
    change_header,
    add_columns,
    recode,
    mix_encodings,
    mark_bom,
    fill_blanks,
    lengthen_cell,
    empty,
    randomise,
)


def damage_gzip(random: Random, path: Path) -> str:
    """Damage a .csv.gz as gzip, or the text in it."""
    packed = path.read_bytes()
    text = gzip.decompress(packed)
    cut = _at(random, text)
    half = random.randrange(len(packed))
    ways: dict[str, Callable[[], bytes]] = {
        "gzip cut off": lambda: packed[:half],
        "gzip with a flipped bit": lambda: flip_bits(random, packed),
        "gzip with garbage behind": lambda: packed + random.randbytes(random.choice((1, 8, 100))),
        "gzip with zeros behind": lambda: packed + bytes(random.choice((1, 512))),
        "gzip of two members": lambda: gzip.compress(text[:cut]) + gzip.compress(text[cut:]),
        "gzip of an empty member": lambda: gzip.compress(b"") + packed + gzip.compress(b""),
        "gzip of gzip": lambda: gzip.compress(packed),
        "plain text named .gz": lambda: text,
        "empty file named .gz": lambda: b"",
        "gzip without its sum": lambda: packed[:-8],
        "gzip with a wrong length": lambda: packed[:-4] + random.randbytes(4),
        "gzip of damaged text": lambda: gzip.compress(random.choice(BYTES)(random, text), 1),
        "gzip with a file name": lambda: (
            packed[:3] + bytes([packed[3] | 8]) + packed[4:10] + b"a\0" + packed[10:]
        ),
    }
    name = random.choice(list(ways))
    path.write_bytes(ways[name]())
    return name


def damage_place(random: Random, path: Path) -> str:
    """Make of the file something that is no file, or not where it is looked for."""

    def replace_by(make: Callable[[], None]) -> None:
        path.unlink()
        make()

    ways: dict[str, Callable[[], object]] = {
        "a folder": lambda: replace_by(path.mkdir),
        "a symlink to itself": lambda: replace_by(lambda: path.symlink_to(path.name)),
        "a symlink to nothing": lambda: replace_by(lambda: path.symlink_to("nothing.csv")),
        "a symlink to a folder": lambda: replace_by(lambda: path.symlink_to(".")),
        "a pipe": lambda: replace_by(lambda: os.mkfifo(path)),
        "a symlink to endless zeros": lambda: replace_by(lambda: path.symlink_to("/dev/zero")),
        "upper case": lambda: path.rename(path.with_name(path.name.upper())),
        "capitalised": lambda: path.rename(path.with_name(path.name.capitalize())),
        "ending in capitals": lambda: path.rename(path.with_name(path.stem + path.suffix.upper())),
        "a space in the name": lambda: path.rename(path.with_name(" " + path.name)),
        "twice": lambda: path.with_name(path.name.split(".")[0] + ".parquet").write_bytes(b"PAR1"),
        "gone": path.unlink,
        "packed but not named so": lambda: path.write_bytes(gzip.compress(path.read_bytes())),
    }
    name = random.choice(list(ways))
    ways[name]()
    return f"{name} ({path.name})"
