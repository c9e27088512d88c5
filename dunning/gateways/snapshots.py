"""The snapshot of a ledger: one folder, named by the ledger's fingerprint, that nobody changes once it stands.

`<snapshots>/<fingerprint>/` holds `<table>.parquet` for every table of `dunning.core.frames.SCHEMAS` (lz4, one row
group a bucket, always 64 of them), `quarantine.parquet` and `snapshot.json`, which names each file's rows and SHA-256.
The folder is written beside its place and moved there at the very end: a snapshot is there as a whole or not at all.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dunning.core.errors import DunningError
from dunning.core.frames import BUCKETS, SCHEMAS, Bucket, frame_of

FORMAT = 1
QUARANTINE_SCHEMA = pa.schema(
    {"table": pa.string(), "file": pa.string(), "line": pa.int64(), "reasons": pa.string(), "row": pa.string()}
)

# Texts with few different values; everything else is written plain, identifiers above all.
_DICTIONARY = ("district", "route", "settlement", "postcode", "postal_settlement", "postal_postcode", "language",
               "channel", "source", "share", "author", "label", "unit")


@dataclass(frozen=True)
class BucketedTable:
    """The rows of one table, bucket after bucket: b is `rows[offsets[b]:offsets[b + 1]]`, of 65 `offsets`."""

    rows: pa.Table
    offsets: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Snapshot:
    """An open snapshot. `info` is the parsed `snapshot.json`."""

    folder: Path
    info: dict[str, Any]
    _files: dict[str, pq.ParquetFile] = field(default_factory=dict, repr=False, compare=False)

    @property
    def fingerprint(self) -> str:
        """The ledger's fingerprint, which is the folder's name."""
        return str(self.info["fingerprint"])

    def buckets(self) -> list[int]:
        """Return the numbers of the buckets that have an account."""
        return [b for b, rows in enumerate(self.info["buckets"]["accounts"]) if rows]

    def read_bucket(
        self, index: int, tables: Iterable[str] | None = None, without: Mapping[str, Iterable[str]] | None = None
    ) -> Bucket:
        """Return one bucket as frames; only `tables`, where given, and of each all columns but those in `without`."""
        names, unread = SCHEMAS if tables is None else tables, without or {}
        return Bucket(
            index, {name: frame_of(self._row_group(name, index, set(unread.get(name, ())))) for name in names}
        )

    def quarantine(self) -> pa.Table:
        """Return the refused rows: table, file, line, reasons, row (masked), by table of the contract and line."""
        return pq.ParquetFile(self.folder / "quarantine.parquet").read()

    def newest_paid_on(self, as_of: date) -> date | None:
        """Return the newest day of a payment or reversal (credit notes are none) up to `as_of`; None without one."""
        payments = pq.read_table(self.folder / "payments.parquet", columns=["paid_on", "is_note"])
        reversals = pq.read_table(self.folder / "reversals.parquet", columns=["paid_on"])
        paid_on = payments.filter(pc.invert(payments["is_note"]))["paid_on"]
        days = pa.chunked_array([*paid_on.chunks, *reversals["paid_on"].chunks], pa.date32())
        newest: date | None = pc.max(days.filter(pc.less_equal(days, pa.scalar(as_of)))).as_py()
        return newest

    def read_notices(self) -> pa.Table:
        """Return what became of each of the ledger's notices: notice_no, served_on, failed_on, and its bucket."""
        told = pq.read_table(self.folder / "notices.parquet", columns=["notice_no", "served_on", "failed_on"])
        bucket = np.repeat(np.arange(BUCKETS, dtype=np.int32), self.info["buckets"]["notices"])
        return told.append_column("bucket", pa.array(bucket))

    def table_sizes(self) -> dict[str, int]:
        """Return how many rows of each table of the ledger were taken in; a table that was absent is not there."""
        absent, told = self.info["absent_tables"], self.info["books"]["tables"]
        return {name: rows["taken"] for name, rows in told.items() if name not in absent}

    def verify(self) -> None:
        """Compare every file with the SHA-256 in `snapshot.json`.

        Raises:
            DunningError: a file is missing or is not what was written.
        """
        for name, told in sorted(self.info["tables"].items()):
            path = self.folder / f"{name}.parquet"
            if not path.is_file() or sha256_of(path) != told["sha256"]:
                raise DunningError(
                    f"The snapshot file {path} is missing or not the one that was written (SHA-256 differs from "
                    f"snapshot.json). Nothing may be decided on it. Remove the folder {self.folder} and load again."
                )

    def _row_group(self, name: str, index: int, without: set[str]) -> pa.Table:
        if name not in self._files:
            self._files[name] = pq.ParquetFile(self.folder / f"{name}.parquet")
        columns = [column for column in SCHEMAS[name].names if column not in without]
        return self._files[name].read_row_group(index, columns=columns, use_threads=False)


