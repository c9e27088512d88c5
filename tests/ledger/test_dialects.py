"""Encodings, delimiters, headers and line ends: what is understood and what is refused with file,
line and cure.
"""

import gzip
from pathlib import Path

import numpy as np
import pytest

from dunning.core.errors import DunningError
from dunning.ledger.read import streams
from dunning.ledger.read.csv_reader import CsvReader
from dunning.ledger.read.dialects import read_dialect
from dunning.ledger.read.streams import read_blocks


def write(tmp_path: Path, content: bytes, name: str = "holds.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return path


def read(path: Path) -> list[tuple[int, tuple[str | None, ...]]]:
    """Return (line, cells) of all rows that are not ragged."""
    reader = CsvReader(path)
    rows = []
    for batch in reader.read(reader.header):
        cells = zip(*(column.to_pylist() for column in batch.columns.values()), strict=True)
        rows += zip(batch.lines.tolist(), cells, strict=True)
    return rows


def refusal(path: Path) -> str:
    with pytest.raises(DunningError) as caught:
        read(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("име;б\nЗдравка;1\n".encode(), "utf-8"),
        ("име;б\nЗдравка;1\n".encode("utf-8-sig"), "utf-8"),
        ("име;б\nЗдравка;1\n".encode("cp1251"), "cp1251"),
        (b"a;b\nplain;1\n", "utf-8"),
        ("a;b\n1\u00a0234;1\n".encode("cp1251"), "cp1251"),
        ("a;b\n15.01.2026 г.;1\n".encode("cp1251"), "cp1251"),
    ],
)
def test_encoding_is_found_out(tmp_path: Path, content: bytes, encoding: str) -> None:
    path = write(tmp_path, content)
    assert read_dialect(path).encoding == encoding
    text = content.removeprefix(b"\xef\xbb\xbf").decode(encoding)
    assert read(path) == [(2, tuple(text.split("\n")[1].split(";")))]


def test_cyrillic_far_behind_the_first_block_decides(tmp_path: Path) -> None:
    rows = b"1234567890;1234567890\n" * 450_000
    path = write(tmp_path, b"a;b\n" + rows + "Здравка;я\n".encode("cp1251"))
    assert read_dialect(path).encoding == "cp1251"
    assert read(path)[-1] == (450_002, ("Здравка", "я"))


