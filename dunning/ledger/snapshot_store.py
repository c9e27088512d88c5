"""Interfaces through which the loader reads and writes snapshots.

The store is given as an argument, so no snapshot file is touched here.
"""

from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypedDict, TypeVar

import pyarrow as pa

from dunning.core.frames import BUCKETS, BucketedTable
from dunning.ledger.check.control_totals import TotalsInfo
from dunning.ledger.check.late_dates import Groups
from dunning.ledger.check.quarantine import RefusalsInfo


class AssembledInfo(TypedDict):
    """The facts of a ledger's tables in `snapshot.json`."""

    books: TotalsInfo
    dropped_names: dict[str, int]
    holds_without_effect: int
    without_effect: dict[str, int]
    payers_without_account: int
    protections: dict[str, int]
    refused_notices: list[str]
    refusals: dict[str, RefusalsInfo]
    behind_gaps: dict[str, Groups]
    newest_invoice_on: str | None
    newest_payment_on: str | None


class ExtractInfo(TypedDict):
    """The facts of an extract's files in `snapshot.json`."""

    as_of: str | None
    unknown_columns: dict[str, list[str]]
    absent_tables: list[str]
    warnings: list[str]


class LedgerInfo(AssembledInfo, ExtractInfo):
    """All that the loader writes into `snapshot.json`."""


class LoadedSnapshot(Protocol):
    """A complete snapshot; `info` describes it, as given to `finish`."""

    @property
    def info(self) -> LedgerInfo: ...


Loaded = TypeVar("Loaded", bound=LoadedSnapshot, covariant=True)


class BucketSink(Protocol[Loaded]):
    """Writes one snapshot; leaving the block without `finish` leaves nothing behind.

    Attributes:
        scratch: a folder for the loader's own files; gone with the block.
    """

    scratch: Path

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

    def write(self, name: str, table: BucketedTable, buckets: range = range(BUCKETS)) -> None:
        """Append some consecutive buckets to a table of SCHEMAS; buckets come in order."""

    def finish(self, quarantine: pa.Table, info: LedgerInfo) -> Loaded:
        """Put the snapshot in its place and return it.

        `quarantine` has the columns of QUARANTINE_SCHEMA.
        """


class LedgerSnapshots(Protocol[Loaded]):
    """All stored snapshots, each under its ledger's fingerprint."""

    def find(self, fingerprint: str) -> Loaded | None:
        """Return the complete, undamaged snapshot of a ledger; None where it has to be made."""

    def open_writer(self, fingerprint: str) -> BucketSink[Loaded]:
        """Return the writer of a ledger's snapshot."""
