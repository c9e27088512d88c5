"""The snapshots of an installation: written here first, copied to the store, fetched back from it.

A snapshot never changes, so one that the store has is not written twice, and one that is here is
not fetched. `store` is the s3:// address of DUNNING_SNAPSHOTS, or None without such a store;
`<store>/<fingerprint>` is a snapshot.
"""

import json
import os
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dunning.core.errors import DunningError
from dunning.gateways.s3.object_store import ObjectPlace, open_place
from dunning.gateways.s3.publishing import publish_objects
from dunning.gateways.s3.transfers import fetch_file, read_object
from dunning.gateways.snapshots.snapshot import Snapshot, find_snapshot, open_snapshot
from dunning.gateways.snapshots.writer import SnapshotWriter

# The file with the hashes of all others: written last and removed first, so that a snapshot
# without it does not count.
SEAL = "snapshot.json"


class HarmedError(DunningError):
    """The stored files are not, or no longer, a snapshot that this program wrote."""


@dataclass(frozen=True)
class SnapshotStore:
    """The snapshots of an installation, as the loader needs them.

    Attributes:
        folder: of the snapshots on this machine.
        remote: s3:// address of the store; None: no store.
    """

    folder: Path
    remote: str | None = None

    def find(self, fingerprint: str) -> Snapshot | None:
        """Return the whole, undamaged snapshot of a ledger; see `find_kept`."""
        return find_kept(self.folder, self.remote, fingerprint)

    def open_writer(self, fingerprint: str) -> SnapshotWriter:
        """Return the writer of a ledger's snapshot, which is written to this machine."""
        return SnapshotWriter(self.folder, fingerprint)


def find_kept(snapshots: Path, store: str | None, fingerprint: str) -> Snapshot | None:
    """Return the whole, undamaged snapshot of a ledger; None where it has to be made.

    From this machine, else from the store. A damaged one in the store loses its seal, so that it is
    not used until it has been made and stored again.

    Raises:
        DunningError: the store cannot be read.
    """
    found = find_snapshot(snapshots, fingerprint)
    if found is not None or store is None:
        return found
    # what is here is damaged or half there: the store's copy replaces it
    shutil.rmtree(snapshots / fingerprint, ignore_errors=True)
    place = open_place(store).below(fingerprint)
    if place.find(SEAL) is None:
        return None
    try:
        return _fetch(place, snapshots, fingerprint)
    except HarmedError:
        place.remove([SEAL])
        return None


def keep(snapshot: Snapshot, store: str | None) -> None:
    """Write a snapshot into the store, unless it is there already; its seal comes last.

    Raises:
        DunningError: it cannot be written.
    """
    if store is None:
        return
    place = open_place(store).below(snapshot.fingerprint)
    if read_object(place, SEAL) != (snapshot.folder / SEAL).read_bytes():
        publish_objects(snapshot.folder, place, SEAL)


def list_kept(snapshots: Path, store: str | None) -> dict[str, int]:
    """Return the bytes of every whole snapshot here or in the store by its name, sorted.

    Raises:
        DunningError: the store cannot be read.
    """
    found = list_snapshots(snapshots)
    if store is not None:
        stored: dict[str, dict[str, int]] = {}
        for entry in open_place(store).objects():
            name, _, file = entry.name.partition("/")
            stored.setdefault(name, {})[file] = entry.size
        found |= {name: sum(files.values()) for name, files in stored.items() if SEAL in files}
    return dict(sorted(found.items()))


def remove_kept(snapshots: Path, store: str | None, name: str) -> None:
    """Remove a snapshot from here and from the store, its seal first.

    So no reader finds only a part of it.

    Raises:
        DunningError: the store does not remove it; here it is gone then.
    """
    if (snapshots / name).exists():
        remove_snapshot(snapshots, name)
    if store is not None:
        place = open_place(store).below(name)
        place.remove([SEAL])
        place.remove(entry.name for entry in place.objects())