@pytest.mark.parametrize(
    ("line", "delimiter", "header"),
    [
        ("a;b,c;d", ";", ("a", "b,c", "d")),
        ("a,b,c", ",", ("a", "b", "c")),
        ("a\tb\tc", "\t", ("a", "b", "c")),
        ('"a;b;c",b,c', ",", ("a;b;c", "b", "c")),
        ('"a""x";\u00a0b ;c;', ";", ('a"x', "b", "c", "")),
        ("alone", ";", ("alone",)),
    ],
)
def test_delimiter_and_header(
    tmp_path: Path, line: str, delimiter: str, header: tuple[str, ...]
) -> None:
    dialect = read_dialect(write(tmp_path, f"{line}\r\n".encode()))
    assert (dialect.delimiter, dialect.header) == (delimiter, header)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"a;b\r\n1;2\r\n3;4\r\n", [(2, ("1", "2")), (3, ("3", "4"))]),
        (b"a;b\n1;2\n3;4", [(2, ("1", "2")), (3, ("3", "4"))]),
        (b"a;b\r1;2\r3;4\r", [(2, ("1", "2")), (3, ("3", "4"))]),
        (b"a;b\r\r\n1;2\r\r\n", [(2, ("1", "2"))]),
        (b"a;b\n1;x\ry\n3;4\n", [(2, ("1", "x y")), (3, ("3", "4"))]),
        (b"a;b\n1;2\n\n\r\n3;4\n\n\n", [(2, ("1", "2")), (5, ("3", "4"))]),
        (b"a;b\n1;2\r\n\x1a", [(2, ("1", "2"))]),
        (b"a;b\n1;\n;\x1a\x1a\r\n", [(2, ("1", None))]),
        (b"a;b\n1;2\n;\n \xc2\xa0; \n3;4\n;\n;;;\n", [(2, ("1", "2")), (5, ("3", "4"))]),
        (b'a;b\n1;"2\n"\n;\n"";\n3;4\n  \n', [(2, ("1", "2")), (5, (None, None)), (6, ("3", "4"))]),
        (b"sep=;\na;b\n1;2\n\n3;4\n", [(3, ("1", "2")), (5, ("3", "4"))]),
        (b"\xef\xbb\xbfSep=,\r\na;x,b\r\n1,2\r\n", [(3, ("1", "2"))]),
        (b'"sep=;"\n"a";"b"\n"1";"2"\n', [(3, ("1", "2"))]),
        (b"sep=;\na,b\n1,2\n", [(3, ("1", "2"))]),
        (b"sep=\t\r\na\tb\r\n1\t2;3\r\n", [(3, ("1", "2;3"))]),
        (
            b"a;b\nNULL;null\n \\N;n/A\n#N/A;NaN\nnone;(NULL)\nNuller;x\n",
            [
                (2, (None, None)),
                (3, (None, None)),
                (4, (None, None)),
                (5, (None, None)),
                (6, ("Nuller", "x")),
            ],
        ),
        (b"a;b\n", []),
        (b"a;b", []),
        ("a;b\n \u00a01\u202f;\u00a0\n".encode(), [(2, ("1", None))]),
        (b'a;b\n"x\ny";"1"\n3;4\n', [(2, ("x\ny", "1")), (4, ("3", "4"))]),
        (b'a;b\n"x ""y"" z";5" tube\n3;" 4 "\n', [(2, ('x "y" z', '5" tube')), (3, ("3", "4"))]),
        (b'a;b\n"";""""\n', [(2, (None, '"'))]),
        ("a;b\nи\u0306;2\n".encode(), [(2, ("й", "2"))]),
    ],
)
def test_rows_and_their_lines(tmp_path: Path, content: bytes, rows: list) -> None:
    assert read(write(tmp_path, content)) == rows
    assert read(write(tmp_path, content, "holds.csv.gz")) == rows


def test_ragged_rows_are_set_aside_with_their_lines_and_cells(tmp_path: Path) -> None:
    reader = CsvReader(write(tmp_path, b'a;b;c\n1;2;3\n\n1;2\n"x\ny";5;6\n1;2;"3;4";5\n7;8;9\n'))
    batch = next(reader.read(("a", "c")))
    assert batch.lines.tolist() == [2, 5, 8]
    assert batch.ragged_lines.tolist() == [4, 7]
    assert batch.columns["c"].to_pylist() == ["3", "6", "9"]
    assert reader.cells_at(batch.ragged_lines) == {4: ("1", "2"), 7: ("1", "2", "3;4", "5")}
    assert reader.cells_at(batch.lines[1:2]) == {5: ("x\ny", "5", "6")}


