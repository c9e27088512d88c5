"""A snapshot gives back what was written, bucket by bucket, and is there as a whole or not at
all.
"""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dunning.core.days import NEVER
from dunning.core.errors import DunningError
from dunning.core.frames import BUCKETS, QUARANTINE_SCHEMA, SCHEMAS, BucketedTable
from dunning.gateways.snapshots.snapshot import find_snapshot, open_snapshot
from dunning.gateways.snapshots.writer import SnapshotWriter


def offsets_of(counts: dict[int, int]) -> np.ndarray:
    sizes = np.zeros(BUCKETS, np.int64)
    sizes[list(counts)] = list(counts.values())
    return np.concatenate(([0], np.cumsum(sizes)))


def tables() -> dict[str, BucketedTable]:
    empty = {
        n: BucketedTable(s.empty_table(), np.zeros(BUCKETS + 1, np.int64))
        for n, s in SCHEMAS.items()
    }
    accounts = pa.table(
        {
            "premise_no": ["001", "002", "003"],
            "payer_code": ["a", "b", "c"],
            "premise": [0, 1, 0],
            "payer": [0, 1, 0],
            "began_on": pa.array([1, 2, None], pa.int32()).cast(pa.date32()),
            "has_refused_evidence": [True, False, False],
        }
    )
    return {
        **empty,
        "accounts": BucketedTable(accounts.cast(SCHEMAS["accounts"]), offsets_of({5: 2, 63: 1})),
    }


def write(folder):
    with SnapshotWriter(folder, "f1") as writer:
        for name, table in tables().items():
            writer.write(name, table)
        return writer.finish(QUARANTINE_SCHEMA.empty_table(), {"as_of": None})


def test_buckets_come_back_as_they_were_written(tmp_path):
    snapshot = open_snapshot(write(tmp_path).folder)
    assert [5, 63] == snapshot.buckets()
    fifth, last = snapshot.read_bucket(5), snapshot.read_bucket(63, ["accounts"])
    assert ["001", "002"] == fifth.accounts.text("premise_no").to_pylist()
    assert [True, False] == fifth.accounts["has_refused_evidence"].tolist()
    assert [NEVER] == last.accounts["began_on"].tolist()
    assert ["accounts"] == list(last.tables)
    assert 0 == len(fifth.items)
    assert np.int64 == fifth.items["amount_minor"].dtype


def test_an_empty_bucket_reads_with_every_column(tmp_path):
    bucket = write(tmp_path).read_bucket(0)
    assert {name: schema.names for name, schema in SCHEMAS.items()} == {
        n: list(f) for n, f in bucket.tables.items()
    }
    assert {0} == {len(frame) for frame in bucket.tables.values()}


def test_always_64_row_groups_and_owner_only(tmp_path):
    folder = write(tmp_path).folder
    assert {64} == {pq.ParquetFile(folder / f"{name}.parquet").num_row_groups for name in SCHEMAS}
    assert {0o600} == {path.stat().st_mode & 0o777 for path in folder.iterdir()}


def test_the_same_rows_give_the_same_bytes(tmp_path):
    one, two = write(tmp_path / "a").folder, write(tmp_path / "b").folder
    assert {p.name: p.read_bytes() for p in one.iterdir()} == {
        p.name: p.read_bytes() for p in two.iterdir()
    }


def test_a_changed_file_is_found_and_the_snapshot_is_made_again(tmp_path):
    snapshot = write(tmp_path)
    assert find_snapshot(tmp_path, "f1") is not None
    (snapshot.folder / "items.parquet").write_bytes(b"x")
    with pytest.raises(DunningError, match=r"items\.parquet is missing or not the one"):
        snapshot.verify()
    assert find_snapshot(tmp_path, "f1") is None
    write(tmp_path).verify()


def test_a_leftover_of_an_interrupted_write_is_replaced(tmp_path):
    leftover = tmp_path / ".f1.unfinished"
    leftover.mkdir()
    (leftover / "junk").write_text("x")
    write(tmp_path)
    assert ["f1"] == [path.name for path in tmp_path.iterdir()]


def test_no_snapshot_says_so(tmp_path):
    with pytest.raises(DunningError, match="There is no snapshot"):
        open_snapshot(tmp_path / "none")
