"""Encodings, delimiters, headers and line ends: what is understood and what is refused with file, line and cure."""

import gzip
from pathlib import Path

import pytest

from dunning.core.errors import DunningError
from dunning.gateways.ledger.dialects import read_blocks, read_dialect
from dunning.gateways.ledger.readers import CsvReader


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
def test_delimiter_and_header(tmp_path: Path, line: str, delimiter: str, header: tuple[str, ...]) -> None:
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
        (b"a;b\n1;\n;\x1a\x1a\r\n", [(2, ("1", None)), (3, (None, None))]),
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
    body = b"".join(b'%d;"%d\n"\n' % (i, i) if i % 7 == 0 else b"%d;%d\n" % (i, i) for i in range(count))
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
        ("a;b\nЗ;1\n".encode("utf-16"), ["holds.csv", "UTF-16", "UTF-8 or cp1251"]),
        ("a;b\nЗ;1\n".encode("utf-16-le"), ["holds.csv", "UTF-16"]),
        (b"a;b\n1;\x00\n", ["holds.csv", "NUL"]),
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


@pytest.mark.parametrize("content", [b"no gzip at all", gzip.compress(b"a;b\n" + b"1;2\n" * 100_000)[:-20], b""])
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
