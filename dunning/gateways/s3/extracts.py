"""Fetch a ledger extract from an object store into the home."""

import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import TypedDict

from dunning.core.errors import DunningError
from dunning.core.progress import Progress
from dunning.gateways.s3.object_store import ObjectPlace, Stored, open_place
from dunning.gateways.s3.transfers import fetch_file
from dunning.gateways.snapshots.snapshot import sha256_of
from dunning.ledger.check.manifest import MANIFEST
from dunning.ledger.read.sources import ENDINGS

# The record of the folder's content: each object's tag, size and SHA-256.
RECORD = ".brought.json"


class FetchedFile(TypedDict):
    """A fetched file as the record of its folder names it. etag, size: of the object."""

    etag: str
    size: int
    sha256: str


def bring_from_bucket(ledger: str, home: Path, progress: Progress) -> Path:
    """Return the local folder of an extract in an object store. The caller holds the run lock.

    One such extract at a time is kept under `<home>/incoming`, readable by its owner only; files
    that are there already, and undamaged, are not fetched again. Names and bytes of the files are
    those of the objects: the fingerprint is the same.

    Args:
        ledger: an s3:// address.
        home: of the installation.
        progress: called with one short line at each step.

    Raises:
        DunningError: an extract without files, one that changes while it is read, or a store that
            cannot be reached.
    """
    incoming = home / "incoming"
    folder = incoming / _folder_name(ledger)
    for other in incoming.iterdir() if incoming.is_dir() else ():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _bring(ledger, folder, progress)
    return folder


def _bring(ledger: str, folder: Path, progress: Progress) -> None:
    """Make a folder the copy of the ledger's files at a place of an object store."""
    place = open_place(ledger)
    wanted = _list_files(place)
    known = _read_record(folder)
    kept = {RECORD, *(stored.name for stored in wanted if stored.name in known)}
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
    brought: dict[str, FetchedFile] = {}
    for stored in wanted:
        entry = known.get(stored.name)
        if entry is None or not _is_here(folder, stored, entry):
            progress(f"изтегляне на {stored.name}")
            sha256 = fetch_file(place, stored, folder / stored.name)
            entry = {"etag": stored.etag, "size": stored.size, "sha256": sha256}
        brought[stored.name] = entry
        # after each file: a run that is interrupted goes on from here
        _write_record(folder, known | brought)
    _write_record(folder, brought)
    # listed again: an extract written meanwhile would mix the files of two days
    if _list_files(place) != wanted:
        raise DunningError(
            f"The files in {place} changed while they were read: parts of two extracts would be mixed. Wait until the "
            "extract is written to its end and run again."
        )


def _list_files(place: ObjectPlace) -> list[Stored]:
    """Return the objects directly at the place that may be files of an extract."""
    here = [stored for stored in place.objects() if "/" not in stored.name]
    files = [
        stored
        for stored in here
        if stored.name == MANIFEST or stored.name.lower().endswith(ENDINGS)
    ]
    if not files:
        raise DunningError(
            f"There is no file of a ledger extract ({', '.join(ENDINGS)}) right at {place}; {len(here)} other objects "
            "are there. Check --ledger, and that the extract was written."
        )
    return files


def _is_here(folder: Path, stored: Stored, entry: FetchedFile) -> bool:
    path = folder / stored.name
    return (
        (entry["etag"], entry["size"]) == (stored.etag, stored.size)
        and path.is_file()
        and sha256_of(path) == entry["sha256"]
    )


def _read_record(folder: Path) -> dict[str, FetchedFile]:
    try:
        record: dict[str, FetchedFile] = json.loads((folder / RECORD).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return record


def _write_record(folder: Path, brought: dict[str, FetchedFile]) -> None:
    beside = folder / f"{RECORD}.unfinished"
    beside.write_text(
        json.dumps(brought, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8"
    )
    os.replace(beside, folder / RECORD)


def _folder_name(ledger: str) -> str:
    """Return a name that is always the same for an address, without any password.

    >>> _folder_name("s3://ledgers/heat/2026")
    'ledgers-heat-2026-24f029c225d3'
    """
    words = re.sub(r"[^A-Za-z0-9]+", "-", ledger.split("?")[0].rsplit("@")[-1].split("://")[-1])[
        -40:
    ].strip("-")
    return f"{words}-{hashlib.sha256(ledger.encode()).hexdigest()[:12]}"