def test_lines_go_on_over_blocks(tmp_path: Path) -> None:
    count = 1_000_000
    body = b"".join(
        b'%d;"%d\n"\n' % (i, i) if i % 7 == 0 else b"%d;%d\n" % (i, i) for i in range(count)
    )
    reader = CsvReader(write(tmp_path, b"a;b\n" + body))
    lines, cells = [], []
    for batch in reader.read(("b",)):
        lines += batch.lines.tolist()
        cells += batch.columns["b"].to_pylist()
    expected, line = [], 2
    for i in range(count):
        expected.append(line)
        line += 2 if i % 7 == 0 else 1
    assert lines == expected
    assert cells == [str(i) for i in range(count)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["holds.csv is empty", "Export"]),
        (b"\n\n", ["holds.csv is empty"]),
        (b"\na;b\n", ["holds.csv, line 1", "header is empty"]),
        (b";;\n1;2;3\n", ["holds.csv, line 1", "header is empty"]),
        (b"a;b;a\n", ["holds.csv, line 1", "column a", "more than once"]),
        (b'a;"b\n', ["holds.csv, line 1", "never closed"]),
        (b";".join(b"c%d" % i for i in range(1001)) + b"\n", ["line 1", "1,000 columns"]),
        (b"a;b\n1;" + b"x" * (1 << 20) + b"\n", ["holds.csv, line 2", "longer than 1 MiB"]),
        (b"x" * (3 << 20), ["holds.csv, line 1", "longer than 1 MiB"]),
        (b"a;b\n1;2\n" + b"x" * (20 << 20), ["holds.csv, line 3", "longer than 1 MiB"]),
        ("a;b\nЗ;1\n".encode("utf-16")[:-1], ["holds.csv", "UTF-16", "UTF-8"]),
        ("a;b\n1;\0\n".encode("utf-16"), ["holds.csv", "NUL"]),
        (b"a;b\n1;\x00\n", ["holds.csv", "NUL", "UTF-8 or cp1251"]),
        (b"sep=;\n", ["holds.csv", "no line 2"]),
        (b"sep=;\n;;\n1;2;3\n", ["holds.csv, line 2", "header is empty", "skip_lines"]),
        (b"a;b\n\xe0\xe1;1\nx;\x98\n", ["holds.csv, line 3", "0x98", "cp1251"]),
        ("a;b\nЗдравка;1\nПенка;".encode() + b"\xff\n", ["holds.csv, line 3", "not valid UTF-8"]),
        (b"\xef\xbb\xbfa;b\n1;\xe0\n", ["holds.csv, line 2", "0xE0", "utf-8"]),
        (b'a;b\n1;2\n"3;4\n5;6\n7;8\n', ["holds.csv, line 3", "not closed"]),
        (b'a;b;c\n1;2;3\n4;5;"6\n7;8;9"\n', ["holds.csv, line 3", "not closed"]),
        (b'a;b;c\n1;2;3\n4;"5\nx"y;6\n', ["holds.csv, line 3", "not closed"]),
        (b'a;b;c\n4;"5\n"\n', ["holds.csv, line 2", "has not 3 cells"]),
        (b'a;b\n1;"x', ["holds.csv, line 2", "not closed"]),
        (b'a;b\n1;2\n3;"' + b"x\n" * (2 << 20), ["holds.csv, line 3", "not closed"]),
    ],
)
def test_what_is_refused(tmp_path: Path, content: bytes, words: list[str]) -> None:
    message = refusal(write(tmp_path, content))
    assert [word for word in words if word not in message] == [], message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("name", ["holds.csv", "holds.csv.gz"])
def test_utf_16_is_read_with_and_without_its_mark(tmp_path: Path, encoding: str, name: str) -> None:
    rows = "".join(f"{i};Здравка {i}\r\n" for i in range(3000))
    path = write(tmp_path, f"a;b\r\n{rows}\r\n7;\U0001d11e\r\n".encode(encoding), name)
    found = read(path)
    assert found[:3000] == [(i + 2, (str(i), f"Здравка {i}")) for i in range(3000)]
    assert found[3000:] == [(3003, ("7", "\U0001d11e"))]
    reader = CsvReader(path)
    list(reader.read(reader.header))
    assert reader.cells_at(np.array([2500])) == {2500: ("2498", "Здравка 2498")}


def to_bytes(text: str, encoding: str) -> bytes:
    """Return a text in an encoding; MIK from its own description: the alphabet in one stretch from
    0x80 on.
    """
    if encoding == "utf-8-twice":
        return text.encode().decode("latin-1").encode()
    if encoding == "mik":
        return bytes(
            0x80 + ord(letter) - ord("А") if "А" <= letter <= "я" else ord(letter)
            for letter in text
        )
    return text.encode(encoding)


@pytest.mark.parametrize("encoding", ["cp866", "mik", "koi8-r", "iso-8859-5", "utf-8-twice"])
@pytest.mark.parametrize(
    "rows",
    [
        "P1;Здравка Образцова;ул. Примерна 1, София",
        "P1;ИВАН ПЕТРОВ;УЛ. ВИТОША 5",
        "P1;Проба Пробова;София",
        "1;Шишман Щерев;гр. Ямбол, ж.к. Зорница, бл. 3, вх. А",
        "2;ЮЛИЯ ЪГЛЕВА;ПЛОВДИВ",
    ],
)
def test_another_encoding_is_refused_by_name_and_read_by_a_mapping(
    tmp_path: Path, encoding: str, rows: str
) -> None:
    path = write(tmp_path, to_bytes(f"no;name;address\n7;plain;x\n{rows}\n", encoding))
    message = refusal(path)
    assert [
        word for word in ("holds.csv, line 3", encoding, "mapping") if word not in message
    ] == []
    dialect = read_dialect(path, encoding)
    assert next(read_blocks(path, dialect.encoding)).data.decode().split("\n")[2] == rows


