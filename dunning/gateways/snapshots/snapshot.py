"""The snapshot of a ledger: one folder, named by the ledger's fingerprint, that never changes.

`<snapshots>/<fingerprint>/` holds `<table>.parquet` for every table of
`dunning.core.frames.SCHEMAS` (lz4, one row group per bucket, always 64 of them),
`quarantine.parquet` and `snapshot.json`, which names each file's rows and SHA-256, those of its row
groups (see `row_groups`), and its own. What is read is compared with them each time. The folder is
written beside its place and moved there at the very end: a snapshot is there as a whole or not at
all.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import NotRequired, TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dunning.core.days import to_day
from dunning.core.errors import DunningError
from dunning.core.frames import BUCKETS, SCHEMAS, Bucket, frame_of
from dunning.core.money import BGN_PER_EUR
from dunning.core.words import SERVICES
from dunning.gateways.snapshots.row_groups import PartsSeal, SealedFile
from dunning.ledger.snapshot_store import LedgerInfo

# Raised with every change of the files: snapshots of other versions are loaded again.
FORMAT = 4


# The columns of the ledger's notices that other dates and our own actions are compared with.
_NOTICE_COLUMNS = ("notice_no", "account", "channel", "sent_on", "served_on", "failed_on")


class StoredFile(TypedDict):
    """What `snapshot.json` has of each file; the quarantine has no row groups of buckets."""

    rows: int
    sha256: str
    groups: NotRequired[PartsSeal]


class SnapshotInfo(LedgerInfo):
    """All of `snapshot.json`; `sha256` is that of everything else in it."""

    format: int
    fingerprint: str
    tables: dict[str, StoredFile]
    buckets: dict[str, list[int]]
    sha256: NotRequired[str]


@dataclass(frozen=True)
class Snapshot:
    """An open snapshot. `info` is the parsed `snapshot.json`."""

    folder: Path
    info: SnapshotInfo
    _files: dict[str, SealedFile] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def fingerprint(self) -> str:
        """The ledger's fingerprint, which is the folder's name."""
        return self.info["fingerprint"]

    def buckets(self) -> list[int]:
        """Return the numbers of the buckets that have an account."""
        return [b for b, rows in enumerate(self.info["buckets"]["accounts"]) if rows]

    def read_bucket(
        self,
        index: int,
        tables: Iterable[str] | None = None,
        without: Mapping[str, Iterable[str]] | None = None,
    ) -> Bucket:
        """Return one bucket as frames; only `tables`, where given, and no columns in `without`.

        `without` is by table.

        Raises:
            DunningError: what would be read is missing or is not what was written.
        """
        names, unread = SCHEMAS if tables is None else tables, without or {}
        return Bucket(
            index,
            {
                name: frame_of(self._row_group(name, index, set(unread.get(name, ()))))
                for name in names
            },
        )

    def quarantine(self) -> pa.Table:
        """Return the refused rows under QUARANTINE_SCHEMA (masked), by contract table and line."""
        self._check("quarantine")
        return pq.ParquetFile(self.folder / "quarantine.parquet").read()

    def newest_paid_on(self, as_of: date) -> date | None:
        """Return the newest day of a payment or reversal up to `as_of`; None without one.

        Credit notes are not payments.
        """
        payments = pq.read_table(self.folder / "payments.parquet", columns=["paid_on", "is_note"])
        reversals = pq.read_table(self.folder / "reversals.parquet", columns=["paid_on"])
        paid_on = payments.filter(pc.invert(payments["is_note"]))["paid_on"]
        days = pa.chunked_array([*paid_on.chunks, *reversals["paid_on"].chunks], pa.date32())
        newest: date | None = pc.max(days.filter(pc.less_equal(days, pa.scalar(as_of)))).as_py()
        return newest

    def count_payments(self, windows: Iterable[tuple[date, date]]) -> list[int]:
        """Return how many payments are dated in each window, both days included.

        Credit notes are not payments.
        """
        payments = pq.read_table(self.folder / "payments.parquet", columns=["paid_on", "is_note"])
        days = (
            payments.filter(pc.invert(payments["is_note"]))["paid_on"].cast(pa.int32()).to_numpy()
        )
        # payments before 1970 count for that day: bincount takes no negative numbers
        per_day = np.bincount(np.maximum(days, 0))
        # running sums: until[d] = payments before day d; a window is the difference of two of them
        #   per_day    2  0  1  3
        #   until      0  2  2  3  6     days 1 to 3: until[4] - until[1] = 4
        until = np.r_[0, np.cumsum(per_day)]
        ends = np.array([(to_day(since), to_day(last) + 1) for since, last in windows]).clip(
            0, len(per_day)
        )
        return [int(count) for count in until[ends[:, 1]] - until[ends[:, 0]]]

    def sum_payments(self, until: date) -> tuple[int, Fraction]:
        """Return the number of payments and reversals dated up to a day, and the payments' sum.

        The sum is in euro cents. Credit notes are not payments. Amounts in leva are converted, not
        rounded.
        """
        self._check("payments")
        self._check("reversals")
        columns = ["paid_on", "amount_minor", "is_bgn"]
        payments = pq.read_table(self.folder / "payments.parquet", columns=[*columns, "is_note"])
        payments = payments.filter(
            pc.and_(pc.invert(payments["is_note"]), _is_until(payments["paid_on"], until))
        )
        reversals = pq.read_table(self.folder / "reversals.parquet", columns=["paid_on"])
        count = len(payments) + (pc.sum(_is_until(reversals["paid_on"], until)).as_py() or 0)
        is_bgn = payments["is_bgn"]
        euro, leva = (
            pc.sum(payments["amount_minor"].filter(chosen)).as_py() or 0
            for chosen in (pc.invert(is_bgn), is_bgn)
        )
        # a fraction: rounding could hide or make up a cent between two extracts
        return count, euro + leva / Fraction(BGN_PER_EUR)

    def read_notices(self) -> pa.Table:
        """Return delivery dates and bucket of each of the ledger's notices.

        notice_no, account (place in its bucket), channel, sent_on, served_on, failed_on, bucket.
        """
        self._check("notices")
        notices = pq.read_table(self.folder / "notices.parquet", columns=list(_NOTICE_COLUMNS))
        # rows are stored bucket after bucket, so the counts give the bucket of every row
        bucket = np.repeat(np.arange(BUCKETS, dtype=np.int32), self.info["buckets"]["notices"])
        return notices.append_column("bucket", pa.array(bucket))

    def read_account_codes(self) -> tuple[pa.Table, npt.NDArray[np.int64]]:
        """Return premise_no and payer_code of all accounts, and the first row of each bucket.

        Rows are ordered by bucket.
        """
        self._check("accounts")
        codes = pq.read_table(
            self.folder / "accounts.parquet", columns=["premise_no", "payer_code"]
        )
        return codes, np.r_[0, np.cumsum(self.info["buckets"]["accounts"])].astype(np.int64)

    def services(self) -> list[str]:
        """Return the services that any premise has, in the order of `words.SERVICES`."""
        self._check("premises")
        codes = pc.unique(
            pq.read_table(self.folder / "premises.parquet", columns=["service"])["service"]
        )
        return [SERVICES[code] for code in sorted(codes.to_pylist())]

    def table_sizes(self) -> dict[str, int]:
        """Return the accepted rows of each ledger table, and the rows with each protecting column.

        The columns are named as `payers.vulnerable`. A table or column that was absent is not
        included.
        """
        absent, counts = self.info["absent_tables"], self.info["books"]["tables"]
        taken = {name: rows["taken"] for name, rows in counts.items() if name not in absent}
        return taken | self.info["protections"]

    def verify(self) -> None:
        """Compare every file with the SHA-256 in `snapshot.json`.

        Raises:
            DunningError: a file is missing or is not what was written.
        """
        for name in sorted(self.info["tables"]):
            self._check(name)

    def _check(self, name: str) -> None:
        path = self.folder / f"{name}.parquet"
        if not path.is_file() or sha256_of(path) != self.info["tables"][name]["sha256"]:
            raise DunningError(
                f"The snapshot file {path} is missing or not the one that was written (SHA-256 differs from "
                f"snapshot.json). Nothing may be decided on it. Remove the folder {self.folder} and load again."
            )

    def _row_group(self, name: str, index: int, without: set[str]) -> pa.Table:
        if name not in self._files:
            path = self.folder / f"{name}.parquet"
            self._files[name] = SealedFile(path, self.info["tables"][name]["groups"])
        columns = [column for column in SCHEMAS[name].names if column not in without]
        return self._files[name].read_row_group(index, columns)


def _is_until(days: pa.ChunkedArray, until: date) -> pa.ChunkedArray:
    return pc.less_equal(days, pa.scalar(until))


def open_snapshot(folder: Path) -> Snapshot:
    """Return the snapshot in `folder`.

    Raises:
        DunningError: there is none, or another version of the program wrote it.
    """
    path = Path(folder) / "snapshot.json"
    if not path.is_file():
        raise DunningError(
            f"There is no snapshot in {folder} (no snapshot.json). Load the ledger of that date again."
        )
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DunningError(
            f"{path} cannot be read ({error}). Remove the folder {folder} and load again."
        ) from error
    if info.get("format") != FORMAT:
        raise DunningError(
            f"The snapshot in {folder} has format {info.get('format')}; this program reads format {FORMAT}. "
            f"Load the ledger again."
        )
    if info.get("sha256") != sha256_of_info(info):
        raise DunningError(
            f"{path} is not what was written (its own SHA-256 differs). Load the ledger again."
        )
    return Snapshot(Path(folder), info)


def find_snapshot(snapshots: Path, fingerprint: str) -> Snapshot | None:
    """Return the whole, undamaged snapshot of a ledger, or None where it has to be made (again)."""
    try:
        snapshot = open_snapshot(Path(snapshots) / fingerprint)
        snapshot.verify()
    except DunningError:
        return None
    return snapshot


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as hexadecimal text."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_info(info: SnapshotInfo) -> str:
    """Return the SHA-256 of the content of `snapshot.json`, as hexadecimal text."""
    # the hash cannot be part of what it is made of
    content = {name: value for name, value in info.items() if name != "sha256"}
    return hashlib.sha256(
        json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
    ).hexdigest()
