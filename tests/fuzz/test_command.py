"""The command over damaged ledgers: exit code 1, one message, no traceback, nothing left behind."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from tests.fuzz.batches import REPOSITORY
from tests.fuzz.file_ledgers import good_ledger
from tests.fuzz.row_ledgers import FORMS


def _truncate(ledger: Path) -> None:
    path = ledger / "invoices.csv.gz"
    path.write_bytes(path.read_bytes()[:-20])


def _pipe(ledger: Path) -> None:
    import os

    (ledger / "holds.csv.gz").unlink()
    os.mkfifo(ledger / "holds.csv.gz")


def _deep(ledger: Path) -> None:
    (ledger / "manifest.json").write_text("[" * 100_000)


def _noise(ledger: Path) -> None:
    (ledger / "payments.csv.gz").write_bytes(Random(1).randbytes(5000))


def _broken_parquet(ledger: Path) -> None:
    (ledger / "notices.csv.gz").rename(ledger / "notices.parquet")


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (_truncate, "invoices.csv.gz"),
        (_pipe, "holds.csv.gz"),
        (_deep, "manifest.json"),
        (_noise, "payments.csv.gz"),
        (_broken_parquet, "notices.parquet"),
    ],
)
def test_one_message_and_nothing_else(
    damage, named: str, home: Path, tmp_path: Path, record_property
) -> None:
    ledger, out = good_ledger(FORMS[3]).write(tmp_path / "ledger"), tmp_path / "out"
    damage(ledger)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "dunning.cli",
            "nightly",
            "--ledger",
            str(ledger),
            "--as-of",
            "2026-11-22",
            "--out",
            str(out),
        ],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
    )
    messages = [line for line in done.stderr.splitlines() if line.startswith("dunning: ")]
    assert (done.returncode, len(messages)) == (1, 1), done.stderr
    assert named in messages[0]
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert [path for path in out.rglob("*") if path.is_file()] == []
    assert list((home / "snapshots").glob("*")) == []
    record_property("fuzz", json.dumps([["the command", "refused", 1]]))