def list_snapshots(snapshots: Path) -> dict[str, int]:
    """Return the bytes of every whole snapshot by its name, sorted; empty without the folder."""
    if not snapshots.is_dir():
        return {}
    # names that begin with a dot are snapshots still being written or removed
    folders = sorted(path for path in snapshots.iterdir() if not path.name.startswith("."))
    return {
        folder.name: sum(path.stat().st_size for path in folder.iterdir())
        for folder in folders
        if (folder / "snapshot.json").is_file()
    }


def remove_snapshot(snapshots: Path, name: str) -> None:
    """Remove a snapshot as a whole: no reader finds only a part of it.

    It is renamed first, to the name of an unfinished one: if the removal is interrupted, the next
    nightly run removes the rest, as it does with what a killed load left (`jobs.recovery.sweep`).
    """
    beside = snapshots / f".{name}.unfinished"
    shutil.rmtree(beside, ignore_errors=True)
    os.rename(snapshots / name, beside)
    shutil.rmtree(beside)


def open_kept(folder: Path, snapshots: Path, store: str | None) -> Snapshot:
    """Return a snapshot from its own folder, else from `snapshots` here, else from the store.

    Its own folder is there only on the machine that loaded it.

    Raises:
        DunningError: it is not found, damaged, or of another version of the program.
    """
    for here in (folder, snapshots / folder.name):
        if (here / SEAL).is_file():
            return open_snapshot(here)
    if store is None:
        return open_snapshot(folder)
    return _fetch(open_place(store).below(folder.name), snapshots, folder.name)


def _fetch(place: ObjectPlace, snapshots: Path, fingerprint: str) -> Snapshot:
    """Fetch a snapshot from the store and compare every file with the SHA-256 in its seal."""
    snapshots.mkdir(parents=True, exist_ok=True)
    # beside its place, and renamed at the end: never half there
    beside = snapshots / f".{fingerprint}.{secrets.token_hex(4)}.unfinished"
    beside.mkdir(mode=0o700)
    try:
        _fetch_files(place, beside, fingerprint)
        _verify(place, beside)
        # another process was faster: what it fetched is the same
        with suppress(OSError):
            os.rename(beside, snapshots / fingerprint)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return open_snapshot(snapshots / fingerprint)


def _verify(place: ObjectPlace, folder: Path) -> None:
    try:
        open_snapshot(folder).verify()
    except DunningError as error:
        raise HarmedError(
            f"The snapshot at {place} is not the one that was written there, or of another version of the program: a "
            f"file differs from the SHA-256 in {SEAL}. Nothing may be decided on it. Remove {place} and load the "
            "ledger of that date again."
        ) from error


def _fetch_files(place: ObjectPlace, folder: Path, fingerprint: str) -> None:
    seal = read_object(place, SEAL)
    if seal is None:
        raise DunningError(
            f"There is no snapshot at {place} (no {SEAL}), nor here. Load the ledger of that date again."
        )
    sealed = _read_seal(place, seal)
    if sealed["fingerprint"] != fingerprint:
        raise HarmedError(
            f"The snapshot at {place} is that of another ledger. Remove it and load the ledger again."
        )
    stored = {entry.name: entry for entry in place.objects()}
    for file in (f"{name}.parquet" for name in sorted(sealed["tables"])):
        if file not in stored:
            raise HarmedError(
                f"The snapshot at {place} lacks {file}. Remove it and load the ledger again."
            )
        fetch_file(place, stored[file], folder / file)
    # the seal comes last, as in the store
    (folder / SEAL).write_bytes(seal)
    (folder / SEAL).chmod(0o600)


def _read_seal(place: ObjectPlace, seal: bytes) -> dict:
    try:
        sealed = json.loads(seal)
        return {"fingerprint": sealed["fingerprint"], "tables": sealed["tables"]}
    except (ValueError, KeyError, TypeError) as error:
        raise HarmedError(
            f"{place.url_of(SEAL)} is not what was written there ({type(error).__name__}). Remove {place} and load the "
            "ledger again."
        ) from error
