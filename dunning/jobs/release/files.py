"""The files of a release: rows that leave, rows that are dropped with reasons, a manifest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Flags
from dunning.core.errors import DunningError
from dunning.core.lists import SUMS
from dunning.decisions.lists.withheld import withhold
from dunning.documents.lists.columns import ListColumn
from dunning.documents.lists.list_columns import (
    COURT,
    COURT_ITEMS,
    DISCONNECTIONS,
    REMINDERS,
    WITHHELD,
    ListFile,
)
from dunning.documents.lists.list_files import render_list
from dunning.documents.lists.parquet_files import read_parquet
from dunning.gateways.files.publishing import MANIFEST, hash_files, manifest_bytes, write_private
from dunning.gateways.files.targets import Target, read_named
from dunning.gateways.store.closing import CLOSE
from dunning.gateways.store.recalls import RECALL, Recall
from dunning.gateways.store.releases import RELEASE, Released
from dunning.jobs.release.last_look import Look
from dunning.jobs.release.offer import Offer

_FILES: dict[str, tuple[ListFile, ...]] = {
    "reminders": tuple(REMINDERS.values()),
    "disconnections": (DISCONNECTIONS,),
    "court": (COURT,),
}


class ReleaseManifest(TypedDict):
    """The manifest of a release's files.

    of: SHA-256 by name of the files that were approved. answer: see `publish.Reply`. looked_on,
    ledger: the day and the ledger's fingerprint of the last look. rows, cents: of what left.
    dropped: rows by reason. files: SHA-256 by name.
    """

    as_of: str
    list: str
    of: dict[str, str]
    answer: dict[str, str]
    looked_on: str
    ledger: str
    rows: int
    cents: int
    dropped: dict[str, int]
    files: dict[str, str]


@dataclass(frozen=True)
class PublishedRows:
    """The rows of a published list, those of all its files in one table.

    rows: the columns that its files share, with `file` (which one) and, of messages, `channel`.
    parts: by file, as parsed. items: of a court list; else None.
    """

    rows: pa.Table
    parts: dict[str, pa.Table]
    items: pa.Table | None


def columns_of(path: str) -> tuple[ListColumn, ...]:
    """Return the columns of a list's file, named without its suffix."""
    return next(
        listed.columns for files in _FILES.values() for listed in files if listed.path == path
    )


def sent_target(released: Released) -> Target:
    """Return the target of a list's files after its release.

    Of its own release, or of the nightly run with which it left.
    """
    # without an event of its own it left when the date was closed
    kind = CLOSE if released.event_no is None else RELEASE
    return kind.target(vars(released))


def recalled_target(recall: Recall) -> Target:
    """Return the target of a recall's kill list."""
    return RECALL.target(vars(recall))


def read_rows(
    target: Target, list_name: str, files: Mapping[str, str], *, only_ready: bool = False
) -> PublishedRows:
    """Return the rows of a published list.

    Args:
        target: the folder or address of its files.
        files: SHA-256 by name.
        only_ready: leave out the cases that wait for a person's check.

    Raises:
        DunningError: a file is missing, or is not the one that was approved.
    """
    parts = {listed.path: _read(target, listed, files) for listed in _FILES[list_name]}
    if only_ready and list_name == "court":
        cases = parts[COURT.path]
        parts[COURT.path] = cases.filter(pc.equal(cases["part"], "ready"))
    tables = [
        part.append_column("file", pa.repeat(path, len(part))).append_column(
            "channel", pa.repeat(path.rpartition("/")[2], len(part))
        )
        # the channel is the last part of the path, as in reminders/sms
        for path, part in parts.items()
    ]
    items = _read(target, COURT_ITEMS, files) if list_name == "court" else None
    return PublishedRows(pa.concat_tables(tables).combine_chunks(), parts, items)


def _read(target: Target, listed: ListFile, files: Mapping[str, str]) -> pa.Table:
    """Return a list's Parquet table; its CSV, which people read, must be unchanged, too."""
    path, beside = f"{listed.path}.parquet", f"{listed.path}.csv"
    if path not in files:
        raise DunningError(
            f"{target}/{path} is not there: an older version published that list. Run the date again."
        )
    # read only to compare its hash with the approved one
    read_named(target, beside, files[beside])
    return read_parquet(read_named(target, path, files[path]), listed.columns)


def write_release(
    folder: Path,
    offer: Offer,
    found: PublishedRows,
    reasons: pa.Array,
    look: Look,
    answer: Mapping[str, str],
) -> ReleaseManifest:
    """Write the rows that leave and those that are dropped; return the manifest.

    Args:
        reasons: per row of `found.rows` why it is dropped; null where it leaves.
    """
    kept = pc.is_null(reasons)
    for name, content in _render(offer, found, kept):
        write_private(folder / name, content)
    dropped = _dropped(offer, found.rows, reasons)
    for name, content in render_list(replace(WITHHELD, path="dropped"), dropped, offer.as_of):
        write_private(folder / name, content)
    leaving = found.rows.filter(kept)
    manifest: ReleaseManifest = {
        "as_of": offer.as_of.isoformat(),
        "list": offer.list_name,
        "of": offer.files,
        "answer": dict(answer),
        "looked_on": look.looked_on.isoformat(),
        "ledger": look.fingerprint,
        "rows": len(leaving),
        "cents": pc.sum(leaving[SUMS[offer.list_name]]).as_py() or 0,
        "dropped": _count(reasons),
        "files": hash_files(folder),
    }
    write_private(folder / MANIFEST, manifest_bytes(manifest))
    return manifest


def _render(offer: Offer, found: PublishedRows, kept: pa.Array) -> Iterator[tuple[str, bytes]]:
    # `found.rows` holds the files one after the other: the mask of one file is a slice of the whole
    mask = kept.to_numpy(zero_copy_only=False)
    file = found.rows["file"].to_numpy()
    for listed in _FILES[offer.list_name]:
        part = found.parts[listed.path].filter(pa.array(_own(mask, file, listed.path)))
        yield from render_list(listed, part, offer.as_of)
    if found.items is not None:
        # items follow their cases
        cases = found.rows.filter(kept)["case_ref"].combine_chunks()
        items = found.items.filter(pc.is_in(found.items["case_ref"], value_set=cases))
        yield from render_list(COURT_ITEMS, items, offer.as_of)


def _own(mask: Flags, file: npt.NDArray[np.object_], path: str) -> Flags:
    return mask[file == path]


def _dropped(offer: Offer, rows: pa.Table, reasons: pa.Array) -> pa.Table:
    stays = pc.is_valid(reasons)
    held = rows.filter(stays)
    stage = held["stage"] if "stage" in held.column_names else pa.nulls(len(held), pa.string())
    return withhold(offer.list_name, held, stage, reasons.filter(stays))


def _count(reasons: pa.Array) -> dict[str, int]:
    counts = pc.value_counts(reasons.drop_null()).to_pylist()
    return {row["values"]: row["counts"] for row in sorted(counts, key=lambda row: row["values"])}
