"""The snapshots in a local folder: their names and sizes, and their removal as a whole."""

import os
import shutil
from pathlib import Path


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