def open_snapshot(folder: Path) -> Snapshot:
    """Return the snapshot in `folder`.

    Raises:
        DunningError: there is none, or another version of the program wrote it.
    """
    path = Path(folder) / "snapshot.json"
    if not path.is_file():
        raise DunningError(f"There is no snapshot in {folder} (no snapshot.json). Load the ledger of that date again.")
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DunningError(f"{path} cannot be read ({error}). Remove the folder {folder} and load again.") from error
    if info.get("format") != FORMAT:
        raise DunningError(
            f"The snapshot in {folder} has format {info.get('format')}; this program reads format {FORMAT}. "
            f"Load the ledger again."
        )
    return Snapshot(Path(folder), info)


def find_snapshot(snapshots: Path, fingerprint: str) -> Snapshot | None:
    """Return the whole, unharmed snapshot of a ledger, or None where it has to be made (again)."""
    try:
        snapshot = open_snapshot(Path(snapshots) / fingerprint)
        snapshot.verify()
    except DunningError:
        return None
    return snapshot


def write_snapshot(
    snapshots: Path, fingerprint: str, tables: Mapping[str, BucketedTable], quarantine: pa.Table,
    info: Mapping[str, Any],
) -> Snapshot:
    """Write a snapshot and return it, opened.

    The same rows give the same bytes. What stands under that fingerprint already is replaced: it can only be the same
    ledger, harmed or written by another version.

    Args:
        snapshots: the folder of all snapshots; made where it is missing.
        fingerprint: of the ledger; names the folder.
        tables: every table of SCHEMAS, each with exactly its columns.
        quarantine: rows under QUARANTINE_SCHEMA.
        info: what else `snapshot.json` shall say.
    """
    snapshots = Path(snapshots)
    snapshots.mkdir(parents=True, exist_ok=True)
    folder, beside = snapshots / fingerprint, snapshots / f".{fingerprint}.unfinished"
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(mode=0o700)
    with ThreadPoolExecutor(2) as pool:
        told = dict(zip(SCHEMAS, pool.map(lambda name: _write_table(beside, name, tables[name]), SCHEMAS), strict=True))
    told["quarantine"] = _write_quarantine(beside, quarantine)
    content = {
        **info, "format": FORMAT, "fingerprint": fingerprint, "tables": told,
        "buckets": {name: np.diff(tables[name].offsets).tolist() for name in SCHEMAS},
    }
    _write_private(beside / "snapshot.json", json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    os.rename(beside, folder)
    return open_snapshot(folder)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_table(folder: Path, name: str, table: BucketedTable) -> dict[str, Any]:
    path, schema = folder / f"{name}.parquet", SCHEMAS[name]
    rows = table.rows.select(schema.names).cast(schema)
    if len(table.offsets) != BUCKETS + 1 or table.offsets[0] != 0 or table.offsets[-1] != len(rows):
        raise ValueError(f"the offsets of {name} do not cover its {len(rows)} rows in {BUCKETS} buckets")
    few = [column for column in schema.names if column in _DICTIONARY]
    with pq.ParquetWriter(path, schema, compression="lz4", use_dictionary=few, write_statistics=False) as writer:
        for start, stop in zip(table.offsets[:-1].tolist(), table.offsets[1:].tolist(), strict=True):
            writer.write_table(rows.slice(start, stop - start), row_group_size=max(stop - start, 1))
    path.chmod(0o600)
    return {"rows": len(rows), "sha256": sha256_of(path)}


def _write_quarantine(folder: Path, quarantine: pa.Table) -> dict[str, Any]:
    path = folder / "quarantine.parquet"
    pq.write_table(quarantine.select(QUARANTINE_SCHEMA.names).cast(QUARANTINE_SCHEMA), path, compression="lz4")
    path.chmod(0o600)
    return {"rows": len(quarantine), "sha256": sha256_of(path)}


def _write_private(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
