"""What would fill memory, disk or the night: refused in bounded memory and time, each in a process
of its own.
"""

import gzip
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fuzz.batches import REPOSITORY
from tests.fuzz.file_ledgers import good_ledger
from tests.fuzz.row_ledgers import FORMS

SECONDS_MAX, MIB_MAX = 120, 600
GIB = 1 << 30
_LOAD = """
import sys
from decimal import Decimal
from pathlib import Path
from dunning.core.errors import DunningError
from dunning.gateways.snapshots.snapshot_store import SnapshotStore
from dunning.ledger.load import load_ledger
from tests.ledger.extracts import Limits
from tests.memory import peak_mb
folder, share, mapping = Path(sys.argv[1]), Decimal(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None
try:
    load_ledger(folder, SnapshotStore(folder.parent / "snapshots"), mapping=mapping, quarantine_limits=Limits(share))
    print("taken in")
except DunningError as error:
    print(error)
print(round(peak_mb()), file=sys.stderr)
"""


def load_bounded(ledger: Path, *mapping: Path, share: str = "1") -> tuple[str, int]:
    """Load in another process, where this share of rows may be refused; return what it said, its
    peak memory in MiB.
    """
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, str(ledger), share, *map(str, mapping)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (8 * GIB, 8 * GIB)),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip(), int(done.stderr.split()[-1])


def pack(path: Path, start: bytes, piece: bytes, times: int) -> None:
    """Write a gzip file whose text is `start` and then many times a piece, which is compressed
    once: it is a bomb.
    """
    path.write_bytes(gzip.compress(start, 1) + gzip.compress(piece, 9) * times)


def zeros(folder: Path) -> None:
    pack(folder / "holds.csv.gz", b"hold_no;reason;valid_from\n", bytes(1 << 26), 80)  # 5 GiB


def endless_line(folder: Path) -> None:
    pack(folder / "holds.csv.gz", b"hold_no;reason;valid_from\n", b"x" * (1 << 26), 80)


def endless_first_line(folder: Path) -> None:
    pack(folder / "holds.csv.gz", b"", b"hold_no;" * (1 << 23), 80)


def endless_quote(folder: Path) -> None:
    pack(folder / "holds.csv.gz", b'hold_no;reason;valid_from\n"', b"x\n" * (1 << 25), 80)


def long_line(folder: Path) -> None:
    with (folder / "holds.csv").open("ab") as file:
        file.write(b"H9;")
        for _ in range(64):
            file.write(b"9" * (1 << 24))  # 1 GiB in all


def sparse_line(folder: Path) -> None:
    with (folder / "holds.csv").open("ab") as file:
        file.truncate(GIB)


def many_columns(folder: Path) -> None:
    names = ";".join(f"c{i}" for i in range(100_000))
    (folder / "holds.csv").write_text(f"hold_no;reason;valid_from;{names}\n")


def many_cells(folder: Path) -> None:
    with (folder / "holds.csv").open("a") as file:
        file.write("1;" * 1_000_000 + "\n")


def many_parquet_columns(folder: Path) -> None:
    (folder / "holds.csv").unlink()
    pq.write_table(
        pa.table({f"c{i}": pa.nulls(0, pa.string()) for i in range(20_000)}),
        folder / "holds.parquet",
    )


def huge_manifest(folder: Path) -> None:
    with (folder / "manifest.json").open("wb") as file:
        file.write(b'{"as_of": "')
        file.truncate(GIB)


def deep_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"a":' * 100_000 + "1" + "}" * 100_000)


BOMBS: dict[str, tuple[Callable[[Path], None], str]] = {
    "5 GiB of zeros in a gzip": (
        zeros,
        "holds.csv.gz holds NUL bytes and is not UTF-16 from its first letter on",
    ),
    "5 GiB of one line in a gzip": (endless_line, "holds.csv.gz, line 2 is longer than 1 MiB"),
    "5 GiB of header in a gzip": (endless_first_line, "holds.csv.gz, line 1 is longer than 1 MiB"),
    "5 GiB within one quote": (endless_quote, "holds.csv.gz, line 2: a quote"),
    "a line of 1 GiB": (long_line, "is longer than 1 MiB"),
    "1 GiB of holes": (sparse_line, "holds.csv holds NUL bytes"),
    "100,000 columns": (many_columns, "holds.csv, line 1: more than 1,000 columns"),
    "a row of a million cells": (many_cells, "is longer than 1 MiB"),
    "20,000 Parquet columns": (
        many_parquet_columns,
        "holds.parquet, line 1: more than 1,000 columns",
    ),
    "a manifest of 1 GiB": (huge_manifest, "manifest.json is larger than 1 MiB"),
    "a manifest nested 100,000 deep": (deep_manifest, "manifest.json is nested too deep"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bomb(name: str, tmp_path: Path, record_property) -> None:
    lay, words = BOMBS[name]
    ledger = good_ledger(FORMS[0]).write(tmp_path / "ledger")
    if name.endswith("gzip") or name.endswith("quote"):
        (ledger / "holds.csv").unlink()
    lay(ledger)
    said, mib = load_bounded(ledger)
    assert words in said
    assert mib < MIB_MAX
    assert not (tmp_path / "snapshots").exists()
    record_property("fuzz", json.dumps([["bombs", "refused", 1]]))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = " + "[" * 100_000 + "]" * 100_000, "map.toml is nested too deep"),
        (".".join("a" * 100_000) + " = 1", "map.toml is nested too deep"),
        ("# " + "x" * (100 << 20), "map.toml is larger than 1 MiB"),
        ('tables = 1\ny = """\n' + "[" * 900_000 + '\n"""', "map.toml"),
    ],
    ids=["nested", "dotted", "100 MiB", "brackets"],
)
def test_mapping_bomb(text: str, words: str, tmp_path: Path, record_property) -> None:
    ledger = good_ledger(FORMS[0]).write(tmp_path / "ledger")
    (tmp_path / "map.toml").write_text(text)
    said, mib = load_bounded(ledger, tmp_path / "map.toml")
    assert words in said
    assert mib < MIB_MAX
    record_property("fuzz", json.dumps([["bombs", "refused", 1]]))


@pytest.mark.parametrize("table", ["payments", "contacts"])
def test_two_million_rows_that_are_refused(table: str, tmp_path: Path, record_property) -> None:
    """They are counted, but not held as text, where there are too many of them anyway: some 300
    bytes each.
    """
    ledger = good_ledger(FORMS[0]).write(tmp_path / "ledger")
    with (ledger / f"{table}.csv").open("ab") as file:
        delimiter = (ledger / f"{table}.csv").read_bytes().split(b"\n")[0].count(b";")
        file.writelines(b"%d%s\n" % (number, b";" * delimiter) for number in range(2_000_000))
    said, mib = load_bounded(ledger, share="0.01")
    assert said.startswith(f"Too many rows are refused: {table} ")
    assert mib < 1.6 * MIB_MAX
    record_property("fuzz", json.dumps([["bombs", "refused", 1]]))
