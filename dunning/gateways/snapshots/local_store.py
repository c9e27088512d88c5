"""The snapshots that lie in a folder: which there are, how large, and their removal as a whole."""

import os
import shutil
from pathlib import Path


def list_snapshots(snapshots: Path) -> dict[str, int]:
    """Return the bytes of every whole snapshot by its name, sorted; empty where there is no such
    folder.
    """
    if not snapshots.is_dir():
        return {}
    folders = sorted(path for path in snapshots.iterdir() if not path.name.startswith("."))
    return {
        folder.name: sum(path.stat().st_size for path in folder.iterdir())
        for folder in folders
        if (folder / "snapshot.json").is_file()
    }


def remove_snapshot(snapshots: Path, name: str) -> None:
    """Remove a snapshot; nobody finds it half there.

    It is renamed first to what an unfinished one is called: if the removal is cut short, the next
    night clears that away, as it does with what a killed load left (`jobs.recovery.sweep`).
    """
    beside = snapshots / f".{name}.unfinished"
    shutil.rmtree(beside, ignore_errors=True)
    os.rename(snapshots / name, beside)
    shutil.rmtree(beside)
