"""Write a snapshot: table by table, beside its place, and moved there at the very end."""

import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dunning.core.frames import BUCKETS, QUARANTINE_SCHEMA, SCHEMAS, BucketedTable
from dunning.gateways.snapshots.row_groups import seal_row_groups
from dunning.gateways.snapshots.snapshot import (
    FORMAT,
    Snapshot,
    SnapshotInfo,
    StoredFile,
    open_snapshot,
    sha256_of,
    sha256_of_info,
)
from dunning.ledger.snapshot_store import LedgerInfo

# Texts with few different values; everything else is written plain, identifiers above all.
_DICTIONARY = (
    "district",
    "route",
    "settlement",
    "postcode",
    "postal_settlement",
    "postal_postcode",
    "language",
    "channel",
    "source",
    "share",
    "author",
    "label",
    "unit",
)


class SnapshotWriter:
    """Writes a snapshot table by table, each bucket by bucket. The same rows give the same bytes.

    A snapshot that is already there under that fingerprint is replaced at the very end: it can only
    be of the same ledger, damaged or written by another version. Leaving the block without `finish`
    leaves nothing behind.

    Attributes:
        scratch: a folder for the temporary files of the loader; removed with the block.
    """

    def __init__(self, snapshots: Path, fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self.folder = Path(snapshots) / fingerprint
        self.beside = Path(snapshots) / f".{fingerprint}.unfinished"
        self.scratch = Path(snapshots) / f".{fingerprint}.scratch.unfinished"
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._rows: dict[str, list[int]] = {}

    def __enter__(self) -> "SnapshotWriter":
        self.beside.parent.mkdir(parents=True, exist_ok=True)
        for folder in (self.beside, self.scratch):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._writers.values():
            # on a full disk the footer cannot be written; all of the file is removed anyway
            with suppress(OSError, pa.ArrowException):
                writer.close()
        for folder in (self.beside, self.scratch):
            shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            # only if it is empty
            self.beside.parent.rmdir()

    def write(self, name: str, table: BucketedTable, buckets: range = range(BUCKETS)) -> None:
        """Append some consecutive buckets to a table; buckets come in order.

        Args:
            name: a table of SCHEMAS, with exactly its columns.
            table: its rows; those of `buckets` are written.
        """
        schema = SCHEMAS[name]
        rows = table.rows.select(schema.names).cast(schema)
        written = self._rows.setdefault(name, [])
        if (
            len(table.offsets) != BUCKETS + 1
            or table.offsets[0] != 0
            or table.offsets[-1] != len(rows)
        ):
            raise ValueError(
                f"the offsets of {name} do not cover its {len(rows)} rows in {BUCKETS} buckets"
            )
        if len(written) != buckets.start:
            raise ValueError(f"bucket {buckets.start} of {name} comes after {len(written)} buckets")
        writer = self._writer(name)
        for bucket in buckets:
            start, stop = int(table.offsets[bucket]), int(table.offsets[bucket + 1])
            # one row group per bucket, an empty one too; a size of 0 is not allowed
            writer.write_table(rows.slice(start, stop - start), row_group_size=max(stop - start, 1))
            written.append(stop - start)

    def finish(self, quarantine: pa.Table, info: LedgerInfo) -> Snapshot:
        """Move the snapshot to its place and return it, opened.

        Args:
            quarantine: rows under QUARANTINE_SCHEMA.
            info: further content of `snapshot.json`.
        """
        for writer in self._writers.values():
            writer.close()
        # hashing lets other threads work meanwhile
        with ThreadPoolExecutor(2) as pool:
            entries = dict(zip(SCHEMAS, pool.map(self._describe_table, SCHEMAS), strict=True))
        entries["quarantine"] = _write_quarantine(self.beside, quarantine)
        content: SnapshotInfo = {
            **info,
            "format": FORMAT,
            "fingerprint": self.fingerprint,
            "tables": entries,
            "buckets": {name: self._rows[name] for name in SCHEMAS},
        }
        # last, over all that it protects
        content["sha256"] = sha256_of_info(content)
        _write_private(
            self.beside / "snapshot.json",
            json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n",
        )
        # a folder that is there can only be the same ledger, damaged or of another version
        shutil.rmtree(self.folder, ignore_errors=True)
        os.rename(self.beside, self.folder)
        return open_snapshot(self.folder)

    def _writer(self, name: str) -> pq.ParquetWriter:
        if name not in self._writers:
            schema = SCHEMAS[name]
            few = [column for column in schema.names if column in _DICTIONARY]
            self._writers[name] = pq.ParquetWriter(
                self._path(name),
                schema,
                compression="lz4",
                use_dictionary=few,
                write_statistics=False,
            )
            self._path(name).chmod(0o600)
        return self._writers[name]

    def _describe_table(self, name: str) -> StoredFile:
        if len(self._rows.get(name, ())) != BUCKETS:
            raise ValueError(f"{name} has {len(self._rows.get(name, ()))} of {BUCKETS} buckets")
        path = self._path(name)
        return {
            "rows": sum(self._rows[name]),
            "sha256": sha256_of(path),
            "groups": seal_row_groups(path),
        }

    def _path(self, name: str) -> Path:
        return self.beside / f"{name}.parquet"


def _write_quarantine(folder: Path, quarantine: pa.Table) -> StoredFile:
    path = folder / "quarantine.parquet"
    pq.write_table(
        quarantine.select(QUARANTINE_SCHEMA.names).cast(QUARANTINE_SCHEMA), path, compression="lz4"
    )
    path.chmod(0o600)
    return {"rows": len(quarantine), "sha256": sha256_of(path)}


def _write_private(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
