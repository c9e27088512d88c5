"""The files of a release: the rows of the night's lists that may leave, those that stay here and
why, a manifest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dunning.core.arrays import Flags
from dunning.core.errors import DunningError
from dunning.core.lists import SUMS
from dunning.decisions.lists.withheld import withhold
from dunning.documents.lists.columns import Column
from dunning.documents.lists.list_files import (
    COURT,
    COURT_ITEMS,
    DISCONNECTIONS,
    REMINDERS,
    WITHHELD,
    ListFile,
    render_list,
)
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


@dataclass(frozen=True)
class Rows:
    """The rows of a list as published, all its files under each other.

    rows: the columns that its files share, with `file` (which one) and, of messages, `channel`.
    parts: by file, as parsed. items: of a court list; else None.
    """

    rows: pa.Table
    parts: dict[str, pa.Table]
    items: pa.Table | None


def columns_of(path: str) -> tuple[Column, ...]:
    """Return the columns of a list's file, named without its suffix."""
    return next(
        listed.columns for files in _FILES.values() for listed in files if listed.path == path
    )


def sent_target(released: Released) -> Target:
    """Return where the files of a list that left are: its own release's, or those of the night with
    which it left.
    """
    kind = CLOSE if released.event_no is None else RELEASE
    return kind.target(vars(released))


def recalled_target(recall: Recall) -> Target:
    """Return where the kill list of a recall is."""
    return RECALL.target(vars(recall))


def read_rows(
    target: Target, list_name: str, files: Mapping[str, str], *, only_ready: bool = False
) -> Rows:
    """Return the rows of a published list.

    Args:
        target: where its files lie.
        files: SHA-256 by name.
        only_ready: leave out the cases that a person must look at first.

    Raises:
        DunningError: a file is gone, or is not the one that was looked at.
    """
    parts = {listed.path: _read(target, listed, files) for listed in _FILES[list_name]}
    if only_ready and list_name == "court":
        cases = parts[COURT.path]
        parts[COURT.path] = cases.filter(pc.equal(cases["part"], "ready"))
    told = [
        part.append_column("file", pa.repeat(path, len(part))).append_column(
            "channel", pa.repeat(path.rpartition("/")[2], len(part))
        )
        for path, part in parts.items()
    ]
    items = _read(target, COURT_ITEMS, files) if list_name == "court" else None
    return Rows(pa.concat_tables(told).combine_chunks(), parts, items)


def _read(target: Target, listed: ListFile, files: Mapping[str, str]) -> pa.Table:
    """Return a list's Parquet; the CSV beside it, which people look at, must be the one that was
    published, too.
    """
    path, beside = f"{listed.path}.parquet", f"{listed.path}.csv"
    if path not in files:
        raise DunningError(
            f"{target}/{path} is not there: an older version published that list. Run the date again."
        )
    read_named(target, beside, files[beside])
    return read_parquet(read_named(target, path, files[path]), listed.columns)


def write_release(
    folder: Path,
    offer: Offer,
    found: Rows,
    reasons: pa.Array,
    look: Look,
    answer: Mapping[str, Any],
) -> dict[str, Any]:
    """Write what leaves and what stays into a folder; return the manifest that names it.

    Args:
        reasons: per row of `found.rows` why it stays; null where it leaves.
    """
    kept = pc.is_null(reasons)
    for name, content in _render(offer, found, kept):
        write_private(folder / name, content)
    dropped = _dropped(offer, found.rows, reasons)
    for name, content in render_list(replace(WITHHELD, path="dropped"), dropped, offer.day):
        write_private(folder / name, content)
    leaving = found.rows.filter(kept)
    manifest = {
        "as_of": offer.as_of,
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


def _render(offer: Offer, found: Rows, kept: pa.Array) -> Iterator[tuple[str, bytes]]:
    mask = kept.to_numpy(zero_copy_only=False)
    file = found.rows["file"].to_numpy()
    for listed in _FILES[offer.list_name]:
        part = found.parts[listed.path].filter(pa.array(_own(mask, file, listed.path)))
        yield from render_list(listed, part, offer.day)
    if found.items is not None:
        cases = found.rows.filter(kept)["case_ref"].combine_chunks()
        items = found.items.filter(pc.is_in(found.items["case_ref"], value_set=cases))
        yield from render_list(COURT_ITEMS, items, offer.day)


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
