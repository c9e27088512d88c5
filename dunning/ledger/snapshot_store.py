"""Interfaces through which the loader reads and writes snapshots.

The store is given as an argument, so no snapshot file is touched here.
"""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import pyarrow as pa

from dunning.core.frames import BUCKETS, BucketedTable


class LoadedSnapshot(Protocol):
    """A complete snapshot; `info` describes it, as given to `finish`."""

    @property
    def info(self) -> dict[str, Any]: ...


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

    def finish(self, quarantine: pa.Table, info: Mapping[str, Any]) -> Loaded:
        """Put the snapshot in its place and return it.

        `quarantine` has the columns of QUARANTINE_SCHEMA.
        """


class LedgerSnapshots(Protocol[Loaded]):
    """All stored snapshots, each under its ledger's fingerprint."""

    def find(self, fingerprint: str) -> Loaded | None:
        """Return the complete, undamaged snapshot of a ledger; None where it has to be made."""

    def open_writer(self, fingerprint: str) -> BucketSink[Loaded]:
        """Return the writer of a ledger's snapshot."""
