"""The same seed gives the same bytes, another seed others, whatever the chunks."""

import hashlib
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dunning.core.errors import DunningError, UsageError
from dunning.sample import write_sample
from dunning.sample.dice import Dice
from dunning.sample.write import AS_OF, make_chunk


def digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize(
    ("table_format", "dialect"), [("csv", "plain"), ("csv.gz", "bulgaria"), ("parquet", "plain")]
)
def test_same_seed_same_bytes(tmp_path: Path, table_format: str, dialect: str) -> None:
    for name in ("one", "two"):
        write_sample(tmp_path / name, 600, 4, table_format=table_format, dialect=dialect)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_other_seed_other_bytes(tmp_path: Path) -> None:
    write_sample(tmp_path / "four", 600, 4)
    write_sample(tmp_path / "five", 600, 5)
    four, five = digests(tmp_path / "four"), digests(tmp_path / "five")
    assert [name for name in four if four[name] == five[name]] == []


def test_dice_are_the_same_everywhere() -> None:
    assert Dice(7).below(1000, "throw", np.arange(6)).tolist() == [943, 332, 427, 780, 886, 470]


def test_chunks_do_not_matter() -> None:
    dice = Dice(3)
    whole = make_chunk(dice, np.arange(400), 399, AS_OF)
    halves = [
        make_chunk(dice, numbers, 399, AS_OF) for numbers in (np.arange(200), np.arange(200, 400))
    ]
    for table in ("premises", "payers", "tenancies", "invoices", "payments"):
        assert pa.concat_tables([half[table].table for half in halves]).equals(
            whole[table].table
        ), table


def test_a_sample_is_replaced(tmp_path: Path) -> None:
    write_sample(tmp_path / "again", 20, 1, table_format="parquet")
    write_sample(tmp_path / "again", 10, 1)
    write_sample(tmp_path / "fresh", 10, 1)
    assert digests(tmp_path / "again") == digests(tmp_path / "fresh")


def test_somebody_elses_ledger_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "invoices.csv").write_text("invoice_no\n", "utf-8")
    with pytest.raises(DunningError, match="no sample"):
        write_sample(tmp_path, 10, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["invoices.csv"]


@pytest.mark.parametrize(
    ("accounts", "seed", "as_of", "table_format", "dialect"),
    [
        (0, 1, AS_OF, "csv", "plain"),
        (5_000_001, 1, AS_OF, "csv", "plain"),
        (10, -1, AS_OF, "csv", "plain"),
        (10, 1, date(2011, 12, 31), "csv", "plain"),
        (10, 1, AS_OF, "xlsx", "plain"),
        (10, 1, AS_OF, "csv", "german"),
        (10, 1, AS_OF, "parquet", "bulgaria"),
    ],
)
def test_wrong_arguments_are_refused(
    tmp_path: Path, accounts: int, seed: int, as_of: date, table_format: str, dialect: str
) -> None:
    with pytest.raises(UsageError):
        write_sample(tmp_path / "none", accounts, seed, as_of, table_format, dialect)
    assert not (tmp_path / "none").exists()