@pytest.mark.parametrize("taken_for", ["cp1252", "cp1251", "cp866"])
def test_what_was_encoded_twice_is_read_whatever_it_was_taken_for(
    tmp_path: Path, taken_for: str
) -> None:
    text = "no;name\n1;Димитър Иванов\n"
    once = "".join(
        bytes((byte,)).decode(taken_for, "ignore") or chr(byte) for byte in text.encode()
    )
    path = write(tmp_path, b"\xef\xbb\xbf" + once.encode())
    assert "utf-8-twice" in refusal(path)
    assert next(read_blocks(path, "utf-8-twice")).data.decode() == text
    path.write_bytes((text + once.split("\n")[1] + "\n").encode())
    with pytest.raises(DunningError, match=r"line 2.*utf-8-twice"):
        next(read_blocks(path, "utf-8-twice"))


def test_lines_end_in_cr_where_the_first_lf_is_far_behind_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b'no;name\r1;Ivan\r2;"a\nb"\r3;Petar\r'
    monkeypatch.setattr(streams, "_CHUNK", content.index(b"\n") - 4)
    path = write(tmp_path, content)
    data = b"".join(block.data for block in read_blocks(path, "utf-8"))
    assert data == content.replace(b"\r", b"\n")


GOOD = [
    "Здравка Образцова",
    "ИВАН ПЕТРОВ",
    "СОФИЯ",
    "ЕООД",
    "ЖП",
    "ТЕЦ",
    "АД",
    "ООД",
    "Я",
    "бл",
    "ШШЩЩ",
    "ъъ",
    "ЖКХ",
    "Љубомир Ђорђевић",
    "Ѓорѓи Ќосев",
    "Їжакевич Єлизавета",
    "Эльвира Быкова",
    "Ўладзімір Ўшакоў",
    "Џон Његош",
    "Хюсеин Яхя",
    "ШЮКРЮ ЙЪЛДЪЗ",
    "„Пример 804“ ООД",
    "№ 5 – „А“",
    "GmbH „Мюлер“",
    "22.11.2026 г.",
    "22.11.2026\u00a0г.",
    "1\u00a0234,50",
    "ул.\u00a0Шипка 6",
    "кВтч МВтч",
    "с\u00a0г.",
    "§ 5",
    "12,50 €",
    "Ет. 3",
    "СД ХХХХ",
]


@pytest.mark.parametrize("text", [*GOOD, ";".join(GOOD)])
def test_good_cp1251_is_never_refused_however_few_or_strange_its_letters(
    tmp_path: Path, text: str
) -> None:
    names = ";".join(f"c{i}" for i in range(text.count(";") + 1))
    path = write(tmp_path, f"{names}\n{text}\n".encode("cp1251"))
    assert read(path) == [(2, tuple(text.split(";")))]


@pytest.mark.parametrize(
    "text", [*GOOD, "Zoë Müller", "Núñez ÑAÑA", "Đorđe Šćepanović", "Ðura", "СІРІ РІРІ", "Œuvre Ñ±"]
)
def test_good_utf_8_is_never_refused_however_strange_its_letters(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, f"a\n{text}\n".encode())
    assert read(path) == [(2, (text,))]


@pytest.mark.parametrize(
    "content", [b"no gzip at all", gzip.compress(b"a;b\n" + b"1;2\n" * 100_000)[:-20], b""]
)
def test_damaged_gzip_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "holds.csv.gz"
    path.write_bytes(content)
    message = refusal(path)
    assert "holds.csv.gz" in message
    assert "xport it again" in message or "opy or export" in message


def test_a_given_encoding_and_delimiter_are_believed(tmp_path: Path) -> None:
    path = write(tmp_path, "а|б;в\nд|е\n".encode("cp866"))
    dialect = read_dialect(path, "cp866", "|")
    assert dialect.header == ("а", "б;в")
    assert next(read_blocks(path, "cp866")).data == "а|б;в\nд|е\n".encode()
